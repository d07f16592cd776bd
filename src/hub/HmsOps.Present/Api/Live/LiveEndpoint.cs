using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HmsOps.Present.Assets;
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
        var tickAt = sources.Time.GetUtcNow() + TickEvery;
        while (true)
        {
            var wait = tickAt - sources.Time.GetUtcNow();
            if (wait > TimeSpan.Zero)
                await sources.Journal.GrownAsync(size, wait, sources.Time, stream.Stopping);
            // A burst of entries is one event.
            if (sources.Journal.State.Size is var grown && grown > size)
            {
                size = grown;
                await stream.SendAsync("state", Id(size), With(new LiveStateJson(size), ApiJson.Default.LiveStateJson));
            }
            var now = sources.Time.GetUtcNow();
            if (now < tickAt)
                continue;
            await stream.SendAsync("tick", Id(size), With(new LiveTickJson(now.ToUnixTimeMilliseconds()), ApiJson.Default.LiveTickJson));
            tickAt = now + TickEvery;
        }
    }

    private static string Id(long size) => $"{size}";

    private static Action<Utf8JsonWriter> With<T>(T value, JsonTypeInfo<T> type) => json => JsonSerializer.Serialize(json, value, type);
}
