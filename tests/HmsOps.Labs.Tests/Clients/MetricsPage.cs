using System.Collections.Concurrent;
using System.Net;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Clients;

/// <summary>What an address answers: the type of its content, and bytes.</summary>
internal sealed record PageBody(string Type, byte[] Bytes);

/// <summary>An address that shows metrics; each caller is answered on its own.</summary>
internal sealed class MetricsPage : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<HttpListenerRequest, Task<PageBody>> _answer;
    private readonly ConcurrentBag<Task> _answering = []; // bounded by the length of the test
    private readonly Task _serving;

    public MetricsPage(Func<HttpListenerRequest, Task<PageBody>> answer)
    {
        _answer = answer;
        Address = $"127.0.0.1:{FreePort.Take()}";
        _listener.Prefixes.Add($"http://{Address}/");
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Address { get; }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        await Task.WhenAll(_answering);
        _listener.Close();
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                _answering.Add(AnswerAsync(await _listener.GetContextAsync()));
            }
            catch (Exception over) when (over is HttpListenerException or ObjectDisposedException)
            {
                return; // the test is over
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext call)
    {
        try
        {
            var body = await _answer(call.Request);
            call.Response.ContentType = body.Type;
            call.Response.ContentLength64 = body.Bytes.Length;
            await call.Response.OutputStream.WriteAsync(body.Bytes);
            call.Response.Close();
        }
        catch (Exception broken) when (broken is HttpListenerException or HttpRequestException or IOException or ObjectDisposedException)
        {
            call.Response.Abort(); // the caller sees it, and keeps up 0: that is a difference
        }
    }
}
