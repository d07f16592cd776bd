using System.Net.Sockets;
using System.Text;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Doors;

/// <summary>A client that keeps to nothing: it writes bytes into a connection as long as it likes, and reads what is answered meanwhile.</summary>
internal static class RawSender
{
    private static readonly TimeSpan AnsweredWithin = TimeSpan.FromSeconds(60);

    /// <summary>A body without an end, in pieces as fast as they are taken; up to a limit, so that a hub that takes everything fails the test and not the machine.</summary>
    public static Task<string> EndlessAsync(RunningHub hub, string path, string headers, byte[] piece, long bytesMax) => SendAsync(hub, path, headers, async (stream, enough) =>
    {
        byte[] chunk = [.. Encoding.ASCII.GetBytes($"{piece.Length:x}\r\n"), .. piece, .. "\r\n"u8];
        for (var sent = 0L; sent < bytesMax; sent += piece.Length)
            await stream.WriteAsync(chunk, enough);
    });

    /// <summary>One byte a second.</summary>
    public static Task<string> SlowAsync(RunningHub hub, string path, string headers) => SendAsync(hub, path, headers, async (stream, enough) =>
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
            await stream.WriteAsync("1\r\n \r\n"u8.ToArray(), enough);
        while (await timer.WaitForNextTickAsync(enough));
    });

    // The whole answer, as text; empty when the connection was shut without one.
    private static async Task<string> SendAsync(RunningHub hub, string path, string headers, Func<NetworkStream, CancellationToken, Task> write)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(hub.Address.Host, hub.Address.Port);
        var stream = client.GetStream();
        using var enough = new CancellationTokenSource(AnsweredWithin);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {hub.Address.Authority}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n{headers}\r\n"), enough.Token);
        var writing = WriteAsync(stream, write, enough.Token);
        var answer = await ReadAsync(stream, enough.Token);
        await enough.CancelAsync();
        await writing;
        return answer;
    }

    private static async Task WriteAsync(NetworkStream stream, Func<NetworkStream, CancellationToken, Task> write, CancellationToken enough)
    {
        try
        {
            await write(stream, enough);
        }
        catch (Exception end) when (end is IOException or OperationCanceledException)
        {
            // The hub has heard enough, or it has answered.
        }
    }

    private static async Task<string> ReadAsync(NetworkStream stream, CancellationToken enough)
    {
        var (answer, buffer) = (new StringBuilder(), new byte[4096]);
        try
        {
            while (await stream.ReadAsync(buffer, enough) is > 0 and var read)
                answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }
        catch (IOException)
        {
            // Reset after the answer: there was more of the body on its way than it wanted.
        }
        return answer.ToString();
    }
}
