using System.Text.Json;
using HmsOps.Labs.Tests.Prometheus;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Scraping;

/// <summary>Debian's exporters, scraped by the hub and by Debian's Prometheus at one time: both know the same series.</summary>
public sealed class ScrapingTests
{
    private static readonly TimeSpan ArrivesWithin = TimeSpan.FromSeconds(90);

    // What does not change while the machine is up.
    private static readonly string[] Stable =
        ["node_boot_time_seconds", "node_memory_MemTotal_bytes", "node_uname_info", "node_exporter_build_info", "process_start_time_seconds", "process_max_fds", "go_info", "node_filesystem_size_bytes", "up"];

    private const string TwoScrapes = "count_over_time(up{job=\"node\"}[5m]) > 1 and up{job=\"node\"} == 1";

    [Fact]
    public async Task The_node_exporter_has_the_same_series_here_and_in_Prometheus()
    {
        using var lab = new LabFolder();
        await using var exporter = Exporter.Start("/usr/bin/prometheus-node-exporter", port => [$"--web.listen-address=127.0.0.1:{port}"], lab.Root);
        // Slow enough that no scrape of a busy machine runs out of time, which would end all its series.
        var job = $"  - job_name: node\n    scrape_interval: 5s\n    scrape_timeout: 5s\n    static_configs: [{{targets: ['{exporter.Address}']}}]\n";
        await using var prometheus = await PrometheusServer.StartAsync(lab, job);
        lab.Write("imports/prometheus.yml", $"scrape_configs:\n{job}");
        await using var hub = await RunningHub.StartAsync(lab);
        await hub.UntilAsync($"/api/v1/query?query={Uri.EscapeDataString(TwoScrapes)}", body => body.Contains("\"value\"", StringComparison.Ordinal), ArrivesWithin);
        await prometheus.UntilAsync(TwoScrapes, ArrivesWithin);

        var ours = SeriesOf(await PrometheusServer.QueryAsync(hub.Http, "{job=\"node\"}"));
        var theirs = SeriesOf(await PrometheusServer.QueryAsync(prometheus.Http, "{job=\"node\"}"));
        Assert.True(theirs.Count > 200, $"{theirs.Count} series in Prometheus");
        Assert.Equal(theirs.Keys.Order(StringComparer.Ordinal), ours.Keys.Order(StringComparer.Ordinal));
        foreach (var series in theirs.Keys.Where(series => Stable.Any(name => series.StartsWith($"{name}|", StringComparison.Ordinal))))
            Assert.Equal($"{series} {theirs[series]}", $"{series} {ours[series]}");

        var targets = (await hub.JsonAsync("/api/v1/targets?scrapePool=node")).GetProperty("data").GetProperty("activeTargets");
        Assert.Equal("up", Assert.Single(targets.EnumerateArray()).GetProperty("health").GetString());
        var said = (await hub.JsonAsync("/api/v1/targets/metadata?metric=node_boot_time_seconds")).GetProperty("data");
        Assert.Equal("gauge", Assert.Single(said.EnumerateArray()).GetProperty("type").GetString());
    }

    [Fact]
    public async Task The_Python_client_is_read_in_OpenMetrics()
    {
        using var lab = new LabFolder();
        lab.Write("shop.txt", """
            import sys, time
            from prometheus_client import Counter, Enum, Gauge, Histogram, Info, Summary, start_http_server
            Counter('orders', 'Orders.', ['kind']).labels('a "b" \\ c\nd').inc(3, exemplar={'trace_id': 'abc'})
            Gauge('temperature', 'Degrees.').set(-2.5)
            Histogram('wait', 'Waiting.', unit='seconds', buckets=(0.5, 1)).observe(0.7)
            Summary('size', 'Sizes.').observe(4)
            Info('build', 'Build.').info({'version': '1'})
            Enum('state', 'State.', states=['up', 'down']).state('down')
            start_http_server(int(sys.argv[1]), '127.0.0.1')
            time.sleep(600)
            """);
        await using var shop = Exporter.Start("/usr/bin/python3", port => [Path.Combine(lab.Workspace, "shop.txt"), $"{port}"], lab.Root);
        lab.Write("services/shop.yaml", $"name: shop\nmetrics_url: http://{shop.Address}/metrics\ninterval: 1s\n");
        await using var hub = await RunningHub.StartAsync(lab);
        await hub.UntilAsync($"/api/v1/query?query={Uri.EscapeDataString("up{job=\"shop\"} == 1")}", body => body.Contains("\"value\"", StringComparison.Ordinal), ArrivesWithin);

        var read = SeriesOf(await PrometheusServer.QueryAsync(hub.Http, "{job=\"shop\", __name__=~\"orders.*|temperature|wait.*|size.*|build.*|state\"}"));
        Assert.Equal(
            [
                "build_info|version=1| 1", "orders_total|kind=a \"b\" \\ c\nd| 3", "size_count|| 1", "size_sum|| 4", "state|state=down| 1", "state|state=up| 0", "temperature|| -2.5",
                "wait_seconds_bucket|le=+Inf| 1", "wait_seconds_bucket|le=0.5| 0", "wait_seconds_bucket|le=1.0| 1", "wait_seconds_count|| 1", "wait_seconds_sum|| 0.7",
            ],
            read.Select(series => $"{series.Key} {series.Value}").Order(StringComparer.Ordinal));
    }

    // name|labels in order|, without those all of a target have, with bounds as Prometheus writes them since its third version.
    private static Dictionary<string, string> SeriesOf(JsonElement result)
    {
        var series = new Dictionary<string, string>();
        foreach (var item in result.EnumerateArray())
        {
            var labels = item.GetProperty("metric").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString() ?? "");
            var text = string.Join(',', labels.Where(label => label.Key is not ("__name__" or "job" or "instance" or "service"))
                .Select(label => $"{label.Key}={(label.Key is "quantile" or "le" && !label.Value.Contains('.') && label.Value != "+Inf" ? label.Value + ".0" : label.Value)}").Order(StringComparer.Ordinal));
            series.Add($"{labels["__name__"]}|{text}|", item.GetProperty("value")[1].GetString() ?? "");
        }
        return series;
    }
}
