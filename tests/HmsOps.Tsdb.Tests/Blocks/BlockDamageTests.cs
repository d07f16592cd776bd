using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Tsdb.Blocks;
using static HmsOps.Tsdb.Tests.Blocks.BlockWorld;

namespace HmsOps.Tsdb.Tests.Blocks;

/// <summary>Whatever becomes of a block's bytes: never a wrong answer without a word, never a crash.</summary>
public sealed class BlockDamageTests
{
    private static readonly Selection Metric = new([new Matcher("__name__", MatchOp.Equal, "metric_1")], long.MinValue, long.MaxValue);
    private static readonly Selection Regex = new([new Matcher("job", MatchOp.Regex, "job[012]")], long.MinValue, long.MaxValue);
    private static readonly Selection[] Questions = [All, Metric, Regex];

    [Fact]
    public void A_bit_turned_over_anywhere_is_told_or_changes_nothing()
    {
        var (rows, content, path) = Small();
        var told = 0;
        for (var at = 0; at < content.Length; at++)
        {
            var changed = content.ToArray();
            changed[at] ^= (byte)(1 << (at % 8));
            told += Check(rows, changed, path, $"bit {at % 8} of byte {at}") ? 1 : 0;
        }
        Assert.Equal(content.Length, told); // there is no byte that nobody looks at
    }

    [Fact]
    public void A_block_cut_off_anywhere_is_refused_by_name()
    {
        var (_, content, path) = Small();
        for (var length = 0; length < content.Length; length++)
        {
            var disk = NewDisk();
            disk.Put(path, content.AsSpan(0, length));
            Assert.Contains(path, Assert.Throws<BlockDamagedException>(() => Block.Open(disk, path, Cache())).Message);
        }
        var longer = NewDisk();
        longer.Put(path, [.. content, 0]);
        Assert.Throws<BlockDamagedException>(() => Block.Open(longer, path, Cache()));
    }

    [Fact]
    public void A_damaged_page_costs_the_chunks_that_lie_in_it_and_names_them()
    {
        var dice = new Random(1);
        var rows = Enumerable.Range(0, 400).Select(i => new Row(Named("m", ("i", $"{i:d3}")),
            [.. Enumerable.Range(0, 500).Select(t => 1_700_000_000_000 + (t * 1000L))], [.. Enumerable.Range(0, 500).Select(_ => dice.NextDouble())])).ToArray();
        var disk = NewDisk();
        var info = Write(disk, rows);
        var pages = (int)(info.ChunkBytes / BlockFormat.PagePayload);
        Assert.InRange(pages, 15, 40);
        disk.Flip(info.Path, BlockFormat.HeaderBytes + (3 * BlockFormat.PageBytes) + 1000, 3);
        using var block = Block.Open(disk, info.Path, Cache());
        var read = Read(block, All, out var warnings);
        var lacking = rows.Where(row => !read.ContainsKey(Key(row.Labels))).ToArray();
        Assert.InRange(lacking.Length, 400 / (pages + 1), (400 / pages) + 2);
        Assert.Equal(lacking.Length, warnings.Count);
        Assert.Equal($"block {BlockIdentity.NameOf(1)}: page 3 is damaged, its checksum fails: {lacking[0].Labels} lacks 2023-11-14T22:13:20.000Z..2023-11-14T22:21:39.000Z", warnings[0]);
        Same(Expected(rows.Except(lacking), All), read);
        Assert.Equal([$"chunk page 3, byte {BlockFormat.HeaderBytes + (3 * BlockFormat.PageBytes)}: its checksum fails"],
            block.Verify(CancellationToken.None).Select(fault => fault.ToString()));
    }

    [Fact]
    public void A_disk_that_fails_to_read_costs_what_it_does_not_read()
    {
        var rows = Random(2, 40, 20);
        var disk = NewDisk();
        var info = Write(disk, rows);
        var expected = Expected(rows, All);
        for (var seed = 0; seed < 40; seed++)
        {
            disk.Faults = DiskFaults.None;
            using var block = Block.Open(disk, info.Path, Cache());
            Read(block, Metric, out _);
            disk.Faults = new DiskFaults { ReadFails = 0.5 };
            try
            {
                var read = Read(block, All, out var warnings);
                if (warnings.Count == 0)
                    Same(expected, read);
                IsPartOf(expected, read, $"seed {seed}");
            }
            catch (IOException e)
            {
                Assert.Contains("Input/output error", e.Message);
            }
        }
    }

    [Fact]
    public void Readers_of_sections_survive_bytes_that_were_never_written()
    {
        var dice = new Random(11);
        for (var seed = 0; seed < 3; seed++)
        {
            var disk = NewDisk();
            var path = Write(disk, Random(seed, 12, 6)).Path;
            var content = disk.Content(path);
            BlockFooter footer;
            using (var file = disk.Open(path, writable: false))
                footer = BlockFooter.Read(file);
            for (var i = 0; i < 3000; i++)
                Survives(Mutated(content, footer, dice), path);
        }
    }

    [Fact]
    public void The_reader_of_footers_survives_bytes_that_were_never_written()
    {
        var (_, content, path) = Small();
        var footer = (int)BitConverter.ToUInt32(content.AsSpan(content.Length - 16));
        var dice = new Random(12);
        for (var i = 0; i < 20_000; i++)
        {
            var changed = content.ToArray();
            for (var flips = dice.Next(1, 4); flips > 0; flips--)
                changed[content.Length - 16 - footer + dice.Next(footer)] = (byte)dice.Next(256);
            Seal(changed);
            Survives(changed, path);
        }
    }

    /// <summary>Asks everything of a changed block. True when the change was told of.</summary>
    private static bool Check(List<Row> rows, byte[] content, string path, string change)
    {
        var disk = NewDisk();
        disk.Put(path, content);
        Block block;
        try
        {
            block = Block.Open(disk, path, Cache());
        }
        catch (BlockDamagedException e)
        {
            Assert.Contains(path, e.Message);
            return true;
        }
        using (block)
        {
            foreach (var question in Questions)
            {
                var expected = Expected(rows, question);
                var read = Read(block, question, out var warnings);
                IsPartOf(expected, read, change);
                Assert.True(warnings.Count > 0 || expected.Count == read.Count && expected.All(series => series.Value.Length == read[series.Key].Length),
                    $"{change}: samples are missing, and nothing says so.");
                TellsOrIsRight(() => block.Series(question, CancellationToken.None).Select(Key), expected.Keys, change);
                var series = rows.Where(row => expected.ContainsKey(Key(row.Labels))).Select(row => row.Labels).ToArray();
                TellsOrIsRight(() => block.LabelNames(question, CancellationToken.None), LabelLists.NamesOf(series), change);
                TellsOrIsRight(() => block.LabelValues("job", question, CancellationToken.None), LabelLists.ValuesOf("job", series), change);
            }
            return block.Verify(CancellationToken.None).Any();
        }
    }

    private static void TellsOrIsRight(Func<IEnumerable<string>> ask, IEnumerable<string> expected, string change)
    {
        try
        {
            var answer = ask().ToArray();
            Assert.True(expected.SequenceEqual(answer), $"{change}: {string.Join(' ', answer)}");
        }
        catch (BlockDamagedException)
        {
            // It said so.
        }
    }

    private static void IsPartOf(Dictionary<string, string[]> expected, Dictionary<string, string[]> read, string change)
    {
        foreach (var (series, samples) in read)
        {
            Assert.True(expected.ContainsKey(series), $"{change}: a series that was never written.");
            Assert.True(samples.All(expected[series].Contains), $"{change}: a sample that was never written.");
        }
    }

    /// <summary>Asks everything of a block whose checksums are right and whose bytes are not.</summary>
    private static void Survives(byte[] content, string path)
    {
        var disk = NewDisk();
        disk.Put(path, content);
        try
        {
            using var block = Block.Open(disk, path, Cache());
            foreach (var question in Questions)
            {
                using (var cursor = block.Select(question, new QueryBudget(100_000), CancellationToken.None))
                {
                    while (cursor.MoveNext())
                        _ = Row.SamplesOf(cursor.Current).Count();
                }
                _ = block.Series(question, CancellationToken.None).Count();
                block.LabelNames(question, CancellationToken.None);
                block.LabelValues("job", question, CancellationToken.None);
            }
            _ = block.Verify(CancellationToken.None).Count();
        }
        catch (BlockDamagedException)
        {
            // The one way to fail.
        }
        catch (QueryBudgetException)
        {
            // More samples than were ever written: a footer can claim so, a budget bounds it.
        }
    }

    private static byte[] Mutated(byte[] content, BlockFooter footer, Random dice)
    {
        var changed = content.ToArray();
        var sections = footer.Sections.ToArray();
        for (var flips = dice.Next(1, 4); flips > 0; flips--)
        {
            var at = dice.Next(sections.Length);
            var section = sections[at];
            changed[section.Offset + dice.Next(section.Length)] = dice.Next(2) == 0 ? (byte)dice.Next(256) : (byte)dice.Next(4);
            sections[at] = section with { Crc = BlockChecksum.Of(changed.AsSpan((int)section.Offset, section.Length)) };
        }
        var end = (footer with { Sections = sections }).ToBytes();
        end.CopyTo(changed.AsSpan(changed.Length - end.Length));
        return changed;
    }

    private static void Seal(byte[] content)
    {
        var length = (int)BitConverter.ToUInt32(content.AsSpan(content.Length - 16));
        var crc = BlockChecksum.Of(content.AsSpan(content.Length - 16 - length, length + 4));
        BitConverter.TryWriteBytes(content.AsSpan(content.Length - 12), crc);
    }

    private static (List<Row> Rows, byte[] Content, string Path) Small()
    {
        var disk = NewDisk();
        var rows = Random(3, 12, 8, withHistograms: true);
        var path = Write(disk, rows).Path;
        return (rows, disk.Content(path), path);
    }
}
