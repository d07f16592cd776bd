using HmsOps.PromQL;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary><c>/api/v1/query</c> and <c>/api/v1/query_range</c>, by GET or as a POST form, as Prometheus answers them.</summary>
internal sealed class QueryEndpoints(PresentSources sources, PromDoor door)
{
    private const long PointsMax = 11_000;

    // As long ago as a sample may be said to be the current one; beyond, a query would read all there is.
    private const long LookBackMaxMs = 366L * 86_400_000;

    public void Map(IEndpointRouteBuilder routes)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Post];
        routes.MapMethods("/api/v1/query", methods, http => door.StreamAsync(http, Instant));
        routes.MapMethods("/api/v1/query_range", methods, http => door.StreamAsync(http, Range));
    }

    private PromReply Instant(PromParameters asked, PromAccount account, CancellationToken cancellationToken)
    {
        var at = sources.Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (asked.Has("time", out var time) && !PromTime.TryReadTime(time, out at))
            return new PromReply(PromRefusal.Bad("time", PromTime.NoTime(time)));
        if (Prepare(asked, out var query) is { } refused)
            return new PromReply(refused);
        if (query.Explain.Length > 0 && query.Expression.Type is PromType.Text or PromType.Matrix)
            return new PromReply(PromRefusal.Bad("explain", "a text and a range vector are handed out as they are: explain what is made of them, such as rate(...)"));
        if (query.Explain == "plan")
        {
            var plan = query.Engine.Plan(query.Expression, at, at, 1);
            return PromReply.Short(json => PromAnswer.WritePlan(json, plan));
        }
        switch (query.Expression.Type)
        {
            case PromType.Text:
                var text = query.Expression.LiteralText;
                var formOfText = query.Form();
                return PromReply.Short(json => PromAnswer.Write(json, text, at, formOfText));
            case PromType.Matrix:
                var samples = query.Engine.Samples(query.Expression, at, cancellationToken, account);
                var formOfSamples = query.Form();
                return new PromReply(json => PromAnswer.Write(json, samples, formOfSamples));
            default:
                var vector = query.Engine.Instant(query.Expression, at, cancellationToken, query.Explanation, account);
                var form = query.Form();
                return new PromReply(json => PromAnswer.Write(json, vector, at, form));
        }
    }

    private PromReply Range(PromParameters asked, PromAccount account, CancellationToken cancellationToken)
    {
        if (!PromTime.TryReadTime(asked["start"], out var start))
            return new PromReply(PromRefusal.Bad("start", PromTime.NoTime(asked["start"])));
        if (!PromTime.TryReadTime(asked["end"], out var end))
            return new PromReply(PromRefusal.Bad("end", PromTime.NoTime(asked["end"])));
        if (end < start)
            return new PromReply(PromRefusal.Bad("end", "end timestamp must not be before start time"));
        if (!PromTime.TryReadStep(asked["step"], out var step))
            return new PromReply(PromRefusal.Bad("step", $"cannot parse {PromRefusal.Quoted(asked["step"])} to a valid duration: seconds or 15s, more than zero"));
        if ((end - start) / step > PointsMax)
            return new PromReply(new PromRefusal(400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)") { Limit = "point_limit" });
        if (Prepare(asked, out var query) is { } refused)
            return new PromReply(refused);
        if (query.Expression.Type is PromType.Text or PromType.Matrix)
            return new PromReply(PromRefusal.Bad("query", $"invalid expression type {(query.Expression.Type == PromType.Text ? "\"string\"" : "\"range vector\"")} for range query, must be Scalar or instant Vector"));
        if (query.Explain == "plan")
        {
            var plan = query.Engine.Plan(query.Expression, start, end, step);
            return PromReply.Short(json => PromAnswer.WritePlan(json, plan));
        }
        var matrix = Answer(query, asked, start, end, step, account, cancellationToken);
        var form = query.Form();
        return new PromReply(json => PromAnswer.Write(json, matrix, form));
    }

    // What was answered before is taken over, unless the asker wants it worked out, or under other rules.
    private PromMatrix Answer(in Query query, PromParameters asked, long start, long end, long step, PromAccount account, CancellationToken cancellationToken) =>
        sources.Ranges is { } kept && query.Explanation is null && ReferenceEquals(query.Engine, sources.PromQL) && asked["nocache"] is not ("1" or "true")
            ? kept.Range(query.Expression, start, end, step, cancellationToken, account)
            : query.Engine.Range(query.Expression, start, end, step, cancellationToken, query.Explanation, account);

    private PromRefusal? Prepare(PromParameters asked, out Query query)
    {
        query = default;
        if (asked.Expression("query", out var expression) is { } refused)
            return refused;
        if (asked.Limit(int.MaxValue, out var limit) is { } badLimit)
            return badLimit;
        var engine = sources.PromQL;
        if (asked.Has("lookback_delta", out var lookBack))
        {
            if (!PromTime.TryReadSpan(lookBack, out var ms) || ms is < 0 or > LookBackMaxMs)
                return PromRefusal.Bad("lookback_delta", $"cannot parse {PromRefusal.Quoted(lookBack)} to a valid duration: seconds or 5m, at most a year, 0 for the setting's");
            if (ms > 0)
                engine = engine.Within(engine.Limits with { LookBack = TimeSpan.FromMilliseconds(ms) });
        }
        var explain = asked["explain"];
        if (explain is not ("" or "plan" or "run"))
            return PromRefusal.Bad("explain", $"{PromRefusal.Quoted(explain)} is neither plan nor run");
        var explanation = explain == "run" ? new PromExplanation(sources.Time) : null;
        var stats = asked["stats"];
        var warning = stats is "" or "true" or "all" ? null : $"value {PromRefusal.Quoted(stats)} for parameter \"stats\" is deprecated, use \"true\" or \"all\"";
        long? begun = stats.Length > 0 ? sources.Time.GetTimestamp() : null;
        query = new Query(expression, engine, explain, explanation, () => new AnswerForm(limit)
        {
            Took = begun is { } timestamp ? sources.Time.GetElapsedTime(timestamp) : null,
            Plan = explanation?.Plan,
            Warning = warning,
        });
        return null;
    }

    private readonly record struct Query(PromExpression Expression, PromEngine Engine, string Explain, PromExplanation? Explanation, Func<AnswerForm> Form);
}
