using System.Net;
using System.Net.Sockets;
using System.Text;

namespace HmsOps.Observe.Tests.Scrape.Zoo;

/// <summary>A server on loopback that answers each connection with what a script writes, byte for byte, and does what well-behaved ones do not.</summary>
internal sealed class HostileServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<NetworkStream, string, CancellationToken, Task> _script;
    private readonly Task _loop;

    public HostileServer(Func<NetworkStream, string, CancellationToken, Task> script)
    {
        _script = script;
        _listener.Start();
        _loop = AcceptAsync();
    }

    public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Head and body of an answer.</summary>
    public static byte[] Answer(string status, string headers, ReadOnlySpan<byte> body) =>
        [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n{headers}Content-Length: {body.Length}\r\nConnection: close\r\n\r\n"), .. body];

    public static byte[] Text(string body) => Answer("200 OK", "Content-Type: text/plain; version=0.0.4\r\n", Encoding.UTF8.GetBytes(body));

    public async ValueTask DisposeAsync()
    {
        _stop.Cancel();
        await _loop; // before the listener: one that was stopped cannot be asked for the next caller
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var stream = client.GetStream();
                var request = new byte[8_192];
                var read = 0;
                while (read < request.Length && request.AsSpan(0, read).IndexOf("\r\n\r\n"u8) < 0)
                {
                    var more = await stream.ReadAsync(request.AsMemory(read), _stop.Token);
                    if (more == 0)
                        return;
                    read += more;
                }
                await _script(stream, Encoding.ASCII.GetString(request, 0, read), _stop.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
            {
                // The scraper had enough of it.
            }
        }
    }
}
