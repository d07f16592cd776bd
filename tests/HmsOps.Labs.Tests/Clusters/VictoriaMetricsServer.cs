using System.Diagnostics;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Clusters;

/// <summary>Debian's VictoriaMetrics, the single server, as it comes, on a free port of this machine.</summary>
internal sealed class VictoriaMetricsServer : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly Process _process;

    private VictoriaMetricsServer(Process process, Uri address)
    {
        _process = process;
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
    }

    public HttpClient Http { get; }

    public Lines Log { get; } = new();

    public static async Task<VictoriaMetricsServer> StartAsync(LabFolder lab)
    {
        var port = FreePort.Take();
        var process = Ended.Start(
            "/usr/bin/victoria-metrics", [$"-storageDataPath={Path.Combine(lab.Root, "victoria-metrics")}", $"-httpListenAddr=127.0.0.1:{port}", "-loggerLevel=WARN"], lab.Root);
        var server = new VictoriaMetricsServer(process, new Uri($"http://127.0.0.1:{port}"));
        process.OutputDataReceived += server.Log.Take;
        process.ErrorDataReceived += server.Log.Take;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await server.ReadyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Has what was written show in answers, which it else does within seconds.</summary>
    public async Task ShowAsync()
    {
        using var answer = await Http.GetAsync(new Uri("/internal/force_flush", UriKind.Relative));
        answer.EnsureSuccessStatusCode();
    }

    public Task KillAsync()
    {
        _process.Kill();
        return _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Ended.KillAsync(_process);
        Http.Dispose();
    }

    private async Task ReadyAsync()
    {
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(LookEvery);
        while (true)
        {
            try
            {
                using var answer = await Http.GetAsync(new Uri("/health", UriKind.Relative));
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException) when (!_process.HasExited)
            {
                // It starts still.
            }
            if (Stopwatch.GetElapsedTime(began) > ReadyWithin)
                throw new TimeoutException($"VictoriaMetrics was not ready within {ReadyWithin.TotalSeconds:0} s. What it said:\n{string.Join('\n', Log.All)}");
            await timer.WaitForNextTickAsync();
        }
    }
}
