using System.Buffers;
using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Observations;

namespace HmsOps.Tsdb.Wal;

/// <summary>
/// What is taken of one batch, as columns: filled by who reads a batch, or from a frame of the log at a restart, and applied to the head by the same code
/// either way. One is used for all batches of a store, and allocates nothing once it has grown.
/// </summary>
internal sealed class StagedBatch
{
    /// <summary>No series: the place of a sample that could not be read.</summary>
    public const int Nothing = -1;

    private NativeHistogram?[] _histograms = [];
    private bool _hasHistograms;

    /// <summary>Of each sample in order of time its series, its time, and the bits of its value.</summary>
    public int[] Ids { get; private set; } = new int[256];

    /// <summary>See <see cref="Ids"/>.</summary>
    public long[] Times { get; private set; } = new long[256];

    /// <summary>See <see cref="Ids"/>.</summary>
    public long[] Bits { get; private set; } = new long[256];

    /// <summary>Samples in order of time.</summary>
    public int Count { get; private set; }

    /// <summary>Series that the log names here for the first time, or anew.</summary>
    public List<(int Id, OpenSeries? Open, bool IsChanged)> Declared { get; } = [];

    /// <summary>Where what a series counts began to be counted, when that is not as it was: the place of the sample, ascending.</summary>
    public List<(int At, long Start)> Starts { get; } = [];

    /// <summary>Samples older than the newest of their series.</summary>
    public List<(int Id, LateSample Sample)> Late { get; } = [];

    public List<StagedExemplar> Exemplars { get; } = [];

    public List<MetricMetadata> Metadata { get; } = [];

    public List<StagedObservation> Observations { get; } = [];

    /// <summary>The oldest time of its samples; null when it has none. Observations become samples when their second is closed.</summary>
    public long? Oldest
    {
        get
        {
            var oldest = long.MaxValue;
            foreach (var time in Times.AsSpan(0, Count))
                oldest = Math.Min(oldest, time);
            foreach (var (_, sample) in Late)
                oldest = Math.Min(oldest, sample.Time);
            return oldest == long.MaxValue ? null : oldest;
        }
    }

    /// <summary>What the frame counts.</summary>
    public int Items => Count + Late.Count + Exemplars.Count + Metadata.Count + Observations.Count;

    public void Clear()
    {
        if (_hasHistograms)
            Array.Clear(_histograms, 0, Count);
        (Count, _hasHistograms) = (0, false);
        Declared.Clear();
        Starts.Clear();
        Late.Clear();
        Exemplars.Clear();
        Metadata.Clear();
        Observations.Clear();
    }

    public void Add(int id, long time, long bits, NativeHistogram? histogram)
    {
        if (Count == Ids.Length)
            Grow();
        (Ids[Count], Times[Count], Bits[Count]) = (id, time, bits);
        if (histogram is not null && !_hasHistograms)
            BeginHistograms();
        if (_hasHistograms)
            _histograms[Count] = histogram;
        Count++;
    }

    /// <summary>Keeps a place for a sample that could not be read.</summary>
    public void AddNothing() => Add(Nothing, 0, 0, null);

    /// <summary>The histogram of a sample; null when it is a float.</summary>
    public NativeHistogram? HistogramAt(int at) => _hasHistograms ? _histograms[at] : null;

    private void BeginHistograms()
    {
        if (_histograms.Length < Ids.Length)
            _histograms = new NativeHistogram?[Ids.Length];
        Array.Clear(_histograms, 0, Count);
        _hasHistograms = true;
    }

    private void Grow()
    {
        var capacity = Count * 2;
        (Ids, Times, Bits) = (Resized(Ids, capacity), Resized(Times, capacity), Resized(Bits, capacity));
        if (_hasHistograms)
            Array.Resize(ref _histograms, capacity);
    }

    private static T[] Resized<T>(T[] column, int capacity)
    {
        Array.Resize(ref column, capacity);
        return column;
    }
}

/// <summary>An exemplar whose series is known.</summary>
internal readonly record struct StagedExemplar(int Id, Labels Labels, long Time, double Value);

/// <summary>An observation whose series is known.</summary>
internal readonly record struct StagedObservation(int Id, ObservationKind Kind, double Value, NativeHistogram? Histogram, UInt128 Key, ReadOnlyMemory<byte> Sender);

/// <summary>The parts of a frame that few batches have, behind its samples: each its kind, its length, its items.</summary>
internal static class FrameParts
{
    private const ulong StartsPart = 1;
    private const ulong LatePart = 2;
    private const ulong ExemplarPart = 3;
    private const ulong MetadataPart = 4;

    public static void Write(IBufferWriter<byte> into, StagedBatch batch, LargeWriter scratch)
    {
        WritePart(into, StartsPart, batch.Starts.Count, scratch, () => WriteStarts(scratch, batch));
        WritePart(into, LatePart, batch.Late.Count, scratch, () => WriteLate(scratch, batch));
        WritePart(into, ExemplarPart, batch.Exemplars.Count, scratch, () => WriteExemplars(scratch, batch));
        WritePart(into, MetadataPart, batch.Metadata.Count, scratch, () => WriteMetadata(scratch, batch));
    }

    /// <summary>Reads the parts; a number of a series is asked for its id, −1 when it is not known: what is of it is left out, and counted.</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, StagedBatch into, Func<long, int> idOf, ref long lost)
    {
        while (!from.IsEmpty)
        {
            if (!Varint.TryRead(ref from, out var part) || !Varint.TryReadBlock(ref from, out var items))
                return false;
            var isRead = part switch
            {
                StartsPart => TryReadStarts(items, into),
                LatePart => TryReadLate(items, into, idOf, ref lost),
                ExemplarPart => TryReadExemplars(items, into, idOf, ref lost),
                MetadataPart => TryReadMetadata(items, into),
                _ => false,
            };
            if (!isRead)
                return false;
        }
        return true;
    }

    public static void WriteObservations(IBufferWriter<byte> into, StagedBatch batch, LargeWriter scratch)
    {
        var before = 0;
        foreach (var item in batch.Observations)
        {
            Varint.Write(into, Varint.ZigZag(item.Id - (long)before));
            Varint.Write(into, (ulong)item.Kind);
            if (item.Histogram is { } histogram)
                WriteBlock(into, histogram, scratch);
            else
                LogDouble.Write(into, item.Value);
            Varint.WriteBlock(into, item.Sender.Span);
            before = item.Id;
        }
    }

    public static bool TryReadObservations(ReadOnlySpan<byte> from, StagedBatch into, Func<long, int> idOf, ref long lost)
    {
        var number = 0L;
        while (!from.IsEmpty)
        {
            NativeHistogram? histogram = null;
            var value = 0.0;
            if (!Varint.TryRead(ref from, out var step) || !Varint.TryRead(ref from, out var kind) || kind > (ulong)ObservationKind.Histogram)
                return false;
            if (kind == (ulong)ObservationKind.Histogram
                ? !Varint.TryReadBlock(ref from, out var block) || !HistogramBlock.TryRead(block, out histogram)
                : !LogDouble.TryRead(ref from, out value))
            {
                return false;
            }
            if (!Varint.TryReadBlock(ref from, out var sender))
                return false;
            number += Varint.UnZigZag(step);
            if (idOf(number) is >= 0 and var id)
                into.Observations.Add(new StagedObservation(id, (ObservationKind)kind, value, histogram, default, sender.ToArray()));
            else
                lost++;
        }
        return true;
    }

    private static void WritePart(IBufferWriter<byte> into, ulong part, int items, LargeWriter scratch, Action write)
    {
        if (items == 0)
            return;
        scratch.Clear();
        write();
        Varint.Write(into, part);
        Varint.WriteBlock(into, scratch.WrittenSpan);
    }

    private static void WriteStarts(IBufferWriter<byte> into, StagedBatch batch)
    {
        var before = 0;
        foreach (var (at, start) in batch.Starts)
        {
            Varint.Write(into, (ulong)(at - before));
            Varint.Write(into, Varint.ZigZag(start));
            before = at;
        }
    }

    private static bool TryReadStarts(ReadOnlySpan<byte> from, StagedBatch into)
    {
        var at = 0UL;
        while (!from.IsEmpty)
        {
            if (!Varint.TryRead(ref from, out var step) || !Varint.TryRead(ref from, out var start) || (at += step) > int.MaxValue)
                return false;
            into.Starts.Add(((int)at, Varint.UnZigZag(start)));
        }
        return true;
    }

    private static void WriteLate(IBufferWriter<byte> into, StagedBatch batch)
    {
        var block = new LargeWriter();
        var (number, time) = (0L, 0L);
        foreach (var (id, sample) in batch.Late)
        {
            Varint.Write(into, Varint.ZigZag(id - number));
            Varint.Write(into, Varint.ZigZag(sample.Time - time));
            Varint.Write(into, Varint.ZigZag(sample.Start));
            Varint.Write(into, sample.Histogram is null ? 0UL : 1);
            if (sample.Histogram is { } histogram)
                WriteBlock(into, histogram, block);
            else
                LogDouble.Write(into, sample.Value);
            (number, time) = (id, sample.Time);
        }
    }

    private static bool TryReadLate(ReadOnlySpan<byte> from, StagedBatch into, Func<long, int> idOf, ref long lost)
    {
        var (number, time) = (0L, 0L);
        while (!from.IsEmpty)
        {
            NativeHistogram? histogram = null;
            var value = 0.0;
            if (!Varint.TryRead(ref from, out var step) || !Varint.TryRead(ref from, out var timeStep) || !Varint.TryRead(ref from, out var start)
                || !Varint.TryRead(ref from, out var isHistogram))
            {
                return false;
            }
            if (isHistogram == 1
                ? !Varint.TryReadBlock(ref from, out var block) || !HistogramBlock.TryRead(block, out histogram)
                : !LogDouble.TryRead(ref from, out value))
            {
                return false;
            }
            number += Varint.UnZigZag(step);
            time += Varint.UnZigZag(timeStep);
            if (idOf(number) is >= 0 and var id)
                into.Late.Add((id, new LateSample(time, value, histogram, Varint.UnZigZag(start), 0)));
            else
                lost++;
        }
        return true;
    }

    private static void WriteExemplars(IBufferWriter<byte> into, StagedBatch batch)
    {
        foreach (var exemplar in batch.Exemplars)
        {
            Varint.Write(into, (ulong)exemplar.Id);
            Varint.Write(into, Varint.ZigZag(exemplar.Time));
            LogDouble.Write(into, exemplar.Value);
            Varint.WriteBlock(into, exemplar.Labels.Bytes);
        }
    }

    private static bool TryReadExemplars(ReadOnlySpan<byte> from, StagedBatch into, Func<long, int> idOf, ref long lost)
    {
        while (!from.IsEmpty)
        {
            if (!Varint.TryRead(ref from, out var number) || !Varint.TryRead(ref from, out var time) || !LogDouble.TryRead(ref from, out var value)
                || !Varint.TryReadBlock(ref from, out var bytes) || !Labels.TryFromBytes(bytes.ToArray(), out var labels))
            {
                return false;
            }
            if (idOf((long)number) is >= 0 and var id)
                into.Exemplars.Add(new StagedExemplar(id, labels, Varint.UnZigZag(time), value));
            else
                lost++;
        }
        return true;
    }

    private static void WriteMetadata(IBufferWriter<byte> into, StagedBatch batch)
    {
        foreach (var said in batch.Metadata)
            MetadataBlock.Write(into, said);
    }

    private static bool TryReadMetadata(ReadOnlySpan<byte> from, StagedBatch into)
    {
        while (!from.IsEmpty)
        {
            if (!MetadataBlock.TryRead(ref from, out var said))
                return false;
            into.Metadata.Add(said);
        }
        return true;
    }

    private static void WriteBlock(IBufferWriter<byte> into, NativeHistogram histogram, LargeWriter scratch)
    {
        scratch.Clear();
        HistogramChunk.Encode([histogram], scratch);
        Varint.WriteBlock(into, scratch.WrittenSpan);
    }
}
