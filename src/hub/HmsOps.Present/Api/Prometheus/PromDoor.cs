using System.Buffers;
using System.Text.Json;
using HmsOps.Present.Api.Queries;
using HmsOps.PromQL;
using HmsOps.Series;
using Microsoft.AspNetCore.Http;

namespace HmsOps.Present.Api.Prometheus;

/// <summary>What Prometheus' addresses have in common: shut while there is no store, a place among the queries, a time limit, and errors in its shape.</summary>
internal sealed class PromDoor(PresentSources sources, QueryGate gate, RunningQueries queries)
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
    public async Task StreamAsync(HttpContext http, Func<PromParameters, PromAccount, CancellationToken, PromReply> answer)
    {
        var (query, asked) = await BeginAsync(http);
        using var underWay = query; // until it is sent: till then its answer takes memory
        Func<Utf8JsonWriter, IEnumerable<bool>> pieces = static _ => [];
        var refused = await RunAsync(http, query, asked, (_, cancellationToken) =>
        {
            var reply = answer(asked, query.Account, cancellationToken);
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
            if (!await TrySendAsync(http, query, body.WrittenMemory))
                return;
            body.ResetWrittenCount();
        }
        json.Flush();
        if (!http.Response.HasStarted)
            http.Response.ContentLength = body.WrittenCount;
        await TrySendAsync(http, query, body.WrittenMemory);
    }

    // False when it was ended in the midst of its answer: a part of one must not be taken for the whole.
    private static async Task<bool> TrySendAsync(HttpContext http, RunningQuery query, ReadOnlyMemory<byte> piece)
    {
        try
        {
            await http.Response.Body.WriteAsync(piece, query.Token);
            return true;
        }
        catch (OperationCanceledException) when (query.EndedBy is not null)
        {
            http.Abort();
            return false;
        }
    }

    /// <summary>Runs a question among the others within its time; answers why there is no answer to it, or null. One over a limit is counted by the limit's name.</summary>
    public async Task<PromRefusal?> TryAsync(HttpContext http, Func<PromParameters, CancellationToken, PromRefusal?> answer)
    {
        var (query, asked) = await BeginAsync(http);
        using (query)
            return await RunAsync(http, query, asked, answer);
    }

    private async Task<(RunningQuery Query, PromParameters Asked)> BeginAsync(HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        var asked = await PromParameters.ReadAsync(http.Request, http.RequestAborted);
        var text = asked.Has("query", out var expression) ? expression : string.Join(" or ", asked.All("match[]"));
        return (queries.Begin(http.Request.Path, text, QueriesEndpoints.WhoAsks(http), http.RequestAborted), asked);
    }

    private async Task<PromRefusal?> RunAsync(HttpContext http, RunningQuery query, PromParameters asked, Func<PromParameters, CancellationToken, PromRefusal?> answer)
    {
        if (sources.Hub() is { Stage: not HubStage.Ready } status)
            return new PromRefusal(503, "unavailable", NotReady.Problem(status).Detail);
        var refusal = await AmongOthersAsync(http, query, asked, answer);
        if (refusal?.Limit is { } limit)
            sources.Refusals.Count(Door, limit);
        return refusal;
    }

    private async Task<PromRefusal?> AmongOthersAsync(HttpContext http, RunningQuery query, PromParameters asked, Func<PromParameters, CancellationToken, PromRefusal?> answer)
    {
        if (Timeout(asked, out var atMost, out var theirs) is { } refused)
            return refused;
        try
        {
            using var place = await gate.EnterAsync(query.Token);
            if (place is null)
            {
                http.Response.Headers.RetryAfter = "1";
                return new PromRefusal(503, "unavailable", "too many queries wait already; try again in a second") { Limit = "place_limit" };
            }
            PromRefusal? refusal = null;
            await query.RunAsync(atMost, cancellationToken => sources.RunQuery(() => refusal = answer(asked, cancellationToken)));
            return refusal;
        }
        catch (PromEvaluationException failed)
        {
            return new PromRefusal(422, "execution", failed.Message) { Limit = failed.Limit };
        }
        catch (QueryBudgetException spent)
        {
            return new PromRefusal(422, "execution", spent.Message) { Limit = spent.Limit };
        }
        catch (SourceUnavailableException away)
        {
            return new PromRefusal(503, "unavailable", away.Message);
        }
        catch (OperationCanceledException) when (query.EndedBy is { } by)
        {
            return new PromRefusal(503, "canceled", $"the query was ended by {by}, at /api/ops/v1/queries/{query.Id}") { Limit = "ended" };
        }
        catch (OperationCanceledException) when (query.IsLate)
        {
            var costliest = query.Account.Costliest is { } found ? $"; {found}" : "";
            var whose = theirs is null ? $" (limits.query.time){costliest};" : $": timeout={PromRefusal.Quoted(theirs)} is over{costliest}; give it longer, or";
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

    // The asker may give it less than the settings do.
    private PromRefusal? Timeout(PromParameters asked, out TimeSpan atMost, out string? theirs)
    {
        (atMost, theirs) = (sources.Limits.QueryTime, null);
        if (!asked.Has("timeout", out var text))
            return null;
        if (!PromTime.TryReadSpan(text, out var ms))
            return PromRefusal.Bad("timeout", $"cannot parse {PromRefusal.Quoted(text)} to a valid duration: seconds or 15s");
        if (ms < atMost.TotalMilliseconds)
            (atMost, theirs) = (TimeSpan.FromMilliseconds(Math.Max(ms, 0)), text);
        return null;
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
