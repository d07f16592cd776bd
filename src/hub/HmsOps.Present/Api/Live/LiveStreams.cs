using System.Buffers;
using System.Text;
using System.Text.Json;
using HmsOps.Present.Doors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace HmsOps.Present.Api.Live;

/// <summary>The event streams that are open, at most as many as the settings allow; they end when the hub stops, so that a stop never waits for a page that is left open.</summary>
internal sealed class LiveStreams(PresentSources sources, IHostApplicationLifetime lifetime)
{
    private int _open;

    /// <summary>Streams open right now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Begins a stream, or answers why there is none.</summary>
    public async Task<LiveStream?> OpenAsync(HttpContext http)
    {
        if (Interlocked.Increment(ref _open) > sources.Limits.LiveStreams)
        {
            Interlocked.Decrement(ref _open);
            var full = new Problem(
                "streams-full", "Too many live streams are open", StatusCodes.Status503ServiceUnavailable,
                $"The hub holds {sources.Limits.LiveStreams} of them (limits.live.streams). Pages work without one; close some, or ask again in 10 s.")
            { RetryAfter = 10 };
            await full.WriteAsync(http.Response, http.RequestAborted);
            return null;
        }
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        return new LiveStream(http, CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping), () => Interlocked.Decrement(ref _open));
    }
}

/// <summary>One event stream. One writer at a time.</summary>
internal sealed class LiveStream(HttpContext http, CancellationTokenSource stopping, Action closed) : IAsyncDisposable
{
    private readonly ArrayBufferWriter<byte> _data = new(256);

    /// <summary>Cancelled when the listener has gone or the hub stops.</summary>
    public CancellationToken Stopping { get; } = stopping.Token;

    /// <summary>Sends one event and flushes it.</summary>
    public async Task SendAsync(string name, string id, Action<Utf8JsonWriter> data)
    {
        _data.Clear();
        _data.Write(Encoding.UTF8.GetBytes($"event: {name}\nid: {id}\ndata: "));
        using (var json = new Utf8JsonWriter(_data))
            data(json); // JSON has no raw line ends, so one data: line holds it
        _data.Write("\n\n"u8);
        await http.Response.Body.WriteAsync(_data.WrittenMemory, Stopping);
        await http.Response.Body.FlushAsync(Stopping);
    }

    public ValueTask DisposeAsync()
    {
        stopping.Dispose();
        closed();
        return ValueTask.CompletedTask;
    }
}
