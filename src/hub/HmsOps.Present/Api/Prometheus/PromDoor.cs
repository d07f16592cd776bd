using System.Buffers;
using System.Text.Json;
using HmsOps.PromQL;
using HmsOps.Series;
using Microsoft.AspNetCore.Http;

namespace HmsOps.Present.Api.Prometheus;

/// <summary>What Prometheus' addresses have in common: shut while there is no store, a place among the queries, a time limit, and errors in its shape.</summary>
internal sealed class PromDoor(PresentSources sources, QueryGate gate)
{
    private const string Door = "query";

    // An answer longer than this is sent as it is written.
    private const int PieceBytes = 64 << 10;

    /// <summary>Answers in JSON what <paramref name="answer"/> writes, or why it does not.</summary>
    public async Task AnswerAsync(HttpContext http, Func<PromParameters, Utf8JsonWriter, CancellationToken, PromRefusal?> answer)
    {
        http.Response.ContentType = "application/json";
        var body = new ArrayBufferWriter<byte>(4_096);
        var refused = await TryAsync(http, (asked, cancellationToken) =>
        {
            using var json = PromAnswer.Writer(body);
            return answer(asked, json, cancellationToken);
        });
        if (refused is not null)
        {
            await RefuseAsync(http, refused);
            return;
        }
        http.Response.ContentLength = body.WrittenCount;
        await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted);
    }

    /// <summary>Answers in JSON what is written piece by piece, which begins once there is an answer: however long it is, a piece of it is held.</summary>
    public async Task StreamAsync(HttpContext http, Func<PromParameters, CancellationToken, PromReply> answer)
    {
        Func<Utf8JsonWriter, IEnumerable<bool>> pieces = static _ => [];
        var refused = await TryAsync(http, (asked, cancellationToken) =>
        {
            var reply = answer(asked, cancellationToken);
            pieces = reply.Pieces;
            return reply.Refused;
        });
        if (refused is not null)
        {
            await RefuseAsync(http, refused);
            return;
        }
        http.Response.ContentType = "application/json";
        var body = new ArrayBufferWriter<byte>(4_096);
        using var json = PromAnswer.Writer(body);
        foreach (var _ in pieces(json))
        {
            if (body.WrittenCount + json.BytesPending < PieceBytes)
                continue;
            json.Flush();
            await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted);
            body.ResetWrittenCount();
        }
        json.Flush();
        if (!http.Response.HasStarted)
            http.Response.ContentLength = body.WrittenCount;
        await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted);
    }

    /// <summary>Runs a question among the others within its time; answers why there is no answer to it, or null. One over a limit is counted by the limit's name.</summary>
    public async Task<PromRefusal?> TryAsync(HttpContext http, Func<PromParameters, CancellationToken, PromRefusal?> answer)
    {
        var refusal = await RunAsync(http, answer);
        if (refusal?.Limit is { } limit)
            sources.Refusals.Count(Door, limit);
        return refusal;
    }

    private async Task<PromRefusal?> RunAsync(HttpContext http, Func<PromParameters, CancellationToken, PromRefusal?> answer)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (sources.Hub() is { Stage: not HubStage.Ready } status)
            return new PromRefusal(503, "unavailable", NotReady.Problem(status).Detail);
        var asked = await PromParameters.ReadAsync(http.Request, http.RequestAborted);
        var patience = sources.Limits.QueryTime;
        var isTheirs = asked.Has("timeout", out var text);
        if (isTheirs)
        {
            if (!PromTime.TryReadSpan(text, out var ms))
                return PromRefusal.Bad("timeout", $"cannot parse {PromRefusal.Quoted(text)} to a valid duration: seconds or 15s");
            isTheirs = ms < patience.TotalMilliseconds;
            patience = isTheirs ? TimeSpan.FromMilliseconds(Math.Max(ms, 0)) : patience;
        }
        using var place = await gate.EnterAsync(http.RequestAborted);
        if (place is null)
        {
            http.Response.Headers.RetryAfter = "1";
            return new PromRefusal(503, "unavailable", "too many queries wait already; try again in a second") { Limit = "place_limit" };
        }
        using var late = new CancellationTokenSource(patience, sources.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
        try
        {
            return answer(asked, either.Token);
        }
        catch (PromEvaluationException refused)
        {
            return new PromRefusal(422, "execution", refused.Message) { Limit = refused.Limit };
        }
        catch (QueryBudgetException refused)
        {
            return new PromRefusal(422, "execution", refused.Message) { Limit = "sample_limit" };
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            var whose = isTheirs ? $": timeout={PromRefusal.Quoted(text)} is over; give it longer, or" : " (limits.query.time);";
            return new PromRefusal(503, "timeout", $"query timed out{whose} ask for a shorter range or fewer series") { Limit = "time_limit" };
        }
    }

    /// <summary>Says why there is no answer.</summary>
    public static Task RefuseAsync(HttpContext http, PromRefusal refused)
    {
        http.Response.StatusCode = refused.Status;
        return SendAsync(http, json => PromAnswer.WriteError(json, refused.ErrorType, refused.Error));
    }

    /// <summary>Sends a short answer.</summary>
    public static async Task SendAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        http.Response.ContentType = "application/json";
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = PromAnswer.Writer(body))
            write(json);
        http.Response.ContentLength = body.WrittenCount;
        await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted);
    }
}

/// <summary>An answer that is written piece by piece, or why there is none.</summary>
/// <param name="Refused">Why there is none; null when there is one.</param>
/// <param name="Pieces">Writes it; between two pieces it may be sent.</param>
internal sealed record PromReply(PromRefusal? Refused, Func<Utf8JsonWriter, IEnumerable<bool>> Pieces)
{
    public PromReply(PromRefusal refused)
        : this(refused, static _ => [])
    {
    }

    public PromReply(Func<Utf8JsonWriter, IEnumerable<bool>> pieces)
        : this(null, pieces)
    {
    }

    /// <summary>An answer that is one piece.</summary>
    public static PromReply Short(Action<Utf8JsonWriter> write) => new(json =>
    {
        write(json);
        return [];
    });
}

/// <summary>Why a question has no answer: a status, and Prometheus' own word and sentence for it.</summary>
internal sealed record PromRefusal(int Status, string ErrorType, string Error)
{
    /// <summary>The name of the limit it is over, to be counted by; null when it is over none.</summary>
    public string? Limit { get; init; }

    /// <summary>A parameter that cannot be read.</summary>
    public static PromRefusal Bad(string parameter, string what) => new(400, "bad_data", $"invalid parameter \"{parameter}\": {what}");

    /// <summary>A text of a stranger, shortened.</summary>
    public static string Quoted(string text) => $"\"{(text.Length > 100 ? text[..100] + "…" : text)}\"";
}
