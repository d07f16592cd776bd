using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Outages;

/// <summary>A cluster on a port that stays: it can be ended and started again with what it has. One a test; who needs another cluster derives it.</summary>
internal abstract class LabCluster(string folder) : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private Process? _process;

    public int Port { get; } = FreePort.Take();

    public Uri Address => new($"http://127.0.0.1:{Port}");

    public HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(2) };

    protected string Folder => folder;

    protected abstract string Program { get; }

    protected abstract string[] Arguments { get; }

    /// <summary>Each of its addresses that the hub is told of.</summary>
    public abstract string[] Flags { get; }

    /// <summary>All samples of a metric's series by the label <c>series</c>, in the order it has them, one that is there twice twice.</summary>
    public abstract Task<Dictionary<string, List<(long Time, double Value)>>> AllAsync(string metric, long from, long to);

    public static LabCluster Of(string kind, string folder) => kind == "prometheus" ? new PrometheusCluster(folder) : new VictoriaCluster(folder);

    public async Task StartAsync()
    {
        _process = Ended.Start(Program, Arguments, folder);
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(LookEvery);
        while (!await IsReadyAsync())
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(began) > ReadyWithin)
                throw new TimeoutException($"{Program} was not ready within {ReadyWithin.TotalSeconds:0} s, or has ended");
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Asks it to end: what it said it has it keeps, which after a SIGKILL VictoriaMetrics does not promise of its last seconds.</summary>
    public async Task StopAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {process.Id}"]);
        await kill.WaitForExitAsync();
        using var deadline = new CancellationTokenSource(EndsWithin);
        await process.WaitForExitAsync(deadline.Token);
        process.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
            await Ended.KillAsync(process);
        Http.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri(Address, "/-/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private sealed class PrometheusCluster(string folder) : LabCluster(folder)
    {
        protected override string Program => "/usr/bin/prometheus";

        protected override string[] Arguments
        {
            get
            {
                var file = Path.Combine(Folder, "prometheus.yml");
                File.WriteAllText(file, "global: {scrape_interval: 1h}\n");
                return [$"--config.file={file}", $"--storage.tsdb.path={Path.Combine(Folder, "prometheus")}", $"--web.listen-address=127.0.0.1:{Port}", "--web.enable-remote-write-receiver", "--query.max-samples=500000000"];
            }
        }

        public override string[] Flags => ["--remote-write", $"{Address}api/v1/write", "--remote-read", $"{Address}api/v1/read"];

        public override async Task<Dictionary<string, List<(long, double)>>> AllAsync(string metric, long from, long to)
        {
            var all = new Dictionary<string, List<(long, double)>>(StringComparer.Ordinal);
            var query = string.Create(CultureInfo.InvariantCulture, $"{metric}[{to - from + 1}ms]");
            using var answer = await Http.GetAsync(new Uri(Address, string.Create(CultureInfo.InvariantCulture, $"/api/v1/query?query={Uri.EscapeDataString(query)}&time={to / 1000.0:0.000}")));
            using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            foreach (var series in json.RootElement.GetProperty("data").GetProperty("result").EnumerateArray())
            {
                var number = series.GetProperty("metric").GetProperty("series").GetString() ?? "";
                all.Add(number, [.. series.GetProperty("values").EnumerateArray().Select(pair => ((long)Math.Round(pair[0].GetDouble() * 1000), double.Parse(pair[1].GetString() ?? "", CultureInfo.InvariantCulture)))]);
            }
            return all;
        }
    }

    private sealed class VictoriaCluster(string folder) : LabCluster(folder)
    {
        protected override string Program => "/usr/bin/victoria-metrics";

        protected override string[] Arguments => [$"-storageDataPath={Path.Combine(Folder, "victoria")}", $"-httpListenAddr=127.0.0.1:{Port}", "-retentionPeriod=1", "-loggerLevel=WARN", "-search.latencyOffset=0s"];

        public override string[] Flags => ["--remote-write", $"{Address}api/v1/write"];

        public override async Task<Dictionary<string, List<(long, double)>>> AllAsync(string metric, long from, long to)
        {
            using var flushed = await Http.GetAsync(new Uri(Address, "/internal/force_flush"));
            var all = new Dictionary<string, List<(long, double)>>(StringComparer.Ordinal);
            // Its export keeps samples that are there twice, which its queries would hide.
            using var answer = await Http.GetAsync(new Uri(Address, string.Create(CultureInfo.InvariantCulture, $"/api/v1/export?match[]={metric}&start={from / 1000.0:0.000}&end={to / 1000.0:0.000}")));
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
            while (await lines.ReadLineAsync() is { } line)
            {
                using var json = JsonDocument.Parse(line);
                var number = json.RootElement.GetProperty("metric").GetProperty("series").GetString() ?? "";
                var samples = json.RootElement.GetProperty("timestamps").EnumerateArray().Zip(json.RootElement.GetProperty("values").EnumerateArray(), (time, value) => (time.GetInt64(), value.GetDouble()));
                if (!all.TryGetValue(number, out var list))
                    all.Add(number, list = []);
                list.AddRange(samples);
            }
            return all;
        }
    }
}
