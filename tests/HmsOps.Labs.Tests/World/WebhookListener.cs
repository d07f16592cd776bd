using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace HmsOps.Labs.Tests.World;

/// <summary>An address that takes JSON calls and keeps their bodies.</summary>
internal sealed class WebhookListener : IAsyncDisposable
{
    private readonly Channel<JsonElement> _taken = Channel.CreateUnbounded<JsonElement>(); // bounded by the test that sends
    private readonly OneByOne _port;

    public WebhookListener() => _port = new OneByOne(TakeAsync);

    public string Url => $"http://127.0.0.1:{_port.Port}/pages";

    public async Task<JsonElement> NextAsync(TimeSpan within) => await _taken.Reader.ReadAsync().AsTask().WaitAsync(within);

    /// <summary>How many came beside those already read.</summary>
    public int More => _taken.Reader.Count;

    public ValueTask DisposeAsync() => _port.DisposeAsync();

    /// <summary>One call a connection: it is told to close.</summary>
    private async Task TakeAsync(NetworkStream stream, CancellationToken over)
    {
        var got = new List<byte>();
        var buffer = new byte[8_192];
        int head, length = 0;
        while ((head = Encoding.Latin1.GetString([.. got]).IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0 || got.Count < head + 4 + (length = LengthOf(got, head)))
        {
            var read = await stream.ReadAsync(buffer, over);
            if (read == 0)
                return;
            got.AddRange(buffer.AsSpan(0, read));
        }
        using var json = JsonDocument.Parse(got.GetRange(head + 4, length).ToArray());
        await _taken.Writer.WriteAsync(json.RootElement.Clone(), over);
        await stream.WriteAsync("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), over);
    }

    private static int LengthOf(List<byte> got, int head) => Encoding.Latin1.GetString([.. got], 0, head).Split("\r\n")
        .Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
        .Select(line => int.Parse(line[15..], CultureInfo.InvariantCulture)).FirstOrDefault();
}
