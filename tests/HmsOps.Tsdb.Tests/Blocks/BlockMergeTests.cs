using HmsOps.Series;
using HmsOps.Simulation.Time;
using HmsOps.Tsdb.Blocks;
using static HmsOps.Tsdb.Tests.Blocks.BlockWorld;

namespace HmsOps.Tsdb.Tests.Blocks;

public sealed class BlockMergeTests
{
    [Fact]
    public void Walks_in_any_overlap_merge_as_a_dictionary_does()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var dice = new Random(seed);
            var disk = NewDisk();
            var parts = Enumerable.Range(0, dice.Next(1, 6)).Select(i =>
                Random(seed + (i * 100), dice.Next(1, 40), dice.Next(1, 12), 1_700_000_000_000 + (dice.Next(20) * 15_000), withHistograms: true)).ToArray();
            var blocks = parts.Select((rows, i) => Block.Open(disk, Write(disk, rows, id: i + 1).Path, Cache())).ToArray();
            using (var cursor = new MergedCursor([.. blocks.Select(block => block.Select(All, new QueryBudget(long.MaxValue), CancellationToken.None))]))
                Same(Merged(parts), Read(cursor, out _));
            foreach (var block in blocks)
                block.Dispose();
        }
    }

    [Fact]
    public void The_ends_of_time_merge_too()
    {
        var disk = NewDisk();
        List<Row>[] parts =
        [
            [new Row(Named("m"), [long.MinValue, 5, long.MaxValue], [1, 2, 3])],
            [new Row(Named("m"), [5, long.MaxValue - 1, long.MaxValue], [9, 4, 9])],
        ];
        using var first = Block.Open(disk, Write(disk, parts[0], id: 1).Path, Cache());
        using var second = Block.Open(disk, Write(disk, parts[1], id: 2).Path, Cache());
        using var cursor = new MergedCursor([.. new[] { first, second }.Select(block => block.Select(All, new QueryBudget(long.MaxValue), CancellationToken.None))]);
        Same(Merged(parts), Read(cursor, out _));
    }

    [Fact]
    public async Task A_merge_holds_what_its_sources_held_without_what_was_deleted()
    {
        var disk = NewDisk();
        var parts = Enumerable.Range(0, 4).Select(i => Random(i, 50, 160, 1_700_000_000_000 + (i * 2_000_000L), withHistograms: true)).ToArray();
        for (var i = 0; i < parts.Length; i++)
            Write(disk, parts[i], id: i + 1);
        using var set = BlockSet.Open(disk, Folder, Cache());
        Deletion[] deletions = [new([new Matcher("job", MatchOp.Equal, "job1")], 1_700_002_000_000, 1_700_004_500_000)];
        Assert.NotEqual(0, set.Delete(deletions[0]));
        var before = Read(set);
        var info = await Merge(set, 10, [1, 2, 3]);
        Same(before, Read(set));
        Assert.Equal(2, info!.Identity.Level);
        Assert.Equal([1, 2, 3], info.Identity.Replaces);
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(disk.Content(info.Path)), info.Sha256.ToArray());
        var day = await Merge(set, 11, [10, 4]);
        Assert.Equal([1, 2, 3, 10, 4], day!.Identity.Replaces); // so that none of the first comes back, whenever a crash leaves it lying
        Same(before, Read(set));
        Assert.Equal([day.Path], BlockFiles(disk));
        Assert.Equal(before.Sum(series => series.Value.Length), day.Samples);
    }

    [Fact]
    public async Task What_is_deleted_while_a_merge_runs_is_deleted_in_what_comes_of_it()
    {
        var disk = NewDisk();
        var rows = Random(1, 200, 20);
        Write(disk, rows, id: 1);
        using var set = BlockSet.Open(disk, Folder, Cache());
        var time = VirtualTime.OnFridayAfternoon();
        var deletion = new Deletion([new Matcher("job", MatchOp.Equal, "job1")], long.MinValue, long.MaxValue);
        time.Run(async () =>
        {
            var merge = new BlockMerge(set, new BlockIdentity(10, 2), [1], new ByteRate(time, 1000)).RunAsync(CancellationToken.None);
            await Task.Delay(TimeSpan.FromMilliseconds(100), time);
            Assert.False(merge.IsCompleted);
            Assert.NotEqual(0, set.Delete(deletion));
            var begun = time.GetUtcNow();
            var info = await merge;
            Assert.InRange((time.GetUtcNow() - begun).TotalSeconds, info!.ChunkBytes / 2000.0, info.Bytes / 1000.0); // held to its rate
        });
        Same(Expected(BlockSetTests.Without(rows, deletion), All), Read(set));
        using var again = BlockSet.Open(disk, Folder, Cache());
        Same(Expected(BlockSetTests.Without(rows, deletion), All), Read(again));
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Nothing_left_leaves_no_block()
    {
        var disk = NewDisk();
        Write(disk, Random(1, 10, 5), id: 1);
        using var set = BlockSet.Open(disk, Folder, Cache());
        set.Delete(new Deletion([], long.MinValue, long.MaxValue));
        Assert.Null(await Merge(set, 10, [1]));
        Assert.Empty(BlockFiles(disk));
    }

    [Fact]
    public async Task A_damaged_source_is_not_merged_and_a_merge_can_be_ended()
    {
        var disk = NewDisk();
        var rows = Random(1, 10, 5);
        var info = Write(disk, rows, id: 1);
        Write(disk, rows, id: 2);
        using var set = BlockSet.Open(disk, Folder, Cache());
        using var ended = new CancellationTokenSource();
        ended.Cancel();
        await Assert.ThrowsAsync<OperationCanceledException>(() =>
            new BlockMerge(set, new BlockIdentity(10, 2), [1, 2], new ByteRate(VirtualTime.OnFridayAfternoon(), long.MaxValue)).RunAsync(ended.Token));
        disk.Flip(info.Path, BlockFormat.HeaderBytes + 3, 1);
        var refused = await Assert.ThrowsAsync<BlockDamagedException>(() => Merge(set, 10, [1, 2]));
        Assert.Contains("page 0 is damaged", refused.Message);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Merge(set, 10, [1, 3]));
        Assert.Equal(2, BlockFiles(disk).Length);
    }

    internal static Task<BlockInfo?> Merge(BlockSet set, int id, IReadOnlyList<UInt128> sources) =>
        new BlockMerge(set, new BlockIdentity((UInt128)id, 2), sources, new ByteRate(VirtualTime.OnFridayAfternoon(), long.MaxValue)).RunAsync(CancellationToken.None);

    private static Dictionary<string, string[]> Merged(List<Row>[] parts)
    {
        var merged = new Dictionary<string, SortedDictionary<long, string>>();
        var labels = Sorted(parts.SelectMany(rows => rows).DistinctBy(row => row.Labels)).Select(row => Key(row.Labels)).ToArray();
        foreach (var row in parts.SelectMany(rows => rows))
        {
            if (!merged.TryGetValue(Key(row.Labels), out var samples))
                merged.Add(Key(row.Labels), samples = []);
            foreach (var (time, sample) in row.Times.Zip(row.Samples))
                samples.TryAdd(time, sample);
        }
        return labels.ToDictionary(key => key, key => merged[key].Values.ToArray());
    }
}
