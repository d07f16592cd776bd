using System.Text.Json;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Prometheus;

/// <summary>Debian's Prometheus sends its own metrics to the hub; afterwards both are asked, and say the same to the bit.</summary>
public sealed class RemoteWriteTests
{
    private const int SamplesMin = 5;

    private static readonly TimeSpan ArrivesWithin = TimeSpan.FromSeconds(90);

    // Counters, gauges, a histogram's and a summary's parts, values with a fraction, NaN (a summary's quantile without observations), a meta series.
    private static readonly string[] Series =
    [
        "up", "process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds", "go_gc_duration_seconds",
        "prometheus_tsdb_head_samples_appended_total", "prometheus_http_request_duration_seconds_bucket", "prometheus_engine_query_duration_seconds",
        "prometheus_remote_storage_shards", "scrape_duration_seconds",
    ];

    [Fact]
    public async Task A_real_Prometheus_writes_and_both_say_the_same()
    {
        using var lab = new LabFolder();
        await using var hub = await RunningHub.StartAsync(lab);
        await using var prometheus = await PrometheusServer.StartAsync(lab, FromTheDocs(hub));
        await hub.UntilAsync($"/api/v1/query?query={Uri.EscapeDataString("count_over_time(up[5m])")}", body => Count(body) >= SamplesMin, ArrivesWithin);

        // What both have of each series: the newest may still be on its way.
        var newest = (await PrometheusServer.QueryAsync(hub.Http, "max(timestamp(up))"))[0].GetProperty("value")[1].GetString();
        var compared = 0;
        foreach (var series in Series)
        {
            var theirs = Samples(await prometheus.QueryAsync($"{series}[1h] @ {newest}"));
            var ours = Samples(await PrometheusServer.QueryAsync(hub.Http, $"{series}[1h] @ {newest}"));
            Assert.True(theirs.Count > 0, $"Prometheus has no {series}");
            Assert.Equal(theirs, ours);
            compared += theirs.Count;
        }
        Assert.True(compared >= 50 * SamplesMin, $"{compared} samples compared");

        // Nothing was refused but what the door says it does not keep, and Prometheus saw no failure.
        Assert.Equal("0", (await prometheus.QueryAsync("sum(prometheus_remote_storage_samples_failed_total) + sum(prometheus_remote_storage_samples_dropped_total)"))[0].GetProperty("value")[1].GetString());
        var (_, metrics) = await hub.GetAsync("/metrics");
        Assert.DoesNotContain(metrics.Split('\n'), line => line.StartsWith("hms_refused_total{door=\"write\"", StringComparison.Ordinal) && !line.Contains("_not_kept", StringComparison.Ordinal));
    }

    // The block of the page, with the address of this hub in place of the usual one.
    private static string FromTheDocs(RunningHub hub)
    {
        var page = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "reference", "ways-in.md"));
        var start = page.IndexOf("remote_write:\n", StringComparison.Ordinal);
        var block = page[start..page.IndexOf("```", start, StringComparison.Ordinal)];
        Assert.Contains("http://127.0.0.1:9900/", block);
        return block.Replace("http://127.0.0.1:9900", hub.Url, StringComparison.Ordinal);
    }

    private static int Count(string body)
    {
        using var json = JsonDocument.Parse(body);
        var result = json.RootElement.GetProperty("data").GetProperty("result");
        return result.GetArrayLength() == 0 ? 0 : int.Parse(result[0].GetProperty("value")[1].GetString() ?? "0", System.Globalization.CultureInfo.InvariantCulture);
    }

    // Both print the shortest text that reads back as the same float64: equal texts are equal bits. Times are printed to the millisecond.
    private static List<string> Samples(JsonElement matrix)
    {
        var samples = new List<string>();
        foreach (var series in matrix.EnumerateArray())
        {
            var labels = string.Join(',', series.GetProperty("metric").EnumerateObject().OrderBy(l => l.Name, StringComparer.Ordinal).Select(l => $"{l.Name}={l.Value}"));
            samples.AddRange(series.GetProperty("values").EnumerateArray().Select(v => $"{labels} {BitsOf(v[1].GetString())} @{v[0].GetDouble():0.000}"));
        }
        samples.Sort(StringComparer.Ordinal);
        return samples;
    }

    private static string BitsOf(string? value) => value switch
    {
        "NaN" => value,
        "+Inf" => "7ff0000000000000",
        "-Inf" => "fff0000000000000",
        _ => BitConverter.DoubleToInt64Bits(double.Parse(value ?? "", System.Globalization.CultureInfo.InvariantCulture)).ToString("x", System.Globalization.CultureInfo.InvariantCulture),
    };
}
