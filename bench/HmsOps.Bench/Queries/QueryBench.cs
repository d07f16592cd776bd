using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using HmsOps.Bench.Head;
using HmsOps.Disk;
using HmsOps.Observe;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Tests.Wire;
using HmsOps.PromQL;
using HmsOps.Series;
using HmsOps.SideBySide.Data;
using HmsOps.Tsdb;

namespace HmsOps.Bench.Queries;

/// <summary>
/// What the questions of <c>side-by-side</c> cost the engine and the store, with no server around them: time and bytes allocated by one answer, the best
/// of several.
/// </summary>
internal static class QueryBench
{
    /// <summary>Arguments: series and scrapes, 50,000 × 130 when they are left out; then words that the names of questions hold, all without.</summary>
    public static async Task RunAsync(string[] args)
    {
        var (series, scrapes) = args.Length >= 2 ? (int.Parse(args[0]), int.Parse(args[1])) : (50_000, 130);
        var words = args.Skip(2).ToArray();
        var folder = Path.Combine(Path.GetTempPath(), $"hms-queries-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            var scale = new Scale("bench", series, scrapes, ChurnEvery: 0, TimeSpan.FromMinutes(10), []);
            var timeline = Timeline.EndingAt(new DateTimeOffset(2026, 3, 2, 8, 50, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), scale);
            using var store = MetricStore.Open(new RealDisk(), new MetricStoreOptions
            {
                Folder = Path.Combine(folder, "metrics"),
                SeriesMax = series * 2,
                SamplesMax = long.MaxValue,
                MemoryMax = 8L << 30,
                HashKey = new UInt128(1, 2),
                CheckpointEvery = TimeSpan.FromDays(1),
            }, new SampleClock(DateTimeOffset.FromUnixTimeMilliseconds(timeline.Last + 60_000)));
            using var stopping = new CancellationTokenSource();
            var running = store.RunAsync(stopping.Token);
            await FillAsync(store, new Fleet(scale, witnesses: 0), timeline);
            Console.WriteLine($"{series:N0} series x {scrapes} scrapes; load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
            Measure("label names", () => store.LabelNames(new Selection([], 0, timeline.Last), CancellationToken.None).Count, words);
            Measure("values of a label", () => store.LabelValues("pod", new Selection([], 0, timeline.Last), CancellationToken.None).Count, words);
            var engine = new PromEngine(store, PromLimits.Default);
            foreach (var question in Question.All)
            {
                if (PromParser.Parse(question.Text).Expression is { } expression)
                    Measure(question.Name, () => Ask(engine, expression, question, timeline.Last), words);
                else
                    Console.WriteLine($"  {question.Name,-28} not in this version");
            }
            var conditions = Conditions();
            Measure("10,000 alert conditions", () => conditions.Sum(condition => engine.Instant(condition, timeline.Last, CancellationToken.None).Points.Count), words);
            stopping.Cancel();
            await running;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Each of the thousand ten times: read once, as rules are when their file is.
    private static PromExpression[] Conditions() =>
        [.. Enumerable.Repeat(Question.Alerts, 10).SelectMany(alerts => alerts).Select(alert => PromParser.Parse(alert).Expression ?? throw new InvalidOperationException(alert))];

    private static async Task FillAsync(MetricStore store, Fleet fleet, Timeline timeline)
    {
        var intake = new RemoteWriteIntake(store, new Refusals(), new WriteLimits());
        foreach (var (scrape, time) in timeline.All)
        {
            foreach (var body in fleet.Scrape(scrape, time))
            {
                var packed = Bodies.Pack(body.ToArray());
                var answer = await intake.AcceptAsync(
                    new WriteRequestHead("application/x-protobuf", "snappy", "0.1.0"), PipeReader.Create(new ReadOnlySequence<byte>(packed)), CancellationToken.None);
                if (answer.Status != 204)
                    throw new InvalidOperationException(answer.Message);
            }
        }
    }

    private static int Ask(PromEngine engine, PromExpression expression, Question question, long now) => question.RangeSeconds == 0
        ? engine.Instant(expression, now, CancellationToken.None).Points.Count
        : engine.Range(expression, now - (question.RangeSeconds * 1000L), now, question.StepSeconds * 1000L, CancellationToken.None).Series.Count;

    private static void Measure(string what, Func<int> ask, string[] words)
    {
        if (words.Length > 0 && !words.Any(word => what.Contains(word, StringComparison.Ordinal)))
            return;
        var (best, allocated, answers) = (long.MaxValue, 0L, 0);
        var all = Stopwatch.StartNew();
        for (var i = 0; i < 3 || (i < 200 && all.ElapsedMilliseconds < 1_500); i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var begun = Stopwatch.GetTimestamp();
            answers = ask();
            best = Math.Min(best, Stopwatch.GetTimestamp() - begun);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Console.WriteLine($"  {what,-28} {Stopwatch.GetElapsedTime(0, best).TotalMilliseconds,9:N3} ms  {allocated,12:N0} B allocated  {answers,6} answered");
    }
}
