using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Outages;

/// <summary>
/// <c>storage: remote</c>, and the cluster goes away: the hub goes on, is stopped once and killed once meanwhile, and when the cluster is back it gets every sample once. Some seconds here;
/// <c>./outage 30</c> for half an hour.
/// </summary>
public sealed class OutageTests
{
    private const long QueueBytesMax = 256L << 20; // --remote-queue
    private const long MemoryBytesMax = 1L << 30;

    private static readonly double Minutes = double.Parse(Environment.GetEnvironmentVariable("HMS_OUTAGE_MINUTES") ?? "0.2", CultureInfo.InvariantCulture);
    private static readonly TimeSpan Outage = TimeSpan.FromMinutes(Minutes);
    private static readonly TimeSpan CaughtUpWithin = TimeSpan.FromMinutes(5);

    private readonly List<(long Memory, long Queue)> _seen = [];

    [Theory]
    [InlineData("prometheus")]
    [InlineData("victoria-metrics")]
    public async Task Every_sample_of_an_outage_reaches_the_cluster_once(string kind)
    {
        using var lab = new LabFolder();
        await using var cluster = LabCluster.Of(kind, lab.Root);
        await cluster.StartAsync();
        await using var sender = new SteadySender();
        await using (var first = await StartAsync(lab, cluster))
        {
            sender.Begin(first);
            await UntilAsync(first, "hms_remote_sent_items_total", sent => sent > 10 * SteadySender.Series, TimeSpan.FromSeconds(30));
            await cluster.StopAsync();
            await WatchAsync(first, Outage / 3);
            var (_, answer) = await first.GetAsync("/api/v1/query?query=" + Uri.EscapeDataString($"count(count_over_time({SteadySender.Metric}[1h]))"));
            Assert.Contains($"\"{SteadySender.Series}\"", answer, StringComparison.Ordinal); // it answers with what it has, and says so
            Assert.Contains("warnings", answer, StringComparison.Ordinal);
            Assert.Contains("not sending", (await first.GetAsync("/api/ops/v1/hub")).Body, StringComparison.Ordinal);
            var (code, _) = await first.StopAsync();
            Assert.Equal(0, code);
        }
        await using (var second = await StartAsync(lab, cluster))
        {
            sender.Begin(second);
            await WatchAsync(second, Outage / 3);
            await second.KillAsync();
        }

        await using var third = await StartAsync(lab, cluster);
        sender.Begin(third);
        await WatchAsync(third, Outage / 3);
        var waited = await ValueAsync(third, "hms_remote_waiting_items");
        await cluster.StartAsync();
        var back = Stopwatch.GetTimestamp();
        await UntilAsync(third, "hms_remote_waiting_items", waiting => waiting < 20 * SteadySender.Series, CaughtUpWithin);
        var caughtUp = Stopwatch.GetElapsedTime(back);
        await sender.FinishAsync();
        await UntilAsync(third, "hms_remote_waiting_items", waiting => waiting == 0, CaughtUpWithin);
        foreach (var none in (string[])["hms_remote_refused_items_total", "hms_remote_dropped_items_total", "hms_remote_lost_items_total"])
            Assert.Equal(0, await ValueAsync(third, none));

        await AssertEachOnceAsync(cluster, sender);
        await AssertHubSaysTheSameAsync(third, sender);
        var (memory, queue) = (_seen.Max(seen => seen.Memory), _seen.Max(seen => seen.Queue));
        Assert.InRange(queue, 1, QueueBytesMax);
        Assert.InRange(memory, 1, MemoryBytesMax);
        var sent = (long)sender.Times.Count * SteadySender.Series;
        await SayAsync(kind, string.Create(CultureInfo.InvariantCulture,
            $"{kind}: away for {Outage.TotalMinutes:0.0} min, the hub stopped once and killed once meanwhile: {sent} samples acknowledged, each there once; {waited:0} waited when the cluster came back, caught up {caughtUp.TotalSeconds:0.0} s later. "
            + $"At most {queue / 1048576.0:0.0} MiB of queue ({queue / Math.Max(1, waited):0.00} B a sample) and {memory / 1048576.0:0} MiB of memory."));
    }

    private static async Task SayAsync(string kind, string said) => await File.WriteAllTextAsync(Path.Combine(Checkout.Root, ".build", $"outage-{kind}.txt"), said + "\n");

    private static Task<RunningHub> StartAsync(LabFolder lab, LabCluster cluster) =>
        RunningHub.StartAsync(lab, ["--otlp-grpc", "off", "--storage", "remote", "--remote-queue", "256MiB", .. cluster.Flags]);

    private async Task WatchAsync(RunningHub hub, TimeSpan span)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var began = Stopwatch.GetTimestamp();
        do
        {
            await timer.WaitForNextTickAsync();
            _seen.Add(((long)await ValueAsync(hub, "process_resident_memory_bytes"), (long)await ValueAsync(hub, "hms_remote_queue_bytes")));
        }
        while (Stopwatch.GetElapsedTime(began) < span);
        Assert.Equal(0, await ValueAsync(hub, "hms_remote_up"));
    }

    private static async Task AssertEachOnceAsync(LabCluster cluster, SteadySender sender)
    {
        var all = await cluster.AllAsync(SteadySender.Metric, sender.Times[0], sender.Times[^1]);
        Assert.Equal(SteadySender.Series, all.Count);
        foreach (var (name, samples) in all)
        {
            var series = int.Parse(name, CultureInfo.InvariantCulture);
            Assert.Equal(sender.Times, samples.Select(sample => sample.Time));
            foreach (var (time, value) in samples)
            {
                // VictoriaMetrics keeps decimal digits, some fifteen of them.
                var should = SteadySender.ValueOf(series, time);
                Assert.True(Math.Abs(value - should) <= Math.Abs(should) * 1e-12, $"series {series} is {value:R} at {time}, and {should:R} was sent");
            }
        }
    }

    // From both, five minutes a question.
    private static async Task AssertHubSaysTheSameAsync(RunningHub hub, SteadySender sender)
    {
        const long slice = 300_000;
        var counted = 0L;
        for (var to = sender.Times[^1]; to >= sender.Times[0]; to -= slice)
        {
            var query = string.Create(CultureInfo.InvariantCulture, $"sum(count_over_time({SteadySender.Metric}[{slice}ms]))");
            var answer = await hub.JsonAsync(string.Create(CultureInfo.InvariantCulture, $"/api/v1/query?query={Uri.EscapeDataString(query)}&time={to / 1000.0:0.000}"));
            Assert.False(answer.TryGetProperty("warnings", out var warnings), warnings.ValueKind == JsonValueKind.Undefined ? "" : warnings.ToString());
            foreach (var point in answer.GetProperty("data").GetProperty("result").EnumerateArray())
                counted += long.Parse(point.GetProperty("value")[1].GetString() ?? "", CultureInfo.InvariantCulture);
        }
        Assert.Equal((long)sender.Times.Count * SteadySender.Series, counted);
    }

    private static async Task<double> ValueAsync(RunningHub hub, string metric)
    {
        var (_, text) = await hub.GetAsync("/metrics");
        return ValueIn(text, metric) ?? throw new InvalidOperationException($"/metrics has no {metric}");
    }

    private static double? ValueIn(string text, string metric) =>
        Regex.Match(text, $"^{metric} (.+)$", RegexOptions.Multiline) is { Success: true } match ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;

    private static Task UntilAsync(RunningHub hub, string metric, Func<double, bool> wanted, TimeSpan within) =>
        hub.UntilAsync("/metrics", text => ValueIn(text, metric) is { } value && wanted(value), within);
}
