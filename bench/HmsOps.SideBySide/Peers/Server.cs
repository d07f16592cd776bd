using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace HmsOps.SideBySide.Peers;

/// <summary>A peer that runs, in a folder of its own, on a free port of this machine.</summary>
internal sealed class Server : IDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StopsWithin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(2);

    private readonly Peer _peer;
    private readonly int _port = FreePort();
    private Process? _process;

    public Server(Peer peer, string folder)
    {
        (_peer, Folder) = (peer, folder);
        Directory.CreateDirectory(folder);
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{_port}"),
            Timeout = TimeSpan.FromMinutes(5),
        };
    }

    public string Folder { get; }

    public HttpClient Http { get; }

    public int Pid => _process is { HasExited: false } running ? running.Id : throw new ServerGoneException($"is not running: {LastWords}");

    public bool IsRunning => _process is { HasExited: false };

    private string Log => Path.Combine(Folder, "output.log");

    private string LastWords => File.Exists(Log) ? string.Join(" ", File.ReadLines(Log).TakeLast(2)) : "it said nothing";

    /// <summary>Starts it; answers the seconds until it says it is ready.</summary>
    public async Task<double> StartAsync(CancellationToken cancellationToken)
    {
        _process?.Dispose();
        var start = new ProcessStartInfo(_peer.Program, _peer.Arguments(Folder, _port))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Folder,
        };
        var log = TextWriter.Synchronized(new StreamWriter(new FileStream(Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true });
        var begun = Stopwatch.GetTimestamp();
        _process = Process.Start(start) ?? throw new NotMeasuredException("did not start");
        void Write(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is { Length: > 0 } text)
                log.WriteLine(text);
        }
        _process.OutputDataReceived += Write;
        _process.ErrorDataReceived += Write;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        while (Stopwatch.GetElapsedTime(begun) < ReadyWithin)
        {
            if (_process.HasExited)
            {
                _process.WaitForExit(); // until its last words are written
                throw new ServerGoneException($"ended with exit code {_process.ExitCode}: {LastWords}");
            }
            if (await IsReadyAsync(cancellationToken))
                return Stopwatch.GetElapsedTime(begun).TotalSeconds;
            await Task.Delay(LookEvery, cancellationToken);
        }
        throw new NotMeasuredException($"was not ready within {ReadyWithin.TotalMinutes} minutes");
    }

    /// <summary>Asks it to stop; answers the seconds until it is gone.</summary>
    public double Stop() => End("-TERM");

    public void Kill() => End("-KILL");

    public void Dispose()
    {
        if (IsRunning)
            Kill();
        _process?.Dispose();
        Http.Dispose();
    }

    private double End(string signal)
    {
        var begun = Stopwatch.GetTimestamp();
        var pid = Pid;
        using (var kill = Process.Start("kill", [signal, $"{pid}"]))
            kill.WaitForExit();
        if (!_process!.WaitForExit(StopsWithin)) // it runs: Pid said so
        {
            _process.Kill();
            throw new NotMeasuredException($"did not stop within {StopsWithin.TotalMinutes} minutes and was killed");
        }
        return Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await Http.GetAsync(_peer.ReadyPath, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // it does not listen yet
        }
    }

    // None of the three can take port 0 and say which it got: this one was ours a moment ago.
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
