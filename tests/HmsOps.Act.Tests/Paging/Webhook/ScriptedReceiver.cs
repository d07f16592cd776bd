using System.Net;
using System.Net.Sockets;
using System.Text;

namespace HmsOps.Act.Tests.Paging.Webhook;

/// <summary>Takes one HTTP request on a free port and answers with the bytes it was given; null hangs, an empty text hangs up.</summary>
internal sealed class ScriptedReceiver : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _serving;

    public ScriptedReceiver(string? answer)
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _serving = ServeAsync(answer);
    }

    public int Port { get; }

    public Uri Url => new($"http://127.0.0.1:{Port}/hooks/T0K3N?x=1");

    public string RequestLine { get; private set; } = "";

    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    public byte[] Body { get; private set; } = [];

    public Task Hanging => _hanging.Task;

    public async ValueTask DisposeAsync()
    {
        _closing.Cancel();
        _listener.Stop();
        await _serving;
        _closing.Dispose();
    }

    private async Task ServeAsync(string? answer)
    {
        try
        {
            using var client = await _listener.AcceptTcpClientAsync(_closing.Token);
            await using var stream = client.GetStream();
            await ReadAsync(stream);
            if (answer is null)
            {
                _hanging.SetResult();
                await Task.Delay(Timeout.Infinite, _closing.Token);
            }
            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer!), _closing.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // The test is over, or the other side hung up.
        }
    }

    private async Task ReadAsync(NetworkStream stream)
    {
        RequestLine = await ReadLineAsync(stream);
        while (await ReadLineAsync(stream) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':');
            Headers[line[..colon]] = line[(colon + 1)..].Trim();
        }
        Body = new byte[int.Parse(Headers["Content-Length"])];
        await stream.ReadExactlyAsync(Body, _closing.Token);
    }

    private async Task<string> ReadLineAsync(NetworkStream stream)
    {
        var line = new StringBuilder();
        var letter = new byte[1];
        while (await stream.ReadAsync(letter, _closing.Token) == 1 && letter[0] != '\n')
            line.Append((char)letter[0]);
        return line.ToString().TrimEnd('\r');
    }
}
