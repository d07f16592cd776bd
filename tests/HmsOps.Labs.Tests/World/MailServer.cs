using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace HmsOps.Labs.Tests.World;

/// <summary>A mail server that takes what it is given (RFC 5321, no TLS, no names asked).</summary>
internal sealed class MailServer : IAsyncDisposable
{
    private readonly Channel<Mail> _taken = Channel.CreateUnbounded<Mail>(); // bounded by the test that sends
    private readonly OneByOne _port;

    public MailServer() => _port = new OneByOne(TalkAsync);

    public int Port => _port.Port;

    public async Task<Mail> NextAsync(TimeSpan within) => await _taken.Reader.ReadAsync().AsTask().WaitAsync(within);

    /// <summary>How many came beside those already read.</summary>
    public int More => _taken.Reader.Count;

    public ValueTask DisposeAsync() => _port.DisposeAsync();

    private async Task TalkAsync(NetworkStream stream, CancellationToken over)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII);
        await using var writer = new StreamWriter(stream, Encoding.ASCII) { NewLine = "\r\n", AutoFlush = true };
        await writer.WriteLineAsync("220 mail.test ready");
        var to = new List<string>();
        while (await reader.ReadLineAsync(over) is { } line)
        {
            if (line.StartsWith("RCPT TO:", StringComparison.OrdinalIgnoreCase))
                to.Add(line[8..].Trim('<', '>', ' '));
            if (line == "DATA")
            {
                await writer.WriteLineAsync("354 go on");
                var text = new StringBuilder();
                while (await reader.ReadLineAsync(over) is { } part && part != ".")
                    text.Append(part).Append('\n');
                await _taken.Writer.WriteAsync(new Mail([.. to], text.ToString()), over);
            }
            if (line == "QUIT")
            {
                await writer.WriteLineAsync("221 bye");
                return;
            }
            await writer.WriteLineAsync("250 ok");
        }
    }
}

internal sealed record Mail(IReadOnlyList<string> To, string Text);
