using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Index;
using HmsOps.Tsdb.Observations;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Tests.Wal;

public sealed class StoreFrameTests
{
    [Fact]
    public void Samples_come_back_as_they_were_and_cut_bytes_are_never_more_than_a_cut() => Prop.ForAll(Samples(), samples =>
    {
        var (writing, reading) = (new SeriesRecord[8], new SeriesRecord[8]);
        var encoder = new SampleEncoder();
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var batch in samples.Chunk(7))
        {
            encoder.Begin();
            foreach (var (id, time, bits) in batch)
            {
                encoder.Add(id, time, bits, ref writing[id]);
                Take(ref writing[id], time, bits);
            }
            bytes.ResetWrittenCount();
            encoder.WriteTo(bytes);
            Assert.InRange(bytes.WrittenCount, 1, encoder.BytesMax);
            var before = reading.ToArray();
            Assert.Equal(batch, Read(bytes.WrittenSpan, reading, out var whole));
            Assert.True(whole);
            for (var cut = 0; cut < bytes.WrittenCount; cut++)
                Assert.True(Read(bytes.WrittenSpan[..cut], [.. before], out _).Count <= batch.Length);
        }
    }).Holds(200);

    [Fact]
    public void A_scrape_that_goes_on_evenly_takes_little_more_than_a_byte_a_sample()
    {
        var records = new SeriesRecord[1_000];
        var encoder = new SampleEncoder();
        var bytes = new ArrayBufferWriter<byte>();
        var total = 0;
        for (var round = 0; round < 100; round++)
        {
            encoder.Begin();
            for (var id = 0; id < records.Length; id++)
            {
                // A third rests, a third counts, a third is measured to two decimals.
                var value = (id % 3) switch { 0 => 1.0, 1 => 1000 + (round * (id % 50)), _ => Math.Round((round * 1.7) + (id * 0.01), 2) };
                var bits = BitConverter.DoubleToInt64Bits(value);
                encoder.Add(id, 1_000_000 + (round * 15_000), bits, ref records[id]);
                Take(ref records[id], 1_000_000 + (round * 15_000), bits);
            }
            bytes.ResetWrittenCount();
            encoder.WriteTo(bytes);
            total += bytes.WrittenCount;
        }
        Assert.InRange(total / 100_000.0, 0.5, 1.4);
    }

    [Fact]
    public void A_declared_histogram_goes_on_exactly_where_it_was() => Prop.ForAll(
        Gen.Choose(-100_000, 100_000).Select(value => value / 64.0).ArrayOf().ToArbitrary(), values =>
    {
        var labels = Labels.From(("__name__", "tax-bot.ok"), ("job", "é"));
        var written = new OpenHistogram(5, 160) { Id = 300, LastObserved = 5_000, LastSample = 6_000, IsChanged = true };
        foreach (var value in values)
            written.Observe(value);
        var bytes = new ArrayBufferWriter<byte>();
        var before = Labels.From(("__name__", "tax-bot.late"), ("zone", "é"));
        var room = new LabelsRoom();
        Declaration.Write(bytes, 300, labels, before, written);

        ReadOnlySpan<byte> rest = bytes.WrittenSpan;
        Assert.True(Declaration.TryRead(ref rest, before, room, out var id, out var read, out var kind));
        Assert.Equal((300, OpenKind.Histogram), (id, kind));
        Assert.Equal(labels, read);
        Assert.True(OpenState.TryRead(ref rest, kind, id, 160, out var open, out var isChanged));
        Assert.True(isChanged && rest.IsEmpty);
        Assert.Equal((5_000, 6_000), (open.LastObserved, open.LastSample));
        Assert.Equal(StoreSentences.Shown(written.Snapshot()), StoreSentences.Shown(((OpenHistogram)open).Snapshot()));
        for (var cut = 0; cut < bytes.WrittenCount; cut++)
        {
            rest = bytes.WrittenSpan[..cut];
            Assert.False(Declaration.TryRead(ref rest, before, room, out _, out _, out kind) && OpenState.TryRead(ref rest, kind, 1, 160, out _, out _));
        }
    }).Holds();

    [Fact]
    public void Labels_come_back_whatever_was_declared_before_them() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var random = new Random(seed);
        var sets = new List<Labels>();
        for (var i = 0; i < 20; i++)
        {
            var builder = new LabelsBuilder();
            foreach (var name in (string[])["__name__", "a", "é", "job", "pod", "zone"])
            {
                if (random.Next(4) > 0)
                    builder.Set(name, $"{new string('v', random.Next(300))}{(random.Next(3) == 0 ? i : 0)}");
            }
            sets.Add(builder.Build());
        }
        var bytes = new ArrayBufferWriter<byte>();
        for (var i = 0; i < sets.Count; i++)
            DeclaredLabels.Write(bytes, sets[i], i == 0 ? Labels.Empty : sets[i - 1]);

        ReadOnlySpan<byte> rest = bytes.WrittenSpan;
        var room = new LabelsRoom();
        var before = Labels.Empty;
        foreach (var labels in sets)
        {
            Assert.True(DeclaredLabels.TryRead(ref rest, before, room, out var read));
            Assert.Equal(labels, read);
            before = read;
        }
        Assert.True(rest.IsEmpty);
    }).Holds();

    [Fact]
    public void Labels_that_lean_on_what_is_not_there_are_refused()
    {
        foreach (var bytes in (byte[][])[[1, 0], [1, 1, 0, 1, (byte)'x'], [1, 3], [1, 2, 1, (byte)'a', 1, 1, (byte)'x'], [9, 0, 0], [1, 2, 1, (byte)'a', 0, 0]])
        {
            ReadOnlySpan<byte> rest = bytes;
            Assert.False(DeclaredLabels.TryRead(ref rest, Labels.Empty, new LabelsRoom(), out _), Convert.ToHexString(bytes));
        }
    }

    [Fact]
    public void The_bytes_are_those_of_the_format_page()
    {
        var head = new SeriesHead(1);
        var (a, b) = (head.FindOrAdd(Labels.From(("a", "b"))), head.FindOrAdd(Labels.From(("a", "c"))));
        var frame = new FrameWriter(Holdings.Of(head, StoreWorld.Small));
        frame.BeginEpoch(1);
        frame.Begin();
        frame.Declare(a, Labels.From(("a", "b")), null);
        frame.Declare(b, Labels.From(("a", "c")), new OpenCounter { Id = b, Value = 0.5, LastObserved = 1, LastSample = 2, IsChanged = true });
        frame.Samples.Add(a, 300, BitConverter.DoubleToInt64Bits(1), ref head.Record(a));
        SeriesHead.Take(ref head.Record(a), 300, BitConverter.DoubleToInt64Bits(1), isHistogram: false);
        frame.Batch.Add(a, 300, 0, null);
        frame.Samples.Add(a, 301, BitConverter.DoubleToInt64Bits(3), ref head.Record(a));
        frame.Batch.Add(a, 301, 0, null);
        frame.Batch.Starts.Add((1, 299));
        frame.Batch.Late.Add((a, new LateSample(299, -2, null, 0, 0)));
        Assert.Equal(
            "01" + "01" + "AC02" + "02" // epoch, first, stamp, declarations
            + "00" + "01" + "02" + "0161" + "00" + "0162" + "00" // number, labels: one, of another name, the value whole; appended
            + "01" + "01" + "01" + "00" + "0163" + "02" + "01" + "02" + "01" + "000000000000E03F" // number, labels, counter: observed, sampled, changed, value
            + "02" + "07" + "D804" // samples, columns with codes, time
            + "04" + "08" + "07" // same series; another time; whole, then an integer
            + "00" + "0102" + "0AFF000000000000F03F04"
            + "01" + "03" + "01D604" // starts: the second sample, 299
            + "02" + "0D" + "00" + "D604" + "00" + "00" + "00000000000000C0", // late
            Convert.ToHexString(frame.WriteSamples(300).Span));

        frame.Begin();
        frame.Batch.Observations.Add(new StagedObservation(b, ObservationKind.Increment, 0.5, null, default, "x"u8.ToArray()));
        Assert.Equal("01" + "00" + "AC02" + "00" + "02" + "01" + "000000000000E03F" + "0178", Convert.ToHexString(frame.WriteObservations(300).Span));
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

    private static List<(int Id, long Time, long Bits)> Read(ReadOnlySpan<byte> bytes, SeriesRecord[] records, out bool whole)
    {
        var samples = new List<(int, long, long)>();
        var decoder = new SampleDecoder(ref bytes);
        while (decoder.MoveNext())
        {
            var id = (int)decoder.Number;
            if ((uint)id >= (uint)records.Length || !decoder.TryRead(records[id], out var time, out var bits))
                break;
            samples.Add((id, time, bits));
            records[id].Coded = decoder.IsWhole ? (byte)1 : (byte)(records[id].Coded + 1);
            Take(ref records[id], time, bits);
        }
        whole = !decoder.IsDamaged && bytes.IsEmpty;
        return samples;
    }

    // As the head does, in one step.
    private static void Take(ref SeriesRecord record, long time, long bits)
    {
        record.Step = (uint)Math.Max(0, time - record.LastTime);
        SeriesHead.Take(ref record, time, bits, isHistogram: false);
    }

    private static Arbitrary<(int Id, long Time, long Bits)[]> Samples()
    {
        var value = Gen.OneOf(
            Gen.Choose(-3, 3).Select(number => (double)number),
            Gen.Choose(-1_000_000, 1_000_000).Select(number => number / 100.0),
            Gen.Choose(0, 1_000_000).Select(number => number / 7.0),
            Gen.Elements(double.NaN, StaleMarker.Value, -0.0, double.PositiveInfinity, double.Epsilon, 1L << 53, -(double)(1L << 53), 9e300));
        var sample =
            from id in Gen.Choose(0, 7)
            from time in Gen.OneOf(Gen.Choose(0, 3).Select(i => i * 15_000L), Gen.Choose(-1_000_000, 1_000_000).Select(i => (long)i))
            from number in value
            select (id, time, BitConverter.DoubleToInt64Bits(number));
        return sample.ArrayOf().ToArbitrary();
    }
}
