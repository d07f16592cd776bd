using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HmsOps.Present.Assets;
using HmsOps.Record;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Live;

/// <summary>
/// <c>GET /api/ops/v1/live</c>: <c>hello</c> at once, <c>state</c> whenever the ledger has grown, <c>tick</c> each second. It says only that something changed;
/// who listens asks for what it needs.
/// </summary>
internal sealed class LiveEndpoint(PresentSources sources, LiveStreams streams)
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);

    public void Map(IEndpointRouteBuilder api) => api.MapGet("/live", AnswerAsync);

    private async Task AnswerAsync(HttpContext http)
    {
        await using var stream = await streams.OpenAsync(http);
        if (stream is null)
            return;
        try
        {
            await SendAsync(stream);
        }
        catch (OperationCanceledException) when (stream.Stopping.IsCancellationRequested)
        {
            // The listener left, or the hub stops: that is how a stream ends.
        }
    }

    private async Task SendAsync(LiveStream stream)
    {
        var size = sources.Journal.State.Size;
        await stream.SendAsync("hello", Id(size), With(new LiveHelloJson(sources.Hub().Version, AssetSet.Embedded.Version, size), ApiJson.Default.LiveHelloJson));
        using var timer = new PeriodicTimer(TickEvery, sources.Time);
        await using var entries = sources.Journal.FollowAsync(size, stream.Stopping).GetAsyncEnumerator(stream.Stopping);
        var grown = entries.MoveNextAsync().AsTask();
        var tick = timer.WaitForNextTickAsync(stream.Stopping).AsTask();
        while (true)
        {
            var first = await Task.WhenAny(grown, tick);
            if (first == grown)
            {
                await grown;
                size = await CatchUpAsync(entries);
                await stream.SendAsync("state", Id(size), With(new LiveStateJson(size), ApiJson.Default.LiveStateJson));
                grown = entries.MoveNextAsync().AsTask();
            }
            else
            {
                await tick;
                await stream.SendAsync("tick", Id(size), With(new LiveTickJson(sources.Time.GetUtcNow().ToUnixTimeMilliseconds()), ApiJson.Default.LiveTickJson));
                tick = timer.WaitForNextTickAsync(stream.Stopping).AsTask();
            }
        }
    }

    /// <summary>A burst of entries is one event: goes on to the last one there is.</summary>
    private async Task<long> CatchUpAsync(IAsyncEnumerator<Envelope> entries)
    {
        while (entries.Current.Sequence + 1 < sources.Journal.State.Size)
            await entries.MoveNextAsync();
        return entries.Current.Sequence + 1;
    }

    private static string Id(long size) => $"{size}";

    private static Action<Utf8JsonWriter> With<T>(T value, JsonTypeInfo<T> type) => json => JsonSerializer.Serialize(json, value, type);
}
