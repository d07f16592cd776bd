using System.Buffers;
using System.Text.Json;
using HmsOps.PromQL;
using HmsOps.Series;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary><c>/api/v1/query</c> and <c>/api/v1/query_range</c>, by GET or as a POST form, as Prometheus answers them.</summary>
internal sealed class QueryEndpoints(PresentSources sources, QueryGate gate)
{
    private const long PointsMax = 11_000;

    public void Map(IEndpointRouteBuilder routes)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Post];
        routes.MapMethods("/api/v1/query", methods, http => AnswerAsync(http, Instant));
        routes.MapMethods("/api/v1/query_range", methods, http => AnswerAsync(http, Range));
    }

    private async Task AnswerAsync(HttpContext http, Func<IReadOnlyDictionary<string, string>, Utf8JsonWriter, CancellationToken, Refusal?> answer)
    {
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentType = "application/json";
        if (sources.Hub() is { Stage: not HubStage.Ready } status)
        {
            await RefuseAsync(http, new Refusal(503, "unavailable", NotReady.Problem(status).Detail));
            return;
        }
        var asked = await ParametersAsync(http.Request, http.RequestAborted);
        using var place = await gate.EnterAsync(http.RequestAborted);
        if (place is null)
        {
            http.Response.Headers.RetryAfter = "1";
            await RefuseAsync(http, new Refusal(503, "unavailable", "too many queries wait already; try again in a second"));
            return;
        }
        using var late = new CancellationTokenSource(TimeoutOf(asked), sources.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
        var body = new ArrayBufferWriter<byte>(4_096);
        Refusal? refused;
        using (var json = new Utf8JsonWriter(body))
            refused = Evaluate(asked, json, answer, late.Token, either.Token);
        if (refused is not null)
        {
            await RefuseAsync(http, refused);
            return;
        }
        http.Response.ContentLength = body.WrittenCount;
        await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted);
    }

    private static Refusal? Evaluate(
        IReadOnlyDictionary<string, string> asked, Utf8JsonWriter json, Func<IReadOnlyDictionary<string, string>, Utf8JsonWriter, CancellationToken, Refusal?> answer,
        CancellationToken late, CancellationToken either)
    {
        try
        {
            return answer(asked, json, either);
        }
        catch (PromEvaluationException refused)
        {
            return new Refusal(422, "execution", refused.Message);
        }
        catch (QueryBudgetException refused)
        {
            return new Refusal(422, "execution", refused.Message);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return new Refusal(503, "timeout", "query timed out (limits.query.time); ask for a shorter range or fewer series");
        }
    }

    private Refusal? Instant(IReadOnlyDictionary<string, string> asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        var at = sources.Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (asked.TryGetValue("time", out var time) && !PromTime.TryReadTime(time, out at))
            return Bad("time", $"cannot parse {Quoted(time)} to a valid timestamp: seconds since 1970 or RFC 3339");
        if (Parse(asked, out var expression) is { } refused)
            return refused;
        PromAnswer.Write(json, sources.PromQL.Instant(expression, at, cancellationToken), at);
        return null;
    }

    private Refusal? Range(IReadOnlyDictionary<string, string> asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        if (!PromTime.TryReadTime(asked.GetValueOrDefault("start", ""), out var start))
            return Bad("start", $"cannot parse {Quoted(asked.GetValueOrDefault("start", ""))} to a valid timestamp: seconds since 1970 or RFC 3339");
        if (!PromTime.TryReadTime(asked.GetValueOrDefault("end", ""), out var end))
            return Bad("end", $"cannot parse {Quoted(asked.GetValueOrDefault("end", ""))} to a valid timestamp: seconds since 1970 or RFC 3339");
        if (end < start)
            return Bad("end", "end timestamp must not be before start time");
        if (!PromTime.TryReadStep(asked.GetValueOrDefault("step", ""), out var step))
            return Bad("step", $"cannot parse {Quoted(asked.GetValueOrDefault("step", ""))} to a valid duration: seconds or 15s, more than zero");
        if ((end - start) / step > PointsMax)
            return new Refusal(400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)");
        if (Parse(asked, out var expression) is { } refused)
            return refused;
        PromAnswer.Write(json, sources.PromQL.Range(expression, start, end, step, cancellationToken));
        return null;
    }

    private static Refusal? Parse(IReadOnlyDictionary<string, string> asked, out PromExpression expression)
    {
        var parse = PromParser.Parse(asked.GetValueOrDefault("query", ""));
        expression = parse.Expression!; // only read when there is no refusal, and then it is there
        return parse.Expression is null
            ? Bad("query", string.Join("; ", parse.Errors.Select(e => $"{e.Line}:{e.Column}: parse error: {e.Message}{(e.Suggestion is null ? "" : $"; did you mean {e.Suggestion}?")}")))
            : null;
    }

    private TimeSpan TimeoutOf(IReadOnlyDictionary<string, string> asked) =>
        asked.TryGetValue("timeout", out var text) && PromTime.TryReadStep(text, out var ms) && ms < sources.Limits.QueryTime.TotalMilliseconds ? TimeSpan.FromMilliseconds(ms) : sources.Limits.QueryTime;

    private static Refusal Bad(string parameter, string what) => new(400, "bad_data", $"invalid parameter \"{parameter}\": {what}");

    private static string Quoted(string text) => $"\"{(text.Length > 100 ? text[..100] + "…" : text)}\"";

    /// <summary>The form's fields where one was posted, and the address's.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> ParametersAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var asked = request.Query.ToDictionary(p => p.Key, p => p.Value.ToString(), StringComparer.Ordinal);
        if (request.HasFormContentType)
        {
            foreach (var (name, value) in await request.ReadFormAsync(cancellationToken))
                asked[name] = value.ToString();
        }
        return asked;
    }

    private static async Task RefuseAsync(HttpContext http, Refusal refused)
    {
        http.Response.StatusCode = refused.Status;
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
            PromAnswer.WriteError(json, refused.ErrorType, refused.Error);
        await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted);
    }

    private sealed record Refusal(int Status, string ErrorType, string Error);
}
