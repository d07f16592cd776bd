using System.Diagnostics;
using System.Text.Json;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Prometheus;

/// <summary>A real Prometheus that scrapes itself each second, on a free port of this machine.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private readonly Process _process;

    private PrometheusServer(Process process, Uri address)
    {
        _process = process;
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(10) };
    }

    public HttpClient Http { get; }

    public Lines Log { get; } = new();

    /// <summary>Starts it with more of a configuration: jobs, or what docs/reference/ways-in.md tells a reader to write, for this hub.</summary>
    public static async Task<PrometheusServer> StartAsync(LabFolder lab, string more, string global = "scrape_interval: 1s", params string[] flags)
    {
        var port = FreePort.Take();
        var file = Path.Combine(lab.Root, "prometheus.yml");
        await File.WriteAllTextAsync(file, $$$"""
            global: { {{{global}}} }
            scrape_configs:
              - job_name: prometheus
                static_configs: [{targets: ['127.0.0.1:{{{port}}}']}]
            {{{more}}}
            """);
        var process = Ended.Start(
            "/usr/bin/prometheus",
            [$"--config.file={file}", $"--storage.tsdb.path={Path.Combine(lab.Root, "prometheus")}", $"--web.listen-address=127.0.0.1:{port}", .. flags], lab.Root);
        var server = new PrometheusServer(process, new Uri($"http://127.0.0.1:{port}"));
        process.ErrorDataReceived += server.Log.Take;
        process.OutputDataReceived += server.Log.Take;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        try
        {
            await server.Log.FirstAsync(line => line.Contains("Server is ready to receive web requests", StringComparison.Ordinal), ReadyWithin, "Server is ready");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks either of the two, at an address they share.</summary>
    public static async Task<JsonElement> QueryAsync(HttpClient http, string query, double? time = null)
    {
        var at = time is null ? "" : FormattableString.Invariant($"&time={time:0.000}");
        using var answer = await http.GetAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}{at}", UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{query}: {(int)answer.StatusCode} {text}");
        using var json = JsonDocument.Parse(text);
        return json.RootElement.GetProperty("data").GetProperty("result").Clone();
    }

    /// <summary>Waits until a query has an answer: a target is first scraped some ten seconds after the start.</summary>
    public async Task UntilAsync(string query, TimeSpan within)
    {
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(LookEvery);
        while ((await QueryAsync(Http, query)).GetArrayLength() == 0)
        {
            if (Stopwatch.GetElapsedTime(began) > within)
                throw new TimeoutException($"{query} had no answer in Prometheus within {within.TotalSeconds:0} s. What it said:\n{string.Join('\n', Log.All)}");
            await timer.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Ended.KillAsync(_process);
        Http.Dispose();
    }
}
