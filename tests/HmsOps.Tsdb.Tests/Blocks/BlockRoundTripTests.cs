using HmsOps.Series;
using HmsOps.Tsdb.Blocks;
using static HmsOps.Tsdb.Tests.Blocks.BlockWorld;

namespace HmsOps.Tsdb.Tests.Blocks;

/// <summary>What goes into a block comes out of it, to the bit.</summary>
public sealed class BlockRoundTripTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 40, 3)]
    [InlineData(3, 300, 160)]
    [InlineData(4, 3000, 4)] // more rows than one part of the tables
    [InlineData(5, 30, 5760)] // a day
    public void Random_series_come_back(int seed, int series, int samples)
    {
        var disk = NewDisk(seed);
        var rows = Random(seed, series, samples, withHistograms: true);
        var info = Write(disk, rows);
        Assert.Equal((rows.Count, rows.Sum(row => (long)row.Times.Length)), (info.Series, info.Samples));
        Assert.Equal((rows.Min(row => row.Times[0]), rows.Max(row => row.Times[^1])), (info.From, info.To));
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(disk.Content(info.Path)), info.Sha256.ToArray());

        using var block = Block.Open(disk, info.Path, Cache());
        Assert.Equal(info with { Sha256 = default }, block.Info with { Identity = info.Identity });
        Same(Expected(rows, All), Read(block, All, out var warnings));
        Assert.Empty(warnings);
        Assert.Empty(block.Verify(CancellationToken.None));
        Assert.Equal([info.Path], disk.Paths);
    }

    [Fact]
    public void Hostile_labels_and_values_come_back()
    {
        var big = new string('x', 64 * 1024);
        var long_ = Enumerable.Range(0, 40).Select(i => Row(Named("m", ("a", big + i)), 1)).ToArray();
        List<Row> rows =
        [
            Row(Labels.Empty, 0),
            Row(Labels.From(("no_name", "x")), double.NaN),
            Row(Named("\u0000"), -0.0),
            Row(Named("odd"), StaleMarker.Value, BitConverter.Int64BitsToDouble(0x7ff8dead_beef0001), BitConverter.Int64BitsToDouble(unchecked((long)0xfff0000000000001)), 0, -0.0),
            Row(Named("edge"), double.Epsilon, double.MaxValue, double.MinValue, double.PositiveInfinity, double.NegativeInfinity),
            Row(Named("𝄞\ud83d\ude00", ("\u007f", "\n"), ("é", "e\u0301")), 1e300, 1, 2),
            Row(OfBytes(([0xff, 0xfe], [0x80]), (Utf8("z"), [0xc3])), 7), // not even text
            Row(OfBytes((Utf8("a"), [0]), (Utf8("a\0"), [0, 0])), 8),
            new Row(Named("times"), [long.MinValue, -1, 0, 1, long.MaxValue], [1, 2, 3, 4, 5]),
            new Row(Named("starts"), [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]) { Starts = [0, long.MinValue, long.MinValue, long.MaxValue, 0] },
            .. long_,
        ];
        var disk = NewDisk();
        using var block = Block.Open(disk, Write(disk, rows).Path, Cache());
        Same(Expected(rows, All), Read(block, All, out var warnings));
        Assert.Empty(warnings);
        Assert.Empty(block.Verify(CancellationToken.None));
        foreach (var row in rows)
        {
            var matchers = new List<Matcher>();
            foreach (var label in row.Labels)
            {
                if (label.Name.IndexOfAnyInRange((byte)0x80, (byte)0xff) < 0 && label.Value.IndexOfAnyInRange((byte)0x80, (byte)0xff) < 0)
                    matchers.Add(new Matcher(System.Text.Encoding.UTF8.GetString(label.Name), MatchOp.Equal, System.Text.Encoding.UTF8.GetString(label.Value)));
            }
            var selection = new Selection(matchers, long.MinValue, long.MaxValue);
            Same(Expected(rows, selection), Read(block, selection, out _));
        }
    }

    [Fact]
    public void What_is_out_of_order_is_refused_and_nothing_of_it_is_written()
    {
        var disk = NewDisk();
        using var writer = new BlockWriter(disk, Folder, new BlockIdentity(7, 1));
        writer.Add(Named("b"), Row(Named("b"), 1, 2).View);
        Assert.Contains("does not come after", Assert.Throws<ArgumentException>(() => writer.Add(Named("a"), Row(Named("a"), 1).View)).Message);
        Assert.Contains("does not come after", Assert.Throws<ArgumentException>(() => writer.Add(Named("b"), Row(Named("b"), 1).View)).Message);
        Assert.Contains("no samples", Assert.Throws<ArgumentException>(() => writer.Add(Named("c"), new Row(Named("c"), [], []).View)).Message);
        Assert.Contains("ascend", Assert.Throws<ArgumentException>(() => writer.Add(Named("c"), new Row(Named("c"), [1, 1], [1, 2]).View)).Message);
        writer.Add(Named("d"), Row(Named("d"), 3).View);
        Assert.False(disk.Exists($"{Folder}/{BlockIdentity.NameOf(7)}.block"));
        using var block = Block.Open(disk, writer.Finish().Path, Cache());
        Same(Expected([Row(Named("b"), 1, 2), Row(Named("d"), 3)], All), Read(block, All, out _));
        Assert.Throws<InvalidOperationException>(() => writer.Finish());
    }

    [Fact]
    public void What_is_not_finished_leaves_nothing()
    {
        var disk = NewDisk();
        using (var writer = new BlockWriter(disk, Folder, new BlockIdentity(7, 1)))
        {
            Assert.Throws<InvalidOperationException>(() => writer.Finish()); // nothing in it
            writer.Add(Named("b"), Row(Named("b"), 1, 2).View);
        }
        Assert.Empty(disk.Paths);
    }

    [Fact]
    public void Series_of_one_scrape_share_their_times_and_siblings_fall_into_step_again()
    {
        var scrape = Enumerable.Range(0, 5760).Select(i => 1_700_000_000_000 + (i * 15_000L)).ToArray();
        var rows = Enumerable.Range(0, 50).Select(i => // each but the first missed one scrape in the first hours
        {
            var times = scrape.Where((_, at) => i == 0 || at != i).ToArray();
            return new Row(Named("m", ("i", $"{i}")), times, [.. times.Select(_ => 1.0)]);
        }).ToArray();
        var disk = NewDisk();
        var info = Write(disk, rows);
        // 50 columns of the first hours, and one for each of the others.
        Assert.InRange(info.TimeBytes, 1, (50 + 7) * 60);
        using var block = Block.Open(disk, info.Path, Cache());
        Same(Expected(rows, All), Read(block, All, out _));
    }

    private static Row Row(Labels labels, params double[] values) => new(labels, [.. values.Select((_, i) => 1_000_000L + (i * 1000))], values);
}
