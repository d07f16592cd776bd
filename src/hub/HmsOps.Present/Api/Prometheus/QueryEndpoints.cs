using System.Text.Json;
using HmsOps.PromQL;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary><c>/api/v1/query</c> and <c>/api/v1/query_range</c>, by GET or as a POST form, as Prometheus answers them.</summary>
internal sealed class QueryEndpoints(PresentSources sources, PromDoor door)
{
    private const long PointsMax = 11_000;

    public void Map(IEndpointRouteBuilder routes)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Post];
        routes.MapMethods("/api/v1/query", methods, http => door.AnswerAsync(http, Instant));
        routes.MapMethods("/api/v1/query_range", methods, http => door.AnswerAsync(http, Range));
    }

    private PromRefusal? Instant(PromParameters asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        var at = sources.Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (asked.Has("time", out var time) && !PromTime.TryReadTime(time, out at))
            return PromRefusal.Bad("time", PromTime.NoTime(time));
        if (Parse(asked, out var expression) is { } refused)
            return refused;
        PromAnswer.Write(json, sources.PromQL.Instant(expression, at, cancellationToken), at);
        return null;
    }

    private PromRefusal? Range(PromParameters asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        if (!PromTime.TryReadTime(asked["start"], out var start))
            return PromRefusal.Bad("start", PromTime.NoTime(asked["start"]));
        if (!PromTime.TryReadTime(asked["end"], out var end))
            return PromRefusal.Bad("end", PromTime.NoTime(asked["end"]));
        if (end < start)
            return PromRefusal.Bad("end", "end timestamp must not be before start time");
        if (!PromTime.TryReadStep(asked["step"], out var step))
            return PromRefusal.Bad("step", $"cannot parse {PromRefusal.Quoted(asked["step"])} to a valid duration: seconds or 15s, more than zero");
        if ((end - start) / step > PointsMax)
            return new PromRefusal(400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)") { Limit = "point_limit" };
        if (Parse(asked, out var expression) is { } refused)
            return refused;
        PromAnswer.Write(json, sources.PromQL.Range(expression, start, end, step, cancellationToken));
        return null;
    }

    private static PromRefusal? Parse(PromParameters asked, out PromExpression expression)
    {
        var parse = PromParser.Parse(asked["query"]);
        expression = parse.Expression!; // only read when there is no refusal, and then it is there
        return parse.Expression is null ? PromRefusal.Bad("query", PromParameters.Said(parse.Errors)) : null;
    }
}
