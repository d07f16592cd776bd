using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using HmsOps.Observe.RemoteRead;
using HmsOps.Observe.Wire;

namespace HmsOps.Observe.Cluster.Sending;

/// <summary>The two messages of remote write.</summary>
internal enum WriteVersion
{
    One,
    Two,
}

/// <summary>What becomes of a message.</summary>
internal enum PostVerdict
{
    /// <summary>The cluster has it.</summary>
    Taken,

    /// <summary>The cluster does not read this version: it is to be sent in the other one.</summary>
    OtherVersion,

    /// <summary>The cluster cannot take it now.</summary>
    Later,

    /// <summary>The cluster will not take it before somebody has changed something.</summary>
    Held,

    /// <summary>The cluster will never take it as it is.</summary>
    Refused,
}

/// <summary>What became of one request.</summary>
/// <param name="Verdict">In a word.</param>
/// <param name="Words">For people; what the cluster said is in it. Empty when all is well.</param>
internal sealed record PostOutcome(PostVerdict Verdict, string Words)
{
    /// <summary>How long the cluster asks to be left alone.</summary>
    public TimeSpan? Pause { get; init; }

    /// <summary>Items the cluster says it has written; null when it does not say.</summary>
    public long? Written { get; init; }

    /// <summary>True when the cluster was not there to answer: another one may be when it is back.</summary>
    public bool WasAway { get; init; }
}

/// <summary>Sends messages of remote write and reads what the answers mean. One owner; one request at a time.</summary>
/// <param name="http">The way there; who makes it sees to credentials, follows no redirections, and names the sender.</param>
/// <param name="plan">Where to, and how long to wait.</param>
/// <param name="time">The clock.</param>
internal sealed class ClusterPost(HttpMessageInvoker http, SendPlan plan, TimeProvider time)
{
    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(5);
    private static readonly string[] CountNames =
        ["X-Prometheus-Remote-Write-Samples-Written", "X-Prometheus-Remote-Write-Histograms-Written", "X-Prometheus-Remote-Write-Exemplars-Written"];

    private readonly AnswerPatience _patience = new(plan.Patience, time);
    private byte[] _packed = [];

    /// <summary>Sends a message and waits for what becomes of it.</summary>
    public async Task<PostOutcome> SendAsync(ReadOnlyMemory<byte> message, WriteVersion version, CancellationToken cancellationToken)
    {
        if (_packed.Length < Snappy.PackedBytesMax(message.Length))
            _packed = new byte[Snappy.PackedBytesMax(message.Length)];
        var length = Snappy.Pack(message.Span, _packed);
        using var request = new HttpRequestMessage(HttpMethod.Post, plan.Address) { Content = new ReadOnlyMemoryContent(_packed.AsMemory(0, length)) };
        request.Content.Headers.ContentEncoding.Add("snappy");
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(version == WriteVersion.Two ? "application/x-protobuf;proto=io.prometheus.write.v2.Request" : "application/x-protobuf");
        request.Headers.Add("X-Prometheus-Remote-Write-Version", version == WriteVersion.Two ? "2.0.0" : "0.1.0");
        try
        {
            using var answer = await _patience.WithinAsync(token => http.SendAsync(request, token), cancellationToken);
            var said = answer.StatusCode == HttpStatusCode.NoContent ? "" : await ClusterReply.SaidAsync(answer, _patience, cancellationToken);
            return Meaning(answer, version, said);
        }
        catch (HttpRequestException e)
        {
            return Away($"The cluster at {plan.Address} cannot be reached: {e.Message}. Is it running, and is remote.write its address");
        }
        catch (TimeoutException e)
        {
            return Away($"The cluster at {plan.Address} did not answer: {e.Message}. Is it overloaded, or the way to it shut");
        }
        catch (IOException e)
        {
            return Away($"The cluster at {plan.Address} broke off its answer: {e.Message}. Its own log says why");
        }
    }

    private static PostOutcome Away(string words) => new(PostVerdict.Later, words) { WasAway = true };

    private PostOutcome Meaning(HttpResponseMessage answer, WriteVersion version, string said)
    {
        var status = (int)answer.StatusCode;
        var written = version == WriteVersion.Two ? Written(answer.Headers) : null;
        var words = $"The cluster at {plan.Address} answered {status}{(said.Length == 0 ? "" : $": {said}")}";
        switch (status)
        {
            case >= 200 and < 300:
                // One that reads 1.0 alone finds nothing in a message of 2.0 that it knows, and says that all is well.
                return version == WriteVersion.Two && written is null ? new PostOutcome(PostVerdict.OtherVersion, words) : new PostOutcome(PostVerdict.Taken, "") { Written = written };
            case 415 when version == WriteVersion.Two:
                return new PostOutcome(PostVerdict.OtherVersion, words);
            case 401 or 403 or 407:
                return new PostOutcome(PostVerdict.Held, $"{words}. Are the credentials in remote.headers right");
            case < 400 or 404 or 405 or 415:
                return new PostOutcome(PostVerdict.Held, $"{words}{MovedTo(answer)}. Is remote.write the address of remote write? It often ends in /api/v1/write");
            case 408 or 425 or 429 or >= 500:
                return new PostOutcome(PostVerdict.Later, $"{words}. Its own log says why") { Pause = PauseOf(answer.Headers.RetryAfter) };
            case 413:
                return new PostOutcome(PostVerdict.Refused, words); // in smaller parts it may take all
            default:
                return version == WriteVersion.Two && written is null
                    ? new PostOutcome(PostVerdict.OtherVersion, words)
                    : new PostOutcome(PostVerdict.Refused, words) { Written = written };
        }
    }

    private static string MovedTo(HttpResponseMessage answer) => answer.Headers.Location is { } place ? $", it is at {place}" : "";

    private static long? Written(HttpResponseHeaders headers)
    {
        long? sum = null;
        foreach (var name in CountNames)
        {
            if (headers.TryGetValues(name, out var values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                sum = (sum ?? 0) + count;
        }
        return sum;
    }

    private TimeSpan? PauseOf(RetryConditionHeaderValue? asked)
    {
        var pause = asked?.Delta ?? (asked?.Date is { } until ? until - time.GetUtcNow() : null);
        return pause is { } span ? TimeSpan.FromTicks(Math.Clamp(span.Ticks, 0, PauseMax.Ticks)) : null;
    }
}
