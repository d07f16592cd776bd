using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using HmsOps.Record;

namespace HmsOps.App.Demo;

/// <summary>What a hub decides and does, as any program beside it can follow it: the stream of its ledger over HTTP.</summary>
internal sealed class LedgerFollower(Uri hub) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Every entry from the first on, until the hub stops.</summary>
    public async IAsyncEnumerable<Envelope> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(hub, "api/ops/v1/ledger"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        answer.EnsureSuccessStatusCode();
        var events = SseParser.Create(await answer.Content.ReadAsStreamAsync(cancellationToken));
        await foreach (var item in events.EnumerateAsync(cancellationToken))
        {
            if (item.EventType == "entry")
                yield return EnvelopeOf(item.Data);
        }
    }

    public void Dispose() => _http.Dispose();

    private static Envelope EnvelopeOf(string data)
    {
        using var json = JsonDocument.Parse(data);
        var entry = json.RootElement;
        return EnvelopeCodec.Read(Encoding.UTF8.GetBytes(entry.GetProperty("envelope").GetRawText()), entry.GetProperty("sequence").GetInt64());
    }
}
