using System.Diagnostics;
using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Blocks;
using HmsOps.Tsdb.Tests.Blocks;

namespace HmsOps.Bench.Blocks;

/// <summary>
/// What a block costs: writing it, its bytes, looking things up in it, merging it. The series are those of a Kubernetes cluster, eleven labels each
/// (<see cref="ClusterSeries"/>, where a test holds the bytes). Times of CPU leave out the making of the data; queries are asked of one block, its file in the page cache.
/// </summary>
internal sealed class BlockBench(int pods, int samples, string folder)
{
    private const double PrometheusIndexPerSample = 0.65;
    private const int PodsOfNode = 40; // of ClusterSeries

    /// <summary>Arguments: pods and samples a series; 1,000 and 160. 1,000 pods are 50,000 series, 20,000 pods a million.</summary>
    public static void Run(string[] args)
    {
        var pods = args.Length > 0 ? int.Parse(args[0]) : 1000;
        if (pods % PodsOfNode != 0)
            throw new ArgumentException($"{pods} pods do not fill their nodes: take a multiple of {PodsOfNode}.", nameof(args));
        new BlockBench(pods, args.Length > 1 ? int.Parse(args[1]) : 160, Directory.CreateTempSubdirectory("hms-ops-block-bench-").FullName).Print();
    }

    private void Print()
    {
        try
        {
            var disk = new RealDisk();
            var cluster = new ClusterSeries(pods, seed: 1);
            Console.WriteLine($"{cluster.Count} series x {samples} samples; load {File.ReadAllText("/proc/loadavg").Trim()}");

            var infos = new[] { Write(1, 0, samples), Write(2, 0, samples / 2), Write(3, samples / 2, samples) };
            var whole = infos[0];
            Console.WriteLine($"bytes: {(double)whole.Bytes / whole.Samples:f3} B/sample = values {(double)whole.ChunkBytes / whole.Samples:f3} + times {(double)whole.TimeBytes / whole.Samples:f4}"
                + $" + index {(double)whole.IndexBytes / whole.Samples:f3} ({(double)whole.IndexBytes / whole.Series:f1} B/series, {(double)whole.IndexBytes / whole.Samples / PrometheusIndexPerSample:f3} of Prometheus')");
            SayWhatTheIndexHolds(whole);

            var cache = new BlockCache(256 << 20);
            var open = Stopwatch.StartNew();
            using (var set = BlockSet.Open(disk, folder, cache))
            {
                Console.WriteLine($"open 3 blocks: {open.Elapsed.TotalMilliseconds:f2} ms");
                Ask(set);
                var merge = Measure(() => new BlockMerge(set, new BlockIdentity(10, 2), [2, 3], new ByteRate(TimeProvider.System, long.MaxValue)).RunAsync(CancellationToken.None).GetAwaiter().GetResult());
                Console.WriteLine($"merge two halves: {whole.Samples / merge.Seconds / 1e6:f2} M samples/s of CPU, {merge.Wall:f2} s, heap at the last collection grew by {merge.Heap / 1e6:f0} MB");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private BlockInfo Write(int id, int from, int to)
    {
        var disk = new RealDisk();
        var cluster = new ClusterSeries(pods, seed: 1);
        var times = Enumerable.Range(0, cluster.Targets).Select(target => ClusterSeries.Times(target, samples)).ToArray();
        var values = new double[samples];
        BlockInfo? info = null;
        var filling = Measure(() =>
        {
            foreach (var row in cluster.Rows())
                ClusterSeries.Fill(values, row.Number);
        });
        var write = Measure(() =>
        {
            using var writer = new BlockWriter(disk, folder, new BlockIdentity((UInt128)id, 1));
            foreach (var (labels, target, number) in cluster.Rows())
            {
                ClusterSeries.Fill(values, number);
                writer.Add(labels, new SeriesView(labels, times[target].AsSpan(from, to - from), values.AsSpan(from, to - from), []));
            }
            info = writer.Finish();
        });
        var cpu = write.Seconds - filling.Seconds;
        if (id == 1)
            Console.WriteLine($"write: {info!.Samples / cpu / 1e6:f2} M samples/s of CPU, {info.Bytes / cpu / 1e6:f1} MB/s, {info.Series / cpu / 1e3:f0} k series/s; heap at the last collection grew by {write.Heap / 1e6:f0} MB; {cpu:f2} s CPU without making the data, {write.Wall:f2} s with");
        return info!;
    }

    private static void SayWhatTheIndexHolds(BlockInfo info)
    {
        using var file = new RealDisk().Open(info.Path, writable: false);
        var sections = BlockFooter.Read(file).Sections;
        Console.WriteLine("index, B/series: " + string.Join(", ", sections.GroupBy(section => section.Kind)
            .Select(group => $"{group.Key.ToString().ToLowerInvariant()} {(double)group.Sum(section => section.Length) / info.Series:f2}")));
    }

    private void Ask(BlockSet set)
    {
        using var pin = set.Pin();
        var block = pin.Blocks.First(block => block.Info.Identity.Id == 1);
        var rows = new ClusterSeries(pods, seed: 1).Rows().Where(row => row.Number % 5000 == 77).Select(row => row.Labels.Copy()).Take(100).ToArray();
        var name = rows[0].Name;
        Time("one series, cold", 1, () => Walk(block, One(rows[0])));
        TimeEach("one series", rows.Length, i => Walk(block, One(rows[i])));
        Time("one metric", 20, () => Walk(block, Of(new Matcher("__name__", MatchOp.Equal, name))));
        Time("one metric, one namespace", 20, () => Walk(block, Of(new Matcher("__name__", MatchOp.Equal, name), new Matcher("namespace", MatchOp.Equal, "tax-prod"))));
        Time("one metric, pods by regex", 20, () => Walk(block, Of(new Matcher("__name__", MatchOp.Equal, name), new Matcher("pod", MatchOp.Regex, "web-.*"))));
        Time("one node, all its metrics", 20, () => Walk(block, Of(new Matcher("node", MatchOp.Equal, "ip-10-0-7-7.county.example"))));
        Time("regex over all pods", 5, () => Walk(block, Of(new Matcher("pod", MatchOp.Regex, "web-.*"))));
        Time("values of pod of one metric", 20, () => (block.LabelValues("pod", Of(new Matcher("__name__", MatchOp.Equal, name)), CancellationToken.None).Count, 0));
        Time("everything", 1, () => Walk(block, Of()));
    }

    private static (long, long) Walk(Block block, Selection selection)
    {
        var (series, read) = (0L, 0L);
        using var cursor = block.Select(selection, new QueryBudget(long.MaxValue), CancellationToken.None);
        while (cursor.MoveNext())
        {
            series++;
            read += cursor.Current.Times.Length;
        }
        return (series, read);
    }

    private static Selection Of(params Matcher[] matchers) => new(matchers, long.MinValue, long.MaxValue);

    private static Selection One(Labels labels)
    {
        var matchers = new List<Matcher>();
        foreach (var label in labels)
            matchers.Add(new Matcher(System.Text.Encoding.UTF8.GetString(label.Name), MatchOp.Equal, System.Text.Encoding.UTF8.GetString(label.Value)));
        return Of([.. matchers]);
    }

    private static void Time(string what, int times, Func<(long, long)> ask) => TimeEach(what, times, _ => ask());

    private static void TimeEach(string what, int times, Func<int, (long Series, long Samples)> ask)
    {
        var walls = new double[times];
        (long Series, long Samples) answer = default;
        for (var i = 0; i < times; i++)
        {
            var watch = Stopwatch.StartNew();
            answer = ask(i);
            walls[i] = watch.Elapsed.TotalMilliseconds;
        }
        Array.Sort(walls);
        var rate = answer.Samples > 0 ? $", {answer.Samples / walls[0] / 1e3:f0} M samples/s at best" : "";
        Console.WriteLine($"{what}: {answer.Series} series, {answer.Samples} samples: best {walls[0]:f3} ms, median {walls[times / 2]:f3} ms{rate}");
    }

    private static (double Seconds, double Wall, double Heap) Measure(Action work)
    {
        GC.Collect();
        var heap = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Stopwatch.StartNew();
        var before = Environment.CpuUsage.TotalTime;
        work();
        var used = Environment.CpuUsage.TotalTime - before;
        return (used.TotalSeconds, watch.Elapsed.TotalSeconds, GC.GetGCMemoryInfo().HeapSizeBytes - heap);
    }
}
