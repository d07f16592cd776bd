using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using HmsOps.PromQL.Tests.Notation;
using HmsOps.PromQL.Tests.Scripts;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Differential;

/// <summary>Debian's Prometheus (2.42) over some series, on a loopback port, in a folder of its own; gone with its end.</summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private const string Program = "/usr/bin/prometheus";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("hms-ops-promql-").FullName;
    private readonly HttpClient _http;
    private readonly Process _server;
    private Task<string> _restOfLog = Task.FromResult("");

    private PrometheusServer()
    {
        Assert.True(File.Exists(Program), $"{Program} is missing: this test compares with a real Prometheus. Install Debian's package: apt-get install prometheus");
        File.WriteAllText(Path.Combine(_folder, "prometheus.yml"), "scrape_configs: []\n");
        var address = $"127.0.0.1:{FreePort()}";
        _http = new HttpClient { Timeout = Patience, BaseAddress = new Uri($"http://{address}") };
        string[] arguments =
        [
            $"--config.file={_folder}/prometheus.yml", $"--storage.tsdb.path={_folder}/data", "--storage.tsdb.retention.time=100y", "--web.enable-remote-write-receiver",
            $"--web.listen-address={address}",
        ];
        _server = Process.Start(new ProcessStartInfo(Program, arguments) { RedirectStandardError = true, UseShellExecute = false })
            ?? throw new InvalidOperationException($"{Program} did not start.");
    }

    /// <summary>A server that holds these series.</summary>
    public static async Task<PrometheusServer> OfAsync(IEnumerable<SeriesNotation.Line> lines)
    {
        var server = new PrometheusServer();
        try
        {
            await server.ReadyAsync();
            foreach (var body in RemoteWriteBody.Of(lines))
                await server.WriteAsync(body);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _server.Kill();
        await _server.WaitForExitAsync();
        await _restOfLog;
        _server.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Its answer; a part of why where it refuses.</summary>
    public async Task<ScriptAnswer> AskAsync(string query, ScriptTimes times)
    {
        var fields = new Dictionary<string, string> { ["query"] = query };
        if (times.ToMs is { } to)
            (fields["start"], fields["end"], fields["step"]) = (Seconds(times.FromMs), Seconds(to), Seconds(times.StepMs));
        else
            fields["time"] = Seconds(times.FromMs);
        using var form = new FormUrlEncodedContent(fields);
        using var response = await _http.PostAsync(new Uri(times.ToMs is null ? "/api/v1/query" : "/api/v1/query_range", UriKind.Relative), form);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        if (response.StatusCode is HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest)
            return new ScriptAnswer([], [], json.RootElement.GetProperty("error").GetString());
        Assert.True(response.IsSuccessStatusCode, json.RootElement.ToString());
        var data = json.RootElement.GetProperty("data");
        return new ScriptAnswer(Rows(data.GetProperty("resultType").GetString(), data.GetProperty("result")), [], null);
    }

    private static IReadOnlyList<ScriptRow> Rows(string? type, JsonElement result) => type switch
    {
        "scalar" => [new ScriptRow(ScriptRow.Number, [Cell(result)])],
        "string" => [new ScriptRow($"text \"{result[1].GetString()}\"", [])],
        _ =>
        [
            .. result.EnumerateArray().Select(series => new ScriptRow(
                Labels.From([.. series.GetProperty("metric").EnumerateObject().Select(label => (label.Name, label.Value.GetString() ?? ""))]).ToString(),
                type == "vector" ? [Cell(series.GetProperty("value"))] : [.. series.GetProperty("values").EnumerateArray().Select(Cell)])),
        ],
    };

    private static ScriptCell Cell(JsonElement pair) => new((long)Math.Round(pair[0].GetDouble() * 1000), new(Number(pair[1].GetString() ?? ""), null), IsMinusZero: false);

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    private async Task WriteAsync(byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        content.Headers.ContentEncoding.Add("snappy");
        content.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
        using var response = await _http.PostAsync(new Uri("/api/v1/write", UriKind.Relative), content);
        Assert.True(response.IsSuccessStatusCode, $"prometheus refused the samples: {await response.Content.ReadAsStringAsync()}");
    }

    // It says so on stderr when it is ready; then /-/ready has to say the same.
    private async Task ReadyAsync()
    {
        var log = new StringBuilder();
        using var patience = new CancellationTokenSource(Patience);
        while (await _server.StandardError.ReadLineAsync(patience.Token) is { } line)
        {
            log.AppendLine(line);
            if (!line.Contains("Server is ready to receive web requests", StringComparison.Ordinal))
                continue;
            _restOfLog = _server.StandardError.ReadToEndAsync(CancellationToken.None); // or its pipe would fill
            using var ready = await _http.GetAsync(new Uri("/-/ready", UriKind.Relative), patience.Token);
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
            return;
        }
        Assert.Fail($"prometheus ended before it was ready:\n{log}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Seconds(long ms) => (ms / 1000m).ToString("0.000", CultureInfo.InvariantCulture);
}
