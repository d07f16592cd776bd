using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace HmsOps.SideBySide;

/// <summary>A server that is measured: how it is started, and where it is asked.</summary>
internal abstract class Peer(string name)
{
    public string Name { get; } = name;

    /// <summary>What `--version` prints, its first line.</summary>
    public abstract string Version { get; }

    public abstract ProcessStartInfo Start(string folder, int port);

    public abstract string ReadyPath { get; }

    public virtual string WritePath => "/api/v1/write";

    public virtual string QueryPath => "/api/v1/query";

    public virtual string RangePath => "/api/v1/query_range";

    /// <summary>Has the server bring what it took to its final form on disk; answers the bytes of that form.</summary>
    public abstract Task<long> CompactAsync(Server server, CancellationToken cancellationToken);

    /// <summary>What of the compacted form is index, if the server's files tell.</summary>
    public virtual long? IndexBytes(string folder) => null;

    protected static string FirstLine(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var text = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return text.Split('\n')[0].Trim();
    }
}

internal sealed class Prometheus() : Peer("Prometheus")
{
    public override string Version => FirstLine("prometheus", "--version");

    public override string ReadyPath => "/-/ready";

    public override ProcessStartInfo Start(string folder, int port)
    {
        var config = Path.Combine(folder, "prometheus.yml");
        File.WriteAllText(config, "global: {}\n");
        return new ProcessStartInfo("prometheus", [
            $"--config.file={config}", $"--storage.tsdb.path={Path.Combine(folder, "data")}", $"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-remote-write-receiver", "--web.enable-admin-api", "--storage.tsdb.retention.time=30d", "--query.max-samples=500000000", "--log.level=warn"]);
    }

    public override async Task<long> CompactAsync(Server server, CancellationToken cancellationToken)
    {
        using var answer = await server.Http.PostAsync("/api/v1/admin/tsdb/snapshot", null, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return ProcessCost.DiskBytes(Snapshots(server.Folder));
    }

    public override long? IndexBytes(string folder) =>
        new DirectoryInfo(Snapshots(folder)).EnumerateFiles("index", SearchOption.AllDirectories).Sum(f => f.Length);

    private static string Snapshots(string folder) => Path.Combine(folder, "data", "snapshots");
}

internal sealed class VictoriaMetrics() : Peer("VictoriaMetrics")
{
    public override string Version => FirstLine("victoria-metrics", "--version");

    public override string ReadyPath => "/health";

    public override ProcessStartInfo Start(string folder, int port) => new("victoria-metrics", [
        $"-storageDataPath={Path.Combine(folder, "data")}", $"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=1", "-search.latencyOffset=0s",
        "-search.disableCache", "-loggerLevel=WARN"]);

    public override async Task<long> CompactAsync(Server server, CancellationToken cancellationToken)
    {
        (await server.Http.GetAsync("/internal/force_flush", cancellationToken)).Dispose();
        (await server.Http.GetAsync("/internal/force_merge", cancellationToken)).Dispose(); // merges before it answers
        return ProcessCost.DiskBytes(Path.Combine(server.Folder, "data"));
    }

    public override long? IndexBytes(string folder) => ProcessCost.DiskBytes(Path.Combine(folder, "data", "indexdb"));
}

internal sealed class HmsOpsHub(string program) : Peer("HMS-OPS")
{
    public override string Version => FirstLine(program, "--version");

    public override string ReadyPath => "/readyz";

    public override ProcessStartInfo Start(string folder, int port)
    {
        var workspace = Directory.CreateDirectory(Path.Combine(folder, "workspace"));
        return new ProcessStartInfo(program, [
            "serve", "--listen", $"http://127.0.0.1:{port}", "--data", Path.Combine(folder, "data"), "--workspace", workspace.FullName, "--log-level", "warn"])
        { WorkingDirectory = folder };
    }

    public override async Task<long> CompactAsync(Server server, CancellationToken cancellationToken)
    {
        using var answer = await server.Http.PostAsync("/api/ops/v1/store/compact", null, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return ProcessCost.DiskBytes(Path.Combine(server.Folder, "data", "metrics", "blocks"));
    }
}

/// <summary>A peer that runs, in a folder of its own.</summary>
internal sealed class Server : IDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(5);

    private readonly Peer _peer;
    private readonly int _port;
    private Process? _process;

    public Server(Peer peer, string folder)
    {
        (_peer, Folder) = (peer, folder);
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            _port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        Http = new HttpClient(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromMinutes(10) })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{_port}"),
            Timeout = TimeSpan.FromMinutes(10),
        };
    }

    public string Folder { get; }

    public HttpClient Http { get; }

    public int Pid => _process?.Id ?? throw new InvalidOperationException($"{_peer.Name} does not run.");

    /// <summary>Starts it; answers the seconds until it says it is ready.</summary>
    public async Task<double> StartAsync(CancellationToken cancellationToken)
    {
        var start = _peer.Start(Folder, _port);
        (start.RedirectStandardOutput, start.RedirectStandardError, start.UseShellExecute) = (true, true, false);
        var begun = Stopwatch.GetTimestamp();
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{_peer.Name} did not start.");
        var log = TextWriter.Synchronized(new StreamWriter(Path.Combine(Folder, "output.log"), append: true) { AutoFlush = true });
        _process.OutputDataReceived += (_, line) => log.WriteLine(line.Data);
        _process.ErrorDataReceived += (_, line) => log.WriteLine(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        while (Stopwatch.GetElapsedTime(begun) < ReadyWithin)
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"{_peer.Name} ended with exit code {_process.ExitCode}; see {Folder}/output.log.");
            if (await IsReadyAsync(cancellationToken))
                return Stopwatch.GetElapsedTime(begun).TotalSeconds;
            await Task.Delay(5, cancellationToken);
        }
        throw new TimeoutException($"{_peer.Name} was not ready within {ReadyWithin.TotalMinutes} minutes.");
    }

    /// <summary>Asks it to stop; answers the seconds until it is gone.</summary>
    public double Stop() => End("-TERM");

    public void Kill() => End("-KILL");

    public void Dispose()
    {
        if (_process is { HasExited: false })
            Kill();
        _process?.Dispose();
        Http.Dispose();
    }

    private double End(string signal)
    {
        var process = _process ?? throw new InvalidOperationException($"{_peer.Name} does not run.");
        var begun = Stopwatch.GetTimestamp();
        using (var kill = Process.Start("kill", [signal, $"{process.Id}"]))
            kill.WaitForExit();
        process.WaitForExit();
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
}
