using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace HmsOps.Labs.Tests.World;

/// <summary>An address that takes JSON calls and keeps their bodies.</summary>
internal sealed class WebhookListener : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Channel<JsonElement> _taken = Channel.CreateUnbounded<JsonElement>(); // bounded by the test that sends
    private readonly CancellationTokenSource _over = new();
    private readonly Task _serving;

    public WebhookListener()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/pages";

    public async Task<JsonElement> NextAsync(TimeSpan within) => await _taken.Reader.ReadAsync().AsTask().WaitAsync(within);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Stop();
        await _serving;
        _over.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_over.Token);
                await TakeAsync(client.GetStream());
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    /// <summary>One call a connection: it is told to close.</summary>
    private async Task TakeAsync(NetworkStream stream)
    {
        var got = new List<byte>();
        var buffer = new byte[8_192];
        int head, length = 0;
        while ((head = Encoding.Latin1.GetString([.. got]).IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0 || got.Count < head + 4 + (length = LengthOf(got, head)))
        {
            var read = await stream.ReadAsync(buffer, _over.Token);
            if (read == 0)
                return;
            got.AddRange(buffer.AsSpan(0, read));
        }
        using var json = JsonDocument.Parse(got.GetRange(head + 4, length).ToArray());
        await _taken.Writer.WriteAsync(json.RootElement.Clone());
        await stream.WriteAsync("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), _over.Token);
    }

    private static int LengthOf(List<byte> got, int head) => Encoding.Latin1.GetString([.. got], 0, head).Split("\r\n")
        .Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
        .Select(line => int.Parse(line[15..], CultureInfo.InvariantCulture)).FirstOrDefault();
}
