using System.Text.Json;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Prometheus;

/// <summary>Debian's Prometheus sends its own metrics to the hub; afterwards both are asked, and say the same to the bit.</summary>
public sealed class RemoteWriteTests
{
    private const int Scrapes = 5; // compared
    private const int OnTheWay = 10; // scrapes, one a second

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
        await hub.UntilAsync($"/api/v1/query?query={Uri.EscapeDataString("count_over_time(up[5m])")}", body => Count(body) > Scrapes + OnTheWay, ArrivesWithin);

        // Times of scrapes that have long arrived: the newest may still be on their way, for Prometheus' shards wait up to 5 s until a request is full.
        var ups = (await PrometheusServer.QueryAsync(prometheus.Http, "up[5m]"))[0].GetProperty("values").EnumerateArray().Select(v => v[0].GetDouble()).ToList();
        var compared = 0;
        foreach (var time in ups.Skip(1).Take(Scrapes))
        {
            foreach (var series in Series)
            {
                // At the millisecond of the scrape, and one before it: a time that is off by one shows in one of the two. And how many there are by then.
                compared += await AssertSameAsync(prometheus, hub, series, time);
                await AssertSameAsync(prometheus, hub, series, time - 0.001);
                await AssertSameAsync(prometheus, hub, $"count_over_time({series}[1h])", time);
            }
        }
        Assert.True(compared >= 25 * Scrapes, $"{compared} samples compared");

        // Nothing was refused but what the door says it does not keep, and Prometheus saw no failure.
        Assert.Equal("0", (await PrometheusServer.QueryAsync(prometheus.Http, "sum(prometheus_remote_storage_samples_failed_total) + sum(prometheus_remote_storage_samples_dropped_total)"))[0].GetProperty("value")[1].GetString());
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

    private static async Task<int> AssertSameAsync(PrometheusServer prometheus, RunningHub hub, string query, double time)
    {
        var theirs = Samples(await PrometheusServer.QueryAsync(prometheus.Http, query, time));
        var ours = Samples(await PrometheusServer.QueryAsync(hub.Http, query, time));
        Assert.Equal(theirs, ours);
        return theirs.Count;
    }

    // Both print the shortest text that reads back as the same float64: equal texts are equal bits.
    private static List<string> Samples(JsonElement vector)
    {
        var samples = new List<string>();
        foreach (var series in vector.EnumerateArray())
        {
            var labels = string.Join(',', series.GetProperty("metric").EnumerateObject().OrderBy(l => l.Name, StringComparer.Ordinal).Select(l => $"{l.Name}={l.Value}"));
            samples.Add($"{labels} {BitsOf(series.GetProperty("value")[1].GetString())}");
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
