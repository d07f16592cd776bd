using System.Diagnostics;
using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb;

namespace HmsOps.Bench.Head;

/// <summary>
/// What the head of the metric store costs, with nothing before it: batches of 5,000 samples of 15 s scrapes go in one after the other; then the store is
/// killed and read back from its log, stopped in order, and read back from its checkpoint. Both wall time and the process's own are printed.
/// </summary>
internal static class HeadBench
{
    /// <summary>Arguments: series and scrapes; 50,000 × 160, then a million × 8.</summary>
    public static async Task RunAsync(string[] args)
    {
        (int Series, int Scrapes)[] runs = args.Length >= 2 ? [(int.Parse(args[0]), int.Parse(args[1]))] : [(50_000, 160), (1_000_000, 8)];
        foreach (var (series, scrapes) in runs)
            await MeasureAsync(series, scrapes);
    }

    private static async Task MeasureAsync(int series, int scrapes)
    {
        const int BatchSize = 5_000;
        var folder = Path.Combine(Path.GetTempPath(), $"hms-head-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            var clock = new SampleClock(new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero));
            var options = new MetricStoreOptions
            {
                Folder = Path.Combine(folder, "metrics"),
                SeriesMax = series * 2,
                SamplesMax = long.MaxValue,
                MemoryMax = 8L << 30,
                HashKey = new UInt128(1, 2),
                CheckpointEvery = TimeSpan.FromDays(1),
            };
            var disk = new RealDisk();
            var fleet = new ExporterFleet(series);
            var before = Settled();
            Console.WriteLine($"{series:N0} series x {scrapes} scrapes; load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");

            var store = MetricStore.Open(disk, options, clock);
            using var stopping = new CancellationTokenSource();
            var running = store.RunAsync(stopping.Token);
            var batch = new SampleBatch();
            var (watch, first) = (new Stopwatch(), TimeSpan.Zero);
            var (cpu, firstCpu, slowest) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
            for (var scrape = 0; scrape < scrapes; scrape++)
            {
                var time = clock.GetUtcNow().ToUnixTimeMilliseconds();
                for (var from = 0; from < series; from += BatchSize)
                {
                    batch.Clear();
                    for (var i = from; i < Math.Min(series, from + BatchSize); i++)
                        batch.Add(fleet.Keys[i], time, fleet.Next(i));
                    var (began, cpuBegan) = (watch.Elapsed, Cpu());
                    watch.Start();
                    var result = await store.AppendAsync(batch, CancellationToken.None);
                    watch.Stop();
                    cpu += Cpu() - cpuBegan;
                    if (scrape > 0)
                        slowest = TimeSpan.FromTicks(Math.Max(slowest.Ticks, (watch.Elapsed - began).Ticks));
                    if (result.Refused.Count > 0)
                        throw new InvalidOperationException($"{result.Refused[0].Reason}: {result.Refused[0].Detail}");
                }
                if (scrape == 0)
                    (first, firstCpu) = (watch.Elapsed, cpu);
                clock.Advance(TimeSpan.FromMilliseconds(ExporterFleet.StepMs));
            }
            var samples = (double)series * (scrapes - 1);
            Console.WriteLine($"  append, new series     {first.TotalNanoseconds / series,8:N0} ns/series wall, {firstCpu.TotalNanoseconds / series:N0} cpu");
            Console.WriteLine($"  append, known series   {(watch.Elapsed - first).TotalNanoseconds / samples,8:N0} ns/sample wall, {(cpu - firstCpu).TotalNanoseconds / samples:N0} cpu; slowest batch {slowest.TotalMilliseconds:N1} ms");
            var counts = store.Counts;
            Console.WriteLine($"  log                    {counts.LogBytes / (double)counts.Samples,8:N2} B/sample, {counts.LogBytes >> 20} MiB (declarations included)");
            Console.WriteLine($"  memory, as counted     {counts.MemoryBytes / (double)series,8:N0} B/series; grown by {(Settled() - before) / (double)series:N0} as the runtime and the system see it");

            watch.Restart();
            var answered = Sum(store);
            Console.WriteLine($"  read everything        {watch.Elapsed.TotalNanoseconds / counts.Samples,8:N0} ns/sample");

            // Killed: nothing of the first store is used again.
            watch.Restart();
            var replayed = MetricStore.Open(disk, options, clock);
            Console.WriteLine($"  open from the log      {watch.Elapsed.TotalMilliseconds,8:N0} ms, {watch.Elapsed.TotalNanoseconds / counts.Samples:N0} ns/sample");
            Check(answered, Sum(replayed));
            replayed.Dispose();

            watch.Restart();
            stopping.Cancel();
            await running;
            Console.WriteLine($"  stop in order          {watch.Elapsed.TotalMilliseconds,8:N0} ms; checkpoint {store.Counts.CheckpointBytes >> 20} MiB, {store.Counts.CheckpointBytes / (double)series:N0} B/series");
            store.Dispose();
            store = null;

            watch.Restart();
            using var restarted = MetricStore.Open(disk, options, clock);
            Console.WriteLine($"  open from a checkpoint {watch.Elapsed.TotalMilliseconds,8:N0} ms");
            Check(answered, Sum(restarted));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static TimeSpan Cpu() => Process.GetCurrentProcess().TotalProcessorTime;

    private static long Settled()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static (long Samples, long Bits) Sum(MetricStore store)
    {
        using var cursor = store.Select(new Selection([], 0, long.MaxValue), new QueryBudget(long.MaxValue), CancellationToken.None);
        var (samples, bits) = (0L, 0L);
        while (cursor.MoveNext())
        {
            samples += cursor.Current.Times.Length;
            foreach (var value in cursor.Current.Values)
                bits = (bits * 31) + BitConverter.DoubleToInt64Bits(value);
        }
        return (samples, bits);
    }

    private static void Check((long Samples, long Bits) expected, (long Samples, long Bits) actual)
    {
        if (expected != actual)
            throw new InvalidOperationException($"{expected.Samples} samples were there, {actual.Samples} came back, or not with the same values.");
    }
}
