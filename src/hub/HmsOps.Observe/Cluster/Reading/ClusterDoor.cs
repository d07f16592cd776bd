using System.Globalization;
using System.Net;
using HmsOps.Observe.History;
using HmsOps.Observe.RemoteRead;
using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>
/// The way to a cluster, for all who ask it: sends a question, tells what comes of it in one way, and remembers a failure for all. Safe for concurrent use.
/// </summary>
/// <param name="peer">Which cluster.</param>
/// <param name="time">The clock that patience is measured by.</param>
/// <param name="start">Starts work beside the asker, who waits for it with his own thread: the network is not done there.</param>
public sealed class ClusterDoor(ClusterPeer peer, TimeProvider time, Func<Func<Task>, Task> start)
{
    private readonly AnswerPatience _patience = new(peer.Patience, time);

    /// <summary>What became of the last questions.</summary>
    public ClusterOutage Outage { get; } = new(time);

    internal ClusterPeer Peer => peer;

    internal TimeProvider Time => time;

    /// <summary>Starts work beside the asker.</summary>
    internal Task Start(Func<Task> work) => start(work);

    /// <summary>Asks and reads the whole answer, while the asker's thread waits.</summary>
    internal T Ask<T>(string what, Func<CancellationToken, Task<T>> exchange, CancellationToken cancellationToken)
        where T : class
    {
        T? answer = null;
        using var errand = new Errand(this, async token => answer = await GuardAsync(what, exchange, token), cancellationToken);
        errand.Wait(cancellationToken);
        return answer ?? throw new InvalidOperationException("An errand ended without an answer and without a failure.");
    }

    /// <summary>Does an exchange with the cluster, unless it is left alone; what goes wrong is told in one way and remembered.</summary>
    internal async Task<T> GuardAsync<T>(string what, Func<CancellationToken, Task<T>> exchange, CancellationToken cancellationToken)
    {
        Outage.ThrowIfLeftAlone();
        try
        {
            return await exchange(cancellationToken);
        }
        catch (ClusterUnavailableException said)
        {
            Outage.Fail(said);
            throw;
        }
        catch (HttpRequestException e)
        {
            throw Failed($"The cluster at {peer.Address} cannot be asked for {what}: {e.Message}. Is it running, and is its address right", e);
        }
        catch (TimeoutException e)
        {
            throw Failed($"The cluster at {peer.Address} did not answer when it was asked for {what}: {e.Message}. Is it overloaded, or the way to it shut", e);
        }
        catch (IOException e)
        {
            throw Failed($"The cluster at {peer.Address} broke off its answer to {what}: {e.Message}. Its own log says why", e);
        }
        catch (HistoryDamagedException e)
        {
            throw Failed($"The answer of the cluster at {peer.Address} to {what} cannot be read: {e.What} (byte {e.Offset}). Is this the address of a Prometheus-compatible store, and nothing in between that changes answers", e);
        }
    }

    /// <summary>Sends a question; answers what came when it is a success, or, where that is an answer too, a word that there is no such address.</summary>
    internal async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, string what, CancellationToken cancellationToken, bool mayRefuse = false)
    {
        var answer = await _patience.WithinAsync(token => peer.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellationToken);
        if (answer.IsSuccessStatusCode || (mayRefuse && (int)answer.StatusCode is >= 400 and < 500))
        {
            Outage.Answered();
            return answer;
        }
        using (answer)
        {
            var sentence = $"The cluster at {peer.Address} answered {(int)answer.StatusCode} when it was asked for {what}: {await SaidAsync(answer, cancellationToken)}";
            // These three are about the question; after any other the next question fares no better.
            throw answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity
                ? new ClusterRefusedException($"{sentence}. Ask for fewer series or a shorter range, or raise its limit")
                : new ClusterUnavailableException($"{sentence}. Are its address and the credentials right");
        }
    }

    /// <summary>Sends a form.</summary>
    internal async Task<HttpResponseMessage> PostAsync(string path, IEnumerable<KeyValuePair<string, string>> form, string what, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, peer.At(path)) { Content = new FormUrlEncodedContent(form) };
        return await SendAsync(request, what, cancellationToken);
    }

    internal async Task<HttpResponseMessage> GetAsync(string path, IEnumerable<KeyValuePair<string, string>> parameters, string what, CancellationToken cancellationToken, bool mayRefuse = false)
    {
        var query = string.Join('&', parameters.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, peer.At(query.Length == 0 ? path : $"{path}?{query}"));
        return await SendAsync(request, what, cancellationToken, mayRefuse);
    }

    /// <summary>Waits for the next part of an answer.</summary>
    internal Task<T> WithinAsync<T>(Func<CancellationToken, Task<T>> what, CancellationToken cancellationToken) => _patience.WithinAsync(what, cancellationToken);

    /// <summary>A selection in words.</summary>
    internal static string Shown(Selection selection) => $"{{{string.Join(", ", selection.Matchers)}}} from {Shown(selection.From)} to {Shown(selection.To)}";

    /// <summary>A time in words.</summary>
    internal static string Shown(long time) => DateTimeOffset
        .FromUnixTimeMilliseconds(Math.Clamp(time, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()))
        .ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private ClusterUnavailableException Failed(string sentence, Exception cause)
    {
        var failure = new ClusterUnavailableException(sentence, cause);
        Outage.Fail(failure);
        return failure;
    }

    private async Task<string> SaidAsync(HttpResponseMessage answer, CancellationToken cancellationToken) =>
        await ClusterReply.SaidAsync(answer, _patience, cancellationToken) is { Length: > 0 } said ? said : "nothing more";
}
