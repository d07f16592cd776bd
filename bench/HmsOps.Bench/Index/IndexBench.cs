using System.Globalization;
using HmsOps.Series;
using HmsOps.Tsdb.Index;

namespace HmsOps.Bench.Index;

/// <summary>
/// How much memory the index of series takes, and how much processor time what it does takes: of this process, so that a busy machine disturbs
/// little. Prints figures, decides nothing.
/// </summary>
internal sealed class IndexBench(int series)
{
    private static readonly UInt128 Key = new(1, 2);

    private readonly SeriesIndex _index = new(Key);
    private readonly UInt128[] _identities = new UInt128[series];

    /// <summary>Arguments: how many series; a million.</summary>
    public static void Run(string[] args) => new IndexBench(args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000).Print();

    private void Print()
    {
        var (adding, slowest) = Fill();
        Memory();
        Console.WriteLine($"add             {series / adding / 1e6,8:0.00} M/s, the slowest hundred {slowest * 1e3:0.0} ms");
        Hashing();
        Finding();
        Selecting();
        Sorting();
        Saving();
    }

    private (double Add, double Slowest) Fill()
    {
        var (add, slow) = (0.0, 0.0);
        for (var at = 0; at < series; at += PodFleet.SeriesPerPod)
        {
            var pod = PodFleet.Pod(at / PodFleet.SeriesPerPod);
            for (var i = 0; i < pod.Length; i++)
                _identities[at + i] = _index.IdentityOf(pod[i].Bytes);
            var start = Now();
            for (var i = 0; i < pod.Length; i++)
                _index.Add(pod[i], _identities[at + i]);
            var took = Now() - start;
            add += took;
            slow = Math.Max(slow, took);
        }
        return (add, slow);
    }

    private void Hashing()
    {
        var pods = Enumerable.Range(0, 50).SelectMany(PodFleet.Pod).ToArray();
        var bytes = pods.Sum(labels => (long)labels.Bytes.Length);
        var took = Best(() =>
        {
            foreach (var labels in pods)
                _index.IdentityOf(labels.Bytes);
        });
        Console.WriteLine($"hash            {bytes / took / 1e9,8:0.0} GB/s over keys of {bytes / pods.Length} bytes");
    }

    private void Memory()
    {
        var (identity, records, values, postings) = _index.Memory;
        Console.WriteLine($"{_index.Count} series, {_index.LabelCounts().Sum(label => label.Values)} values of {_index.LabelNames().Count} labels; bytes a series:");
        foreach (var (part, bytes) in new[] { ("label records", records), ("values", values), ("identities", identity), ("postings", postings), ("sum", _index.MemoryBytes) })
            Console.WriteLine($"  {part,-14}{(double)bytes / series,8:0.0}");
    }

    private void Finding()
    {
        var random = new Random(1);
        var asked = _identities.ToArray();
        random.Shuffle(asked);
        var ids = new int[asked.Length];
        foreach (var (how, batch) in new[] { ("in order", _identities), ("shuffled", asked) })
        {
            var one = Best(() =>
            {
                for (var i = 0; i < batch.Length; i++)
                    ids[i] = _index.Find(batch[i]);
            });
            var many = Best(() =>
            {
                for (var i = 0; i < batch.Length; i += 5000)
                    _index.Find(batch.AsSpan(i, Math.Min(5000, batch.Length - i)), ids.AsSpan(i));
            });
            Console.WriteLine($"find {how}   {batch.Length / one / 1e6,8:0.0} M/s one by one, {batch.Length / many / 1e6:0.0} M/s in batches of 5000");
        }
        if (ids.Any(id => id < 0))
            throw new InvalidOperationException("A series was not found.");
    }

    private void Selecting()
    {
        Select("one metric", [M("__name__", MatchOp.Equal, "process_runtime_counter_50_total")]);
        Select("metric and job", [M("__name__", MatchOp.Equal, "process_runtime_counter_50_total"), M("job", MatchOp.Equal, "svc-3")]);
        Select("metric, pod =~", [M("__name__", MatchOp.Equal, "svc_3_operation_80_total"), M("pod", MatchOp.Regex, "svc-3-.*[2-5]")], fresh: true);
        Select("the same again", [M("__name__", MatchOp.Equal, "svc_3_operation_80_total"), M("pod", MatchOp.Regex, "svc-3-.*[2-5]")]);
        Select("alternatives", [M("job", MatchOp.Regex, "svc-1|svc-2|svc-7"), M("le", MatchOp.Equal, "0.5")]);
        Select("job != and le=\"\"", [M("job", MatchOp.NotEqual, "svc-1"), M("le", MatchOp.Equal, "")]);
        Select("all", []);
    }

    private void Select(string what, Matcher[] matchers, bool fresh = false)
    {
        var found = 0;
        var took = fresh ? Once(Ask) : Best(Ask);
        void Ask() => found = _index.Select(matchers, CancellationToken.None).Length;
        Console.WriteLine($"select {what,-18}{took * 1e3,8:0.000} ms, {found} series");
    }

    private void Sorting()
    {
        foreach (var matchers in new Matcher[][] { [M("__name__", MatchOp.Equal, "svc_3_operation_80_total")], [M("__name__", MatchOp.Equal, "process_runtime_counter_50_total")], [] })
        {
            var ids = _index.Select(matchers, CancellationToken.None);
            var took = Best(() => _index.SortRows(ids.ToArray(), CancellationToken.None));
            Console.WriteLine($"sort {ids.Length,9} rows {took * 1e3,12:0.0} ms");
        }
        var some = _index.Select([M("__name__", MatchOp.Equal, "process_runtime_counter_50_total")], CancellationToken.None);
        var labels = Best(() => Array.ForEach(some, id => _index.LabelsOf(id)));
        Console.WriteLine($"labels of one    {labels / some.Length * 1e9,8:0} ns");
    }

    private void Saving()
    {
        var sink = new PagesInMemory();
        var saving = Best(() =>
        {
            sink.Bytes.SetLength(0);
            _index.Save(sink);
        });
        SeriesIndex? loaded = null;
        var loading = Best(() => loaded = SeriesIndex.Load(new PagesInMemory(sink.Bytes), Key));
        var megabytes = sink.Bytes.Length / 1e6;
        Console.WriteLine($"save {megabytes,9:0.0} MB      {saving * 1e3,8:0} ms, {megabytes / saving:0} MB/s; load {loading * 1e3:0} ms, {megabytes / loading:0} MB/s");
        if (loaded!.Count != series) // set by the loop above
            throw new InvalidOperationException("Not all series were loaded.");
        var compacting = Once(() => _index.Compacted(Key, Enumerable.Range(0, series).Select(id => id % 300 >= 100).ToArray(), CancellationToken.None));
        Console.WriteLine($"compact to 2/3      {compacting * 1e3,8:0} ms");
    }

    private static Matcher M(string name, MatchOp op, string value) => new(name, op, value);

    // As often as half a second allows, for short things are not compiled well at first; then the best.
    private static double Best(Action what)
    {
        var best = double.MaxValue;
        for (var (began, rounds) = (Now(), 0); rounds < 3 || Now() - began < 0.5; rounds++)
        {
            var start = Now();
            what();
            best = Math.Min(best, Now() - start);
        }
        return best;
    }

    private static double Once(Action what)
    {
        var start = Now();
        what();
        return Now() - start;
    }

    private static double Now() => Environment.CpuUsage.TotalTime.TotalSeconds;
}
