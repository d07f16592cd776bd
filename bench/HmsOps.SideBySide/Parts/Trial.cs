using System.Diagnostics;
using HmsOps.SideBySide.Data;
using HmsOps.SideBySide.Peers;
using HmsOps.SideBySide.Table;

namespace HmsOps.SideBySide.Parts;

/// <summary>One server, one scale, one run: its parts in order, each a raw line. What fails fails by name, and the parts after it are tried.</summary>
internal sealed class Trial(Peer peer, Scale scale, int run, string folder, TimeProvider time, RawLines raw)
{
    private const int WitnessCount = 200;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(20);

    private readonly Fleet _fleet = new(scale, Math.Min(WitnessCount, scale.Series));
    private readonly Timeline _timeline = Timeline.EndingAt(time.GetUtcNow().ToUnixTimeMilliseconds(), scale);
    private readonly string _version = peer.Version;
    private long _samples; // that the server has and said so

    private string DataFolder => Path.Combine(folder, "data");

    public async Task RunAsync(IReadOnlyList<Part> parts, CancellationToken stopping)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        bound.CancelAfter(scale.Bound);
        using var server = new Server(peer, folder);
        await MeasureAsync(Part.Intake, parts, figures => IntakeAsync(server, figures, parts.Contains(Part.Intake), bound.Token), stopping);
        await MeasureAsync(Part.Check, parts, figures => CheckAsync(server, figures, bound.Token), stopping);
        await MeasureAsync(Part.Queries, parts, figures => QueriesAsync(server, figures, bound.Token), stopping);
        await MeasureAsync(Part.Kill, parts, figures => KillAsync(server, figures, bound.Token), stopping);
        await MeasureAsync(Part.Restart, parts, figures => RestartAsync(server, figures, bound.Token), stopping);
        await MeasureAsync(Part.Compact, parts, figures => CompactAsync(server, figures, bound.Token), stopping);
    }

    // Intake is done in any case, for there is nothing to measure without it; it makes a line only when it was asked for.
    private async Task MeasureAsync(Part part, IReadOnlyList<Part> parts, Func<Figures, Task> measure, CancellationToken stopping)
    {
        if (part != Part.Intake && !parts.Contains(part))
            return;
        var figures = new Figures();
        var loadBefore = ProcessCost.LoadAverage();
        var begun = Stopwatch.GetTimestamp();
        await figures.TryAsync(Figures.Whole, () => measure(figures));
        stopping.ThrowIfCancellationRequested(); // the person's wish to end, not the bound's: this part is not written
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        if (parts.Contains(part))
        {
            raw.Add(new RawLine(
                scale.Name, peer.Name, run, part.ToString(), _version, string.Join(' ', peer.Flags), time.GetUtcNow(), seconds, loadBefore, ProcessCost.LoadAverage(), figures.Values, figures.Missing));
        }
        Console.WriteLine($"{scale.Name}, run {run}, {peer.Name}, {part.ToString().ToLowerInvariant()}: {seconds:0.0} s, load {loadBefore} to {ProcessCost.LoadAverage()}");
        foreach (var (what, why) in figures.Missing)
            Console.WriteLine($"    not measured: {what}: {why}");
    }

    private async Task IntakeAsync(Server server, Figures figures, bool isMeasured, CancellationToken cancellationToken)
    {
        figures[Figures.EmptyStart] = await server.StartAsync(cancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken); // what it does right after its start is no part of intake
        var empty = ProcessCost.Resident(server.Pid);
        var cpu = ProcessCost.CpuSeconds(server.Pid);
        var begun = Stopwatch.GetTimestamp();
        var took = await new Sender(server, _fleet).SendAsync(_timeline.All, cancellationToken);
        _samples = scale.Samples;
        figures[Figures.IntakeWall] = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        figures[Figures.SamplesPerCoreSecond] = scale.Samples / (ProcessCost.CpuSeconds(server.Pid) - cpu) / 1000;
        figures[Figures.WriteMedian] = 1000 * took[took.Length / 2];
        figures[Figures.WriteSlow] = 1000 * took[took.Length * 99 / 100];
        if (!isMeasured)
            return;
        await Task.Delay(Idle, time, cancellationToken);
        figures[Figures.DiskAfterIntake] = ProcessCost.AllocatedBytes(DataFolder) / (double)_samples; // by now VictoriaMetrics has written what it held
        figures[Figures.CpuWithIdle] = (ProcessCost.CpuSeconds(server.Pid) - cpu) / (scale.Samples / 1e6);
        figures[Figures.ResidentPerSeries] = (ProcessCost.Resident(server.Pid) - empty) / (double)scale.Series;
        figures[Figures.PeakPerSeries] = ProcessCost.PeakResident(server.Pid) / (double)scale.Series;
        figures[Figures.Resident] = ProcessCost.Resident(server.Pid) / 1048576.0;
    }

    // Every sample of some series, asked for at its own time, and that there is one and no more.
    private async Task CheckAsync(Server server, Figures figures, CancellationToken cancellationToken)
    {
        var asking = new Asking(server);
        var (compared, wrong, rounded) = (0L, 0L, 0L);
        foreach (var witness in _fleet.Witnesses)
        {
            var values = await asking.PointsAsync(witness.Selector, _timeline, cancellationToken);
            var counts = await asking.PointsAsync($"count_over_time({witness.Selector}[{Scale.IntervalMs / 1000 - 1}s])", _timeline, cancellationToken);
            var sent = witness.Samples.ToDictionary(s => s.Time, s => s.Value);
            foreach (var (_, at) in _timeline.All)
            {
                var expected = sent.TryGetValue(at, out var value);
                var count = counts.GetValueOrDefault(at);
                compared += expected ? 1 : 0;
                if (count != (expected ? 1 : 0) || (expected && !(values.TryGetValue(at, out var had) && IsNear(had, value))))
                    wrong++;
                else if (expected && BitConverter.DoubleToInt64Bits(values[at]) != BitConverter.DoubleToInt64Bits(value))
                    rounded++;
            }
        }
        figures[Figures.Compared] = compared;
        figures[Figures.Wrong] = wrong;
        figures[Figures.Rounded] = rounded;
    }

    private static bool IsNear(double a, double b) => a == b || Math.Abs(a - b) <= 1e-9 * Math.Abs(b);

    private async Task QueriesAsync(Server server, Figures figures, CancellationToken cancellationToken)
    {
        var asking = new Asking(server);
        await figures.TryAsync(Figures.HeavyQueryMemory, async () =>
        {
            var idle = ProcessCost.Resident(server.Pid); // no question has made its memory grow yet
            ProcessCost.ForgetPeak(server.Pid);
            await asking.GetAsync(Asking.PathOf(Question.Heaviest, _timeline.Last), cancellationToken);
            figures[Figures.HeavyQueryMemory] = (ProcessCost.PeakResident(server.Pid) - idle) / 1048576.0;
        });
        if (peer.KnowsNativeHistograms)
            await figures.TryAsync(Question.NativeMetric, () => new Natives().SendAsync(server, _timeline, cancellationToken));
        await asking.WarmUpAsync([.. Question.All.Select(question => Asking.PathOf(question, _timeline.Last))], cancellationToken);
        foreach (var question in Question.All)
        {
            await figures.TryAsync(Figures.QueryCpu(question), async () =>
            {
                if (question.Text.Contains(Question.NativeMetric, StringComparison.Ordinal) && !peer.KnowsNativeHistograms)
                    throw new NotMeasuredException("knows no native histograms");
                figures[Figures.QueryCpu(question)] = 1000 * await asking.CpuSecondsAsync(Asking.PathOf(question, _timeline.Last), cancellationToken);
            });
        }
        await figures.TryAsync(Figures.Alerts, async () =>
            figures[Figures.Alerts] = 1000 * await asking.CpuSecondsOfEachAsync([.. Question.Alerts.Select(alert => Asking.Instant(alert, _timeline.Last))], cancellationToken));
    }

    // One more scrape of everything; killed when its last request has been acknowledged.
    private async Task KillAsync(Server server, Figures figures, CancellationToken cancellationToken)
    {
        var extra = _timeline.TimeOf(_timeline.Scrapes);
        await new Sender(server, _fleet).SendAsync([(_timeline.Scrapes, extra)], cancellationToken);
        server.Kill();
        figures[Figures.KilledRestart] = await server.StartAsync(cancellationToken);
        var asking = new Asking(server);
        var there = 0.0;
        foreach (var metric in Fleet.MetricNames) // one by one: a million series at once is more than some answer
            there += await asking.NumberAsync($"sum(count_over_time({metric}[{Scale.IntervalMs / 1000 - 1}s]))", extra, cancellationToken);
        _samples += (long)there;
        figures[Figures.Lost] = scale.Series - there;
    }

    private async Task RestartAsync(Server server, Figures figures, CancellationToken cancellationToken)
    {
        figures[Figures.Stop] = server.Stop();
        var begun = Stopwatch.GetTimestamp();
        figures[Figures.Restart] = await server.StartAsync(cancellationToken);
        await figures.TryAsync(Figures.RestartAndQuery, async () =>
        {
            await new Asking(server).GetAsync(Asking.PathOf(Question.Heavy, _timeline.Last), cancellationToken);
            figures[Figures.RestartAndQuery] = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        });
    }

    private async Task CompactAsync(Server server, Figures figures, CancellationToken cancellationToken)
    {
        var steady = ProcessCost.Resident(server.Pid);
        ProcessCost.ForgetPeak(server.Pid);
        var form = await peer.CompactAsync(server, cancellationToken);
        figures[Figures.SealPeak] = 100.0 * (ProcessCost.PeakResident(server.Pid) - steady) / steady;
        figures[Figures.DiskCompacted] = form.Bytes / (double)_samples;
        figures[Figures.IndexCompacted] = form.IndexBytes / (double)_samples;
    }
}
