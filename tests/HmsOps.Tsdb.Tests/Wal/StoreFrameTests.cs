using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Observations;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Tests.Wal;

public sealed class StoreFrameTests
{
    [Fact]
    public void Samples_come_back_as_they_were_and_a_cut_is_noticed_at_every_byte() => Prop.ForAll(Samples(), samples =>
    {
        var bytes = new ArrayBufferWriter<byte>();
        var before = default(ItemBefore);
        var ends = new HashSet<int> { 0 };
        foreach (var (id, time, bits) in samples)
        {
            SampleItems.Write(bytes, ref before, id, time, BitConverter.Int64BitsToDouble(bits));
            ends.Add(bytes.WrittenCount);
        }
        Assert.Equal(samples, Read(bytes.WrittenSpan, out var whole));
        Assert.True(whole);
        for (var cut = 0; cut < bytes.WrittenCount; cut++)
        {
            var read = Read(bytes.WrittenSpan[..cut], out whole);
            Assert.Equal(ends.Contains(cut), whole);
            Assert.True(samples.Take(read.Count).SequenceEqual(read));
        }
    }).Holds();

    [Fact]
    public void Observations_come_back_as_they_were_and_a_cut_is_noticed_at_every_byte()
    {
        var bytes = new ArrayBufferWriter<byte>();
        var before = default(ItemBefore);
        ObservationItems.Write(bytes, ref before, 70_000, -0.5, "fe2c"u8);
        var first = bytes.WrittenCount;
        ObservationItems.Write(bytes, ref before, 3, 1e300, []);

        var items = new ObservationItems(bytes.WrittenSpan);
        Assert.True(items.TryNext(out var id, out var value, out var sender));
        Assert.Equal((70_000, -0.5, "fe2c"), (id, value, System.Text.Encoding.UTF8.GetString(sender)));
        Assert.True(items.TryNext(out id, out value, out sender));
        Assert.Equal((3, 1e300, 0), (id, value, sender.Length));
        Assert.True(items.IsEmpty);

        for (var cut = 1; cut < bytes.WrittenCount; cut++)
        {
            items = new ObservationItems(bytes.WrittenSpan[..cut]);
            Assert.Equal(cut >= first, items.TryNext(out _, out _, out _));
            Assert.True(cut <= first || !items.TryNext(out _, out _, out _));
        }
    }

    [Fact]
    public void A_declared_histogram_goes_on_exactly_where_it_was() => Prop.ForAll(
        Gen.Choose(-100_000, 100_000).Select(value => value / 64.0).ArrayOf().ToArbitrary(), values =>
    {
        var series = new HeadSeries(Labels.From(("__name__", "tax-bot.ok"), ("job", "é")), SeriesKind.Observed)
        {
            LogId = 300,
            Open = new OpenHistogram(5, 160) { LastObserved = 5_000, LastSample = 6_000, IsChanged = true },
        };
        foreach (var value in values)
            series.Open.Observe(value);
        var bytes = new ArrayBufferWriter<byte>();
        Declaration.Write(bytes, series);

        ReadOnlySpan<byte> rest = bytes.WrittenSpan;
        Assert.True(Declaration.TryRead(ref rest, out var id, out var labels, out var kind));
        Assert.Equal((300, SeriesKind.Observed), (id, kind));
        Assert.Equal(series.Labels, labels);
        var open = new OpenHistogram(0, 160);
        open.Observe(3); // what was there is replaced
        Assert.True(Declaration.TryReadState(ref rest, open, out var isChanged));
        Assert.True(isChanged && rest.IsEmpty);
        Assert.Equal((5_000, 6_000), (open.LastObserved, open.LastSample));
        Assert.Equal(StoreSentences.Shown(series.Open.Snapshot()), StoreSentences.Shown(open.Snapshot()));
        AssertCutsAreNoticed(bytes.WrittenSpan);
    }).Holds();

    [Fact]
    public void The_bytes_are_those_of_the_format_page()
    {
        var bytes = new ArrayBufferWriter<byte>();
        new FrameHead(1, IsFirst: true, Stamp: 300).Write(bytes);
        Declaration.Write(bytes, new HeadSeries(Labels.From(("a", "b")), SeriesKind.Float) { LogId = 2 });
        var before = default(ItemBefore);
        SampleItems.Write(bytes, ref before, id: 2, time: 300, value: 1);
        SampleItems.Write(bytes, ref before, id: 1, time: 300, value: -2);
        ObservationItems.Write(bytes, ref before, id: 2, value: 0.5, "x"u8);
        Assert.Equal(
            "01" + "01" + "AC02" // epoch, first, stamp
            + "02" + "0401610162" + "00" // number, labels, float
            + "04" + "D804" + "000000000000F03F"
            + "01" + "00" + "00000000000000C0"
            + "02" + "000000000000E03F" + "0178",
            Convert.ToHexString(bytes.WrittenSpan));

        bytes.ResetWrittenCount();
        var open = new OpenHistogram(5, 160) { LastObserved = 1, LastSample = 2, IsChanged = true };
        open.Observe(1);
        Declaration.Write(bytes, new HeadSeries(Labels.From(("a", "b")), SeriesKind.Observed) { Open = open });
        Assert.Equal(
            "00" + "0401610162" + "01" // number, labels, observed
            + "0A" + "0000000000000000" + "000000000000F03F" + "000000000000F03F" // schema, zero, count, sum
            + "01" + "02" + "01" // observed, sampled, changed
            + "01" + "00" + "000000000000F03F" + "00",
            Convert.ToHexString(bytes.WrittenSpan));
    }

    [Fact]
    public void A_payload_begins_with_its_epoch_and_its_arrival()
    {
        var bytes = new ArrayBufferWriter<byte>();
        var head = new FrameHead(300, IsFirst: true, Stamp: 1_795_190_400_500);
        head.Write(bytes);
        ReadOnlySpan<byte> rest = bytes.WrittenSpan;
        Assert.True(FrameHead.TryRead(ref rest, out var read));
        Assert.Equal(head, read);
        for (var cut = 0; cut < bytes.WrittenCount; cut++)
        {
            rest = bytes.WrittenSpan[..cut];
            Assert.False(FrameHead.TryRead(ref rest, out _));
        }
    }

    private static void AssertCutsAreNoticed(ReadOnlySpan<byte> declaration)
    {
        for (var cut = 0; cut < declaration.Length; cut++)
        {
            var rest = declaration[..cut];
            Assert.False(Declaration.TryRead(ref rest, out _, out _, out _) && Declaration.TryReadState(ref rest, new OpenHistogram(0, 160), out _));
        }
    }

    private static List<(int Id, long Time, long Bits)> Read(ReadOnlySpan<byte> bytes, out bool whole)
    {
        var read = new List<(int, long, long)>();
        var items = new SampleItems(bytes);
        whole = true;
        while (whole && !items.IsEmpty)
        {
            whole = items.TryNext(out var id, out var time, out var value);
            if (whole)
                read.Add((id, time, BitConverter.DoubleToInt64Bits(value)));
        }
        return read;
    }

    private static Arbitrary<(int Id, long Time, long Bits)[]> Samples() =>
        (from id in Gen.Choose(0, int.MaxValue)
         from time in Gen.Choose(-5, int.MaxValue)
         from bits in Gen.OneOf(Gen.Constant(StaleMarker.Bits), Gen.Choose(0, 1000).Select(value => BitConverter.DoubleToInt64Bits(value)))
         select (id, time * 1_000L, bits)).ArrayOf().Resize(12).ToArbitrary();
}
