using FsCheck.Fluent;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;

namespace HmsOps.Tsdb.Tests.Chunks;

public sealed class ValueChunkTests
{
    static readonly double Stale = StaleMarker.Value;

    [Theory]
    [InlineData(Effort.Thorough)]
    [InlineData(Effort.Quick)]
    public void Any_column_comes_back_to_the_bit(object effort) => Prop.ForAll(HostileColumn.Any, column =>
    {
        var values = column.Values();
        var chunk = Encode(values, (Effort)effort, (ushort)column.Seed); // any 16 bits are a hint that is survived
        var back = new double[values.Length];
        Assert.Equal(chunk.Length, ValueChunk.Decode(chunk, back));
        Assert.Equal(Patterns(values), Patterns(back));

        var slow = new SlowReader(chunk);
        Assert.Equal(Patterns(values), Patterns(slow.Values(values.Length)));
        Assert.Equal(chunk.Length, slow.Consumed);
    }).Holds(1_500);

    [Fact]
    public void Every_length_comes_back()
    {
        foreach (var shape in HostileColumn.Shapes)
        {
            ushort hint = 0;
            for (var samples = 1; samples <= ValueChunk.SamplesMax; samples += samples < 70 ? 1 : 53)
            {
                var values = new HostileColumn(shape, samples, samples, samples % 3 * 5).Values();
                var room = new byte[ValueChunk.BytesMax(samples)];
                var bytes = ValueChunk.Encode(values, room, ref hint, Effort.Quick);
                var back = new double[samples];
                Assert.Equal(bytes, ValueChunk.Decode(room.AsSpan(0, bytes), back));
                Assert.Equal(Patterns(values), Patterns(back));
            }
        }
    }

    public static TheoryData<string, double[], string> Drawn => new()
    {
        { "zero", [0.0, 0, 0], "00" },
        { "one", [1.0, 1], "20" + "3ff0" },
        { "minus zero", [-0.0], "10" + "80" },
        { "a third", [1 / 3.0], "80" + "3fd5555555555555" },
        { "stale all along", [Stale, Stale], "80" + "7ff0000000000002" },
        { "a counter", [10, 12, 14, 16, 18], "01" + "0001" + "14" + "04" },
        { "plain, 2 bits", [7, 8, 9, 10, 7, 7, 9], "01" + "0200" + "0e" + "e420" },
        { "one decimal", [0.7, 0.8, 0.9, 1, 0.7, 0.7, 0.9], "11" + "0200" + "0e" + "e420" },
        { "lifted", [7, 8, 9, 10, Stale, 7, 7, 9], "09" + "0404" + "0200" + "0e" + "e420" },
        {
            "divided", [.. Enumerable.Range(0, 16).Select(i => 4_096.0 * (3 + (i * 7 % 4)))],
            "01" + "0204" + "80c001" + "8020" + "6c6c6c6c"
        },
        {
            "patched", [.. Enumerable.Range(0, 20).Select(i => i == 17 ? -1_000_000.0 : i % 2)],
            "01" + "8100" + "00" + "aaaa08" + "01" + "11" + "ff887a"
        },
    };

    [Theory]
    [MemberData(nameof(Drawn))]
    public void A_chunk_is_drawn_to_the_byte(string kind, double[] values, string hex)
    {
        Assert.Equal((kind, hex), (kind, Convert.ToHexStringLower(Encode(values))));
        var back = new double[values.Length];
        ValueChunk.Decode(Convert.FromHexString(hex), back);
        Assert.Equal(Patterns(values), Patterns(back));
    }

    [Fact]
    public void A_gap_in_a_counter_costs_its_place_and_no_more()
    {
        var values = SyntheticKinds.Make("busy counter", 3, 120);
        var before = Encode([.. values[..60], .. values[61..]]).Length;
        values[60] = Stale;
        Assert.Equal(before + 2, Encode(values).Length);
    }

    [Fact]
    public void One_reset_does_not_spoil_its_chunk()
    {
        var values = SyntheticKinds.Make("busy counter", 3, 480);
        var before = Encode(values).Length;
        for (var i = 300; i < values.Length; i++)
            values[i] -= values[300];
        Assert.InRange(Encode(values).Length, before, before + 12);
    }

    [Fact]
    public void A_hint_leads_to_the_same_bytes_as_a_search_while_the_series_goes_on_alike()
    {
        foreach (var (name, _, make) in SyntheticKinds.All)
        {
            var values = make(new Random(5), 2_400);
            var (quick, thorough) = (0, 0);
            ushort hint = 0;
            for (var at = 0; at < values.Length; at += 120)
            {
                var chunk = values.AsSpan(at, 120);
                var room = new byte[ValueChunk.BytesMax(120)];
                quick += ValueChunk.Encode(chunk, room, ref hint, Effort.Quick);
                thorough += Encode(chunk.ToArray()).Length;
            }
            Assert.True(quick <= thorough * 1.05, $"{name}: {quick} bytes with hints, {thorough} without.");
        }
    }

    [Fact]
    public void A_series_that_changes_its_ways_is_searched_anew()
    {
        ushort hint = 0;
        var room = new byte[ValueChunk.BytesMax(120)];
        foreach (var name in new[] { "one-decimal gauge", "busy counter", "full-mantissa ratio", "bytes gauge", "constant", "float sum" })
        {
            var values = SyntheticKinds.Make(name, 9, 120);
            Assert.InRange(ValueChunk.Encode(values, room, ref hint, Effort.Quick), 1, Encode(values).Length * 9 / 8 + 4);
        }
    }

    [Fact]
    public void Neither_way_allocates()
    {
        var columns = SyntheticKinds.All.Select(kind => kind.Make(new Random(1), 480)).Append(new HostileColumn("busy counter", 1, 480, 20).Values()).ToArray();
        var room = new byte[ValueChunk.BytesMax(480)];
        var back = new double[480];
        var times = new long[480];
        var timeRoom = new byte[TimeChunk.BytesMax(480)];
        var allocated = long.MaxValue;
        for (var round = 0; round < 2; round++) // what is made once, in the first, is not counted
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var values in columns)
            {
                ushort hint = 0;
                foreach (var effort in (ReadOnlySpan<Effort>)[Effort.Thorough, Effort.Quick])
                    ValueChunk.Decode(room.AsSpan(0, ValueChunk.Encode(values, room, ref hint, effort)), back);
            }
            TimeChunk.Decode(timeRoom.AsSpan(0, TimeChunk.Encode(times, timeRoom)), times);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(0, allocated);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_025)]
    public void A_chunk_has_1_to_1024_samples(int samples)
    {
        ushort hint = 0;
        Assert.Throws<ArgumentOutOfRangeException>(() => ValueChunk.Encode(new double[samples], new byte[10_000], ref hint, Effort.Quick));
        Assert.Throws<ArgumentOutOfRangeException>(() => ValueChunk.Decode(new byte[10_000], new double[samples]));
        Assert.Throws<ArgumentOutOfRangeException>(() => TimeChunk.Encode(new long[samples], new byte[10_000]));
        Assert.Throws<ArgumentOutOfRangeException>(() => TimeChunk.Decode(new byte[10_000], new long[samples]));
    }

    [Fact]
    public void Too_little_room_is_refused_before_anything_is_written()
    {
        ushort hint = 0;
        var room = new byte[ValueChunk.BytesMax(8) - 1];
        Assert.Throws<ArgumentException>(() => ValueChunk.Encode(new double[8], room, ref hint, Effort.Quick));
        Assert.Throws<ArgumentException>(() => TimeChunk.Encode(new long[8], room));
        Assert.All(room, b => Assert.Equal(0, b));
    }

    static byte[] Encode(double[] values, Effort effort = Effort.Thorough, ushort hint = 0)
    {
        var room = new byte[ValueChunk.BytesMax(values.Length)];
        return room[..ValueChunk.Encode(values, room, ref hint, effort)];
    }

    static IEnumerable<string> Patterns(double[] values) => values.Select(value => $"{BitConverter.DoubleToInt64Bits(value):x16}");
}
