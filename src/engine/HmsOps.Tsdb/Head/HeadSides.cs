using System.Buffers;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;
using HmsOps.Tsdb.Observations;
using HmsOps.Tsdb.Pages;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// What few series have beside their record, in a checkpoint: tails of histograms, late samples, what is folded into observed series. Each an entry with
/// its length, since these are objects and no pages.
/// </summary>
internal static class HeadSides
{
    private const int EntryMax = 1 << 30;

    public static void Save(
        PageWriter into, Dictionary<int, HistogramTail> histograms, Dictionary<int, LateSamples> late, Dictionary<int, OpenSeries> open)
    {
        var entry = new ArrayBufferWriter<byte>();
        into.Write(histograms.Count);
        foreach (var (id, tail) in histograms)
        {
            Begin(entry, id);
            Varint.Write(entry, (ulong)tail.Weight);
            for (var i = 0; i < tail.Count; i++)
                Write(entry, tail.Times[i], 0, 0, tail.Samples[i]);
            End(into, entry);
        }
        into.Write(late.Count);
        foreach (var (id, samples) in late)
        {
            Begin(entry, id);
            foreach (var sample in samples.All())
                Write(entry, sample.Time, sample.Value, sample.Start, sample.Histogram);
            End(into, entry);
        }
        into.Write(open.Count);
        foreach (var (id, series) in open)
        {
            Begin(entry, id);
            Varint.Write(entry, (ulong)OpenState.KindOf(series));
            OpenState.Write(entry, series);
            End(into, entry);
        }
    }

    public static void Load(
        PageReader from, Dictionary<int, HistogramTail> histograms, Dictionary<int, LateSamples> late, int bucketsMax, Action<OpenSeries, bool> onOpen)
    {
        from.Part = "the tails of histograms";
        ForEach(from, (id, entry) => histograms[id] = ReadTail(from, entry));
        from.Part = "the late samples";
        ForEach(from, (id, entry) => late[id] = ReadLate(from, entry));
        from.Part = "what is folded into observed series";
        ForEach(from, (id, entry) => ReadOpen(from, id, entry, bucketsMax, onOpen));
    }

    private static HistogramTail ReadTail(PageReader from, ReadOnlySpan<byte> entry)
    {
        if (!Varint.TryRead(ref entry, out var weight) || weight > int.MaxValue)
            throw from.Damaged("a weight is none");
        var tail = new HistogramTail();
        var times = new List<long>();
        var samples = new List<NativeHistogram>();
        while (!entry.IsEmpty)
        {
            var sample = Read(from, ref entry);
            times.Add(sample.Time);
            samples.Add(sample.Histogram ?? throw from.Damaged("a sample is no histogram"));
        }
        if (times.Count > HistogramTail.SamplesMax)
            throw from.Damaged("a tail is too long");
        tail.Restore(times.ToArray(), samples.ToArray(), (int)weight);
        return tail;
    }

    private static LateSamples ReadLate(PageReader from, ReadOnlySpan<byte> entry)
    {
        var late = new LateSamples();
        while (!entry.IsEmpty)
            late.Add(Read(from, ref entry));
        return late.Count > 0 ? late : throw from.Damaged("an entry is empty");
    }

    private static void ReadOpen(PageReader from, int id, ReadOnlySpan<byte> entry, int bucketsMax, Action<OpenSeries, bool> onOpen)
    {
        if (!Varint.TryRead(ref entry, out var kind) || kind is 0 or > (ulong)OpenKind.Counter
            || !OpenState.TryRead(ref entry, (OpenKind)kind, id, bucketsMax, out var open, out var isChanged))
        {
            throw from.Damaged("a state cannot be read");
        }
        onOpen(open, isChanged);
    }

    private static void Write(ArrayBufferWriter<byte> into, long time, double value, long start, NativeHistogram? histogram)
    {
        Varint.Write(into, Varint.ZigZag(time));
        Varint.Write(into, Varint.ZigZag(start));
        LogDouble.Write(into, value);
        var block = new ArrayBufferWriter<byte>();
        if (histogram is not null)
            HistogramChunk.Encode([histogram], block);
        Varint.WriteBlock(into, block.WrittenSpan);
    }

    private static LateSample Read(PageReader from, ref ReadOnlySpan<byte> entry)
    {
        NativeHistogram? histogram = null;
        if (!Varint.TryRead(ref entry, out var time) || !Varint.TryRead(ref entry, out var start) || !LogDouble.TryRead(ref entry, out var value)
            || !Varint.TryReadBlock(ref entry, out var block) || (!block.IsEmpty && !HistogramBlock.TryRead(block, out histogram)))
        {
            throw from.Damaged("a sample cannot be read");
        }
        return new LateSample(Varint.UnZigZag(time), value, histogram, Varint.UnZigZag(start), 0);
    }

    private static void Begin(ArrayBufferWriter<byte> entry, int id)
    {
        entry.ResetWrittenCount();
        Varint.Write(entry, (ulong)id);
    }

    private static void End(PageWriter into, ArrayBufferWriter<byte> entry)
    {
        into.Write(entry.WrittenCount);
        into.Write(entry.WrittenSpan);
    }

    private static void ForEach(PageReader from, EntryReader read)
    {
        var entries = from.ReadCount(int.MaxValue);
        var bytes = new byte[256];
        for (var i = 0; i < entries; i++)
        {
            var length = from.ReadCount((int)Math.Min(EntryMax, from.BytesMax));
            if (bytes.Length < length)
                bytes = new byte[Math.Max(length, bytes.Length * 2)];
            from.Read(bytes.AsSpan(0, length));
            ReadOnlySpan<byte> entry = bytes.AsSpan(0, length);
            if (!Varint.TryRead(ref entry, out var id) || id > int.MaxValue)
                throw from.Damaged("an entry names no series");
            read((int)id, entry);
        }
    }

    private delegate void EntryReader(int id, ReadOnlySpan<byte> entry);
}
