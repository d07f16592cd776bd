using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace HmsOps.Labs.Tests.World;

/// <summary>A mail server that takes what it is given (RFC 5321, no TLS, no names asked).</summary>
internal sealed class MailServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Channel<Mail> _taken = Channel.CreateUnbounded<Mail>(); // bounded by the test that sends
    private readonly CancellationTokenSource _over = new();
    private readonly Task _serving;

    public MailServer()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async Task<Mail> NextAsync(TimeSpan within) => await _taken.Reader.ReadAsync().AsTask().WaitAsync(within);

    /// <summary>How many came beside those already read.</summary>
    public int More => _taken.Reader.Count;

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
                await TalkAsync(client);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        await using var writer = new StreamWriter(client.GetStream(), Encoding.ASCII) { NewLine = "\r\n", AutoFlush = true };
        await writer.WriteLineAsync("220 mail.test ready");
        var to = new List<string>();
        while (await reader.ReadLineAsync(_over.Token) is { } line)
        {
            if (line.StartsWith("RCPT TO:", StringComparison.OrdinalIgnoreCase))
                to.Add(line[8..].Trim('<', '>', ' '));
            if (line == "DATA")
            {
                await writer.WriteLineAsync("354 go on");
                var text = new StringBuilder();
                while (await reader.ReadLineAsync(_over.Token) is { } part && part != ".")
                    text.Append(part).Append('\n');
                await _taken.Writer.WriteAsync(new Mail([.. to], text.ToString()));
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
