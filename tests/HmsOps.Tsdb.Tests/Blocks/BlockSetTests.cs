using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Tsdb.Blocks;
using static HmsOps.Tsdb.Tests.Blocks.BlockWorld;

namespace HmsOps.Tsdb.Tests.Blocks;

public sealed class BlockSetTests
{
    [Fact]
    public void A_pin_keeps_what_it_saw_and_its_files()
    {
        var disk = NewDisk();
        var (early, late) = (Random(1, 20, 5), Random(2, 20, 5, from: 1_800_000_000_000));
        var (first, second) = (Write(disk, early, id: 1), Write(disk, late, id: 2));
        using var set = BlockSet.Open(disk, Folder, Cache());
        var pin = set.Pin();
        var again = set.Pin();
        using var cursor = pin.Select(All, new QueryBudget(long.MaxValue), CancellationToken.None);
        Assert.True(cursor.MoveNext());

        set.Replace([], [first.Identity.Id]);
        Same(Expected(late, All), Read(set));
        Assert.True(disk.Exists(first.Path));
        var rest = Read(cursor, out _);
        Assert.Equal(Together(early, late).Count - 1, rest.Count);
        pin.Dispose();
        pin.Dispose(); // twice is once
        Assert.True(disk.Exists(first.Path));
        again.Dispose();
        Assert.Equal([second.Path], BlockFiles(disk));
    }

    [Fact]
    public void Opening_removes_what_was_not_finished_and_puts_aside_what_is_damaged()
    {
        var disk = NewDisk();
        var rows = Random(1, 20, 5);
        var good = Write(disk, rows, id: 1);
        var bad = Write(disk, rows, id: 2);
        var cut = disk.Content(bad.Path);
        disk.Put(bad.Path, cut.AsSpan(0, cut.Length - 3));
        disk.Put($"{Folder}/{BlockIdentity.NameOf(3)}.block.tmp", cut);
        disk.Put($"{Folder}/{BlockIdentity.NameOf(4)}.block", disk.Content(good.Path)); // a copy under another name
        disk.Put($"{Folder}/{BlockIdentity.NameOf(5)}.tombstones", [1]); // whose block is gone
        disk.Put($"{Folder}/notes.txt", [1]); // not ours
        using (var set = BlockSet.Open(disk, Folder, Cache()))
        {
            Same(Expected(rows, All), Read(set));
            Assert.Equal(3, set.Notes.Count);
            Assert.Contains(set.Notes, note => note.Contains($"{BlockIdentity.NameOf(3)}.block.tmp was not finished", StringComparison.Ordinal));
            Assert.Contains(set.Notes, note => note.Contains($"{bad.Path}: end of file: a block does not end like this", StringComparison.Ordinal));
        }
        Assert.Equal(["1.block", "2.block.damaged", "4.block.damaged", "notes.txt"], Names(disk));
        using (var set = BlockSet.Open(disk, Folder, Cache()))
            Assert.Empty(set.Notes); // once is enough
    }

    [Fact]
    public void Damage_that_shows_later_is_put_aside_too()
    {
        var disk = NewDisk();
        var rows = Random(1, 20, 5);
        var (first, second) = (Write(disk, rows, id: 1), Write(disk, Random(2, 20, 5, from: 1_800_000_000_000), id: 2));
        using var set = BlockSet.Open(disk, Folder, Cache());
        using (var pin = set.Pin())
        {
            set.Quarantine(pin.Blocks[1], new BlockFault("symbols", "its checksum fails"));
            set.Quarantine(pin.Blocks[1], new BlockFault("symbols", "its checksum fails"));
            Assert.Equal(40, Read(pin.Select(All, new QueryBudget(long.MaxValue), CancellationToken.None), out _).Count + Overlap(rows)); // the pin reads on
        }
        Same(Expected(rows, All), Read(set));
        Assert.Equal(["1.block", "2.block.damaged"], Names(disk));
        Assert.Equal(2, set.Notes.Count);
        Assert.Contains($"{second.Path}: symbols: its checksum fails", set.Notes[0]);
        Assert.StartsWith($"{second.Path} is not served. It held {second.Samples} samples of {second.Series} series, 2027-01-", set.Notes[1]);
        Assert.NotEqual(first.Path, second.Path);

        int Overlap(List<Row> of) => of.Count(row => Random(2, 20, 5, from: 1_800_000_000_000).Any(other => other.Labels == row.Labels));
    }

    [Fact]
    public void Retention_lets_go_of_whole_blocks_the_oldest_first()
    {
        var disk = NewDisk();
        var infos = Enumerable.Range(0, 5).Select(i => Write(disk, Random(i, 30, 5, from: 1_700_000_000_000 + (i * 7_200_000L)), id: i + 1)).ToArray();
        using var set = BlockSet.Open(disk, Folder, Cache());
        Assert.Equal(infos.Sum(info => info.Bytes), set.Bytes);
        Assert.Empty(set.Retain(infos[0].To, long.MaxValue));
        Assert.Equal([infos[0].Path, infos[1].Path], set.Retain(infos[1].To + 1, long.MaxValue).Select(info => info.Path));
        Assert.Equal([infos[2].Path], set.Retain(long.MinValue, infos[3].Bytes + infos[4].Bytes).Select(info => info.Path));
        Assert.Equal(["4.block", "5.block"], Names(disk));
        Assert.Equal(2, set.Retain(long.MinValue, 0).Count);
        Assert.Empty(Read(set));
    }

    [Fact]
    public void A_snapshot_opens_as_the_set_was()
    {
        var disk = NewDisk();
        var rows = Random(1, 30, 5);
        Write(disk, rows, id: 1);
        using var set = BlockSet.Open(disk, Folder, Cache());
        set.Delete(new Deletion([new Matcher("job", MatchOp.Equal, "job1")], long.MinValue, long.MaxValue));
        var then = Read(set);
        set.Snapshot("/backup/1");
        set.Delete(new Deletion([], long.MinValue, long.MaxValue));
        Assert.Empty(Read(set));
        set.Retain(long.MaxValue, 0);
        using var copy = BlockSet.Open(disk, "/backup/1", Cache());
        Same(then, Read(copy));
        Assert.Throws<IOException>(() => copy.Snapshot("/backup/1"));
    }

    [Fact]
    public void Deleted_samples_are_gone_from_every_answer_after_a_restart_too()
    {
        var disk = NewDisk();
        var rows = Random(1, 60, 10, withHistograms: true);
        Write(disk, rows, id: 1);
        var times = rows[0].Times;
        Deletion[] deletions =
        [
            new([new Matcher("job", MatchOp.Regex, "job[12]")], times[0] - 1, times[3]),
            new([new Matcher("__name__", MatchOp.Equal, "metric_2")], long.MinValue, long.MaxValue),
            new([new Matcher("zone", MatchOp.NotEqual, ""), new Matcher("le", MatchOp.NotRegex, "le1|le2")], times[5], times[5]),
        ];
        using (var set = BlockSet.Open(disk, Folder, Cache()))
        {
            foreach (var deletion in deletions)
                Assert.NotEqual(0, set.Delete(deletion));
            Assert.Equal(0, set.Delete(new Deletion([new Matcher("job", MatchOp.Equal, "none")], long.MinValue, long.MaxValue)));
        }
        using var again = BlockSet.Open(disk, Folder, Cache());
        var left = Without(rows, deletions);
        Same(Expected(left, All), Read(again));
        using var pin = again.Pin();
        var series = pin.Blocks[0].Series(All, CancellationToken.None).ToArray();
        Assert.Equal(left.Select(row => row.Labels), series);
        Assert.Equal(LabelLists.ValuesOf("__name__", series), pin.Blocks[0].LabelValues("__name__", All, CancellationToken.None));
        Assert.Equal(LabelLists.NamesOf(series), pin.Blocks[0].LabelNames(All, CancellationToken.None));
    }

    [Fact]
    public void Tombstones_with_a_bit_turned_over_put_their_block_aside()
    {
        var disk = NewDisk();
        Write(disk, Random(1, 10, 5), id: 1);
        var path = TombstoneFile.PathOf(Folder, 1);
        TombstoneFile.Write(disk, path, 1, [new Deletion([new Matcher("a", MatchOp.Regex, "b")], 1, 2)]);
        var content = disk.Content(path);
        for (var at = 0; at < content.Length; at++)
        {
            var changed = content.ToArray();
            changed[at] ^= (byte)(1 << (at % 8));
            disk.Put(path, changed);
            Assert.Throws<BlockDamagedException>(() => TombstoneFile.Read(disk, path, 1));
            disk.Put(path, content.AsSpan(0, at));
            Assert.Throws<BlockDamagedException>(() => TombstoneFile.Read(disk, path, 1));
        }
        using var set = BlockSet.Open(disk, Folder, Cache()); // what was deleted must not come back
        Assert.Empty(Read(set));
        Assert.Equal(["1.block.damaged", "1.tombstones"], Names(disk));
    }

    private static List<Row> Together(params List<Row>[] all) => [.. all.SelectMany(rows => rows).DistinctBy(row => row.Labels)];

    internal static List<Row> Without(IEnumerable<Row> rows, params Deletion[] deletions) => [.. rows.Select(row =>
    {
        var keep = Enumerable.Range(0, row.Times.Length).Where(i => !deletions.Any(deletion => deletion.Matchers.All(matcher => matcher.Matches(row.Labels))
            && row.Times[i] >= deletion.From && row.Times[i] <= deletion.To)).ToArray();
        return row with
        {
            Times = [.. keep.Select(i => row.Times[i])],
            Values = [.. keep.Select(i => row.Values[i])],
            Histograms = row.Histograms.Length == 0 ? [] : [.. keep.Select(i => row.Histograms[i])],
            Starts = row.Starts.Length == 0 ? [] : [.. keep.Select(i => row.Starts[i])],
        };
    }).Where(row => row.Times.Length > 0)];

    private static string[] Names(SimulatedDisk disk) => [.. disk.List(Folder).Where(name => name != "inventory").Select(name => name.TrimStart('0'))];
}
