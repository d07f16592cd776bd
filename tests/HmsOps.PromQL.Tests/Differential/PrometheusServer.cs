using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using HmsOps.PromQL.Tests.Notation;
using HmsOps.PromQL.Tests.Oracle;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Differential;

/// <summary>Debian's Prometheus (2.42) over random series, on a loopback port, in a folder of its own; gone with the tests.</summary>
public sealed class PrometheusServer : IAsyncLifetime, IDisposable
{
    /// <summary>The time of the first sample; the last is half an hour later.</summary>
    public const long StartMs = 1_600_000_200_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("hms-ops-promql-").FullName;
    private readonly HttpClient _http = new() { Timeout = Patience };
    private Process? _server;
    private Task<string> _restOfLog = Task.FromResult("");

    public IReadOnlyList<SeriesNotation.Line> Lines { get; } = RandomSeries.Make(new Random(5), StartMs, isPlain: true);

    public async Task InitializeAsync()
    {
        RequireProgram("/usr/bin/prometheus");
        RequireProgram("/usr/bin/promtool");
        var data = Path.Combine(_folder, "data");
        await File.WriteAllTextAsync(Path.Combine(_folder, "samples.txt"), OpenMetrics());
        await File.WriteAllTextAsync(Path.Combine(_folder, "prometheus.yml"), "scrape_configs: []\n");
        await RunAsync("/usr/bin/promtool", "tsdb", "create-blocks-from", "openmetrics", Path.Combine(_folder, "samples.txt"), data);

        var address = $"127.0.0.1:{FreePort()}";
        _http.BaseAddress = new Uri($"http://{address}");
        _server = Start("/usr/bin/prometheus", $"--config.file={_folder}/prometheus.yml", $"--storage.tsdb.path={data}", "--storage.tsdb.retention.time=100y", $"--web.listen-address={address}");
        await ReadyAsync(_server);
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            _server.Kill();
            await _server.WaitForExitAsync();
            await _restOfLog;
            _server.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Its answer to a query over a range: by label set as text, then by time; null where it refuses.</summary>
    public async Task<Dictionary<string, Dictionary<long, double>>?> RangeAsync(string query, long fromMs, long toMs, long stepMs)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["query"] = query,
            ["start"] = Seconds(fromMs),
            ["end"] = Seconds(toMs),
            ["step"] = Seconds(stepMs),
        });
        return await AskAsync("/api/v1/query_range", form, "values");
    }

    /// <summary>Its answer to a query at one time; null where it refuses.</summary>
    public async Task<Dictionary<string, Dictionary<long, double>>?> InstantAsync(string query, long atMs)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["query"] = query, ["time"] = Seconds(atMs) });
        return await AskAsync("/api/v1/query", form, "value");
    }

    private async Task<Dictionary<string, Dictionary<long, double>>?> AskAsync(string path, HttpContent form, string values)
    {
        using var response = await _http.PostAsync(new Uri(path, UriKind.Relative), form);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        if (response.StatusCode == HttpStatusCode.UnprocessableEntity)
            return null;
        Assert.True(response.IsSuccessStatusCode, json.RootElement.ToString());
        var answer = new Dictionary<string, Dictionary<long, double>>();
        var result = json.RootElement.GetProperty("data").GetProperty("result");
        if (json.RootElement.GetProperty("data").GetProperty("resultType").GetString() == "scalar")
            return new() { ["{}"] = Points([result]) };
        foreach (var series in result.EnumerateArray())
        {
            var labels = series.GetProperty("metric").EnumerateObject().Select(l => (l.Name, l.Value.GetString() ?? "")).ToArray();
            var points = series.GetProperty(values);
            answer.Add(Labels.From(labels).ToString(), Points(values == "value" ? [points] : points.EnumerateArray()));
        }
        return answer;
    }

    private static Dictionary<long, double> Points(IEnumerable<JsonElement> pairs) => pairs.ToDictionary(
        p => (long)Math.Round(p[0].GetDouble() * 1000),
        p => p[1].GetString() switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            var text => double.Parse(text ?? "", CultureInfo.InvariantCulture),
        });

    private string OpenMetrics()
    {
        var text = new StringBuilder();
        foreach (var line in Lines)
        {
            foreach (var sample in line.Samples)
                text.Append(CultureInfo.InvariantCulture, $"{line.Labels.ToString().Replace(", ", ",", StringComparison.Ordinal)} {sample.Value:R} {Seconds(sample.Time)}\n");
        }
        return text.Append("# EOF\n").ToString();
    }

    // It says so on stderr when it is ready; then /-/ready has to say the same.
    private async Task ReadyAsync(Process server)
    {
        var log = new StringBuilder();
        using var patience = new CancellationTokenSource(Patience);
        while (await server.StandardError.ReadLineAsync(patience.Token) is { } line)
        {
            log.AppendLine(line);
            if (!line.Contains("Server is ready to receive web requests", StringComparison.Ordinal))
                continue;
            _restOfLog = server.StandardError.ReadToEndAsync(CancellationToken.None); // or its pipe would fill
            using var ready = await _http.GetAsync(new Uri("/-/ready", UriKind.Relative), patience.Token);
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
            return;
        }
        Assert.Fail($"prometheus ended before it was ready:\n{log}");
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} answered {process.ExitCode}: {errors}");
    }

    private static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false }) ?? throw new InvalidOperationException($"{program} did not start.");

    private static void RequireProgram(string path) =>
        Assert.True(File.Exists(path), $"{path} is missing: this test compares with a real Prometheus. Install Debian's package: apt-get install prometheus");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Seconds(long ms) => (ms / 1000m).ToString("0.000", CultureInfo.InvariantCulture);
}
