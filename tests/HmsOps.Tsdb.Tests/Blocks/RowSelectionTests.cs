using HmsOps.Series;
using HmsOps.Tsdb.Blocks;
using static HmsOps.Tsdb.Tests.Blocks.BlockWorld;

namespace HmsOps.Tsdb.Tests.Blocks;

/// <summary>What a block answers is what matching each series by itself answers.</summary>
public sealed class RowSelectionTests
{
    private static readonly string[] Names = ["__name__", "job", "instance", "pod", "le", "tax-bot.ok", "zone", "nowhere"];

    private static readonly string[] Patterns =
        ["", ".*", ".+", "job1", "metric_[0-3]", "job1|job2|", "pod-.*", "pod-0.*|pod-1.*", "instance[^3]", "nothing", "metric_.", "zone4|", "(?i)JOB1"];

    [Fact]
    public void Matchers_and_ranges_answer_as_the_model_does()
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var rows = Random(seed, seed % 2 == 0 ? 60 : 2500, 5);
            var disk = NewDisk();
            using var block = Block.Open(disk, Write(disk, rows).Path, Cache());
            var dice = new Random(seed);
            for (var i = 0; i < (seed % 2 == 0 ? 150 : 12); i++)
                Ask(block, rows, RandomSelection(dice, rows));
        }
    }

    [Fact]
    public void A_postings_list_of_any_shape_is_read_back()
    {
        var dice = new Random(5);
        const int Rows = 200_000;
        int[][] lists =
        [
            [0, Rows - 1],
            [.. Enumerable.Range(0, Rows)],
            [.. Enumerable.Range(0, Rows / 2).Select(i => i * 2)],
            [.. Enumerable.Range(0, Rows).Where(_ => dice.Next(2) == 0)],
            [.. Enumerable.Range(0, Rows).Where(_ => dice.Next(100) == 0)],
            [.. Enumerable.Range(0, Rows).Where(_ => dice.Next(20_000) == 0)],
            [.. Enumerable.Range(0, Rows).Where(i => i / 1000 % 3 == 0)],
            [65535, 65536, 131071, 131072],
            [70_000, 70_001],
        ];
        foreach (var list in lists)
        {
            var into = new System.Buffers.ArrayBufferWriter<byte>();
            PostingList.Write(list, into);
            foreach (var (first, last) in new[] { (0, Rows - 1), (65_000, 66_000), (131_072, 131_072), (199_999, 199_999), (0, 0) })
            {
                var rows = new RowSet(first, last);
                var reader = new SectionReader(into.WrittenSpan, "x", "y");
                PostingList.Read(ref reader, list.Length, Rows, rows);
                Assert.Equal(list.Where(row => row >= first && row <= last), rows.ToArray());
            }
            var bitmap = Rows / 8.0;
            Assert.True(into.WrittenCount <= bitmap + 40, $"{list.Length} rows take {into.WrittenCount} bytes.");
        }
    }

    [Fact]
    public void A_budget_that_is_spent_and_a_query_that_is_ended_stop_the_walk()
    {
        var rows = Random(1, 100, 20);
        var disk = NewDisk();
        using var block = Block.Open(disk, Write(disk, rows).Path, Cache());
        using var dear = block.Select(All, new QueryBudget(50), CancellationToken.None);
        Assert.Contains("50 samples", Assert.Throws<QueryBudgetException>(() => Walk(dear)).Message);
        using var stop = new CancellationTokenSource();
        using var ended = block.Select(All, new QueryBudget(long.MaxValue), stop.Token);
        Assert.True(ended.MoveNext());
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => ended.MoveNext());
        var spent = new QueryBudget(long.MaxValue);
        using (var cursor = block.Select(new Selection([], rows[0].Times[0], rows[0].Times[0]), spent, CancellationToken.None))
            Walk(cursor);
        Assert.Equal(rows.Count(row => row.Times.Contains(rows[0].Times[0])), spent.Samples); // what is outside the range costs nothing
    }

    [Fact]
    public void A_cache_that_holds_next_to_nothing_changes_no_answer()
    {
        var rows = Random(3, 2500, 3);
        var disk = NewDisk();
        var cache = new BlockCache(4000);
        using var block = Block.Open(disk, Write(disk, rows).Path, cache);
        Same(Expected(rows, All), Read(block, All, out _));
        Assert.InRange(cache.Bytes, 0, 4000);
        var roomy = Cache();
        using (var again = Block.Open(disk, block.Info.Path, roomy))
        {
            Read(again, All, out _);
            var misses = roomy.Misses;
            Same(Expected(rows, All), Read(again, All, out _));
            Assert.Equal(misses, roomy.Misses);
        }
        Assert.Equal(0, roomy.Bytes); // what is closed is forgotten
    }

    [Fact]
    public void Reading_a_walk_allocates_nothing_for_a_sample()
    {
        var rows = Enumerable.Range(0, 20).Select(i => new Row(Named("m", ("i", $"{i:d2}")),
            [.. Enumerable.Range(0, 20_000).Select(t => t * 1000L)], [.. Enumerable.Range(0, 20_000).Select(t => (double)t * i)]));
        var disk = new HmsOps.Disk.RealDisk();
        var folder = Directory.CreateTempSubdirectory("hms-ops-blocks-").FullName;
        try
        {
            using var block = Block.Open(disk, Write(disk, rows, folder: folder).Path, Cache());
            using var cursor = block.Select(All, new QueryBudget(long.MaxValue), CancellationToken.None);
            for (var i = 0; i < 5; i++)
                Assert.True(cursor.MoveNext());
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 5; i < 20; i++)
                Assert.True(cursor.MoveNext());
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 15 * 600); // a series' labels, and no more
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Ask(Block block, List<Row> rows, Selection selection)
    {
        var expected = Expected(rows, selection);
        var matching = Sorted(rows).Where(row => expected.ContainsKey(Key(row.Labels))).Select(row => row.Labels).ToArray();
        var question = $"{string.Join(", ", selection.Matchers)} {selection.From}..{selection.To}";
        var answer = Read(block, selection, out var warnings);
        Assert.True(expected.Keys.SequenceEqual(answer.Keys), $"{question}: {expected.Count} series expected, {answer.Count} answered.");
        Same(expected, answer);
        Assert.Empty(warnings);
        Assert.Equal(matching, block.Series(selection, CancellationToken.None));
        Assert.Equal(LabelLists.NamesOf(matching), block.LabelNames(selection, CancellationToken.None));
        foreach (var name in Names)
            Assert.Equal(LabelLists.ValuesOf(name, matching), block.LabelValues(name, selection, CancellationToken.None));
    }

    private static Selection RandomSelection(Random dice, List<Row> rows)
    {
        var matchers = Enumerable.Range(0, dice.Next(4)).Select(_ =>
            new Matcher(Names[dice.Next(Names.Length)], (MatchOp)dice.Next(4), Patterns[dice.Next(Patterns.Length)])).ToArray();
        var times = rows[dice.Next(rows.Count)].Times;
        var from = dice.Next(3) == 0 ? long.MinValue : times[dice.Next(times.Length)] + dice.Next(-1, 2);
        var to = dice.Next(3) == 0 ? long.MaxValue : from == long.MinValue ? times[0] : from + dice.Next(3) * 10_000;
        return new Selection(matchers, from, to);
    }

    private static void Walk(SeriesCursor cursor)
    {
        while (cursor.MoveNext())
        {
        }
    }
}
