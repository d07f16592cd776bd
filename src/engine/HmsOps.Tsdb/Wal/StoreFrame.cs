using System.Buffers;
using System.Buffers.Binary;
using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Observations;

namespace HmsOps.Tsdb.Wal;

/// <summary>What a frame of the log holds: docs/formats/metric-log.md.</summary>
internal enum FrameType : byte
{
    Samples = 1,
    Observations = 2,
}

/// <summary>What every payload begins with.</summary>
/// <param name="Epoch">Series numbers are valid within one epoch: what lies before the first frame of an epoch is not needed to read it.</param>
/// <param name="IsFirst">The epoch begins here.</param>
/// <param name="Stamp">When the batch arrived, milliseconds since 1970; never goes back.</param>
internal readonly record struct FrameHead(long Epoch, bool IsFirst, long Stamp)
{
    public void Write(IBufferWriter<byte> into)
    {
        Varint.Write(into, (ulong)Epoch);
        Varint.Write(into, IsFirst ? 1UL : 0);
        Varint.Write(into, (ulong)Stamp);
    }

    public static bool TryRead(ref ReadOnlySpan<byte> from, out FrameHead head)
    {
        head = default;
        if (!Varint.TryRead(ref from, out var epoch) || !Varint.TryRead(ref from, out var flags) || !Varint.TryRead(ref from, out var stamp))
            return false;
        head = new FrameHead((long)epoch, flags == 1, (long)stamp);
        return flags <= 1;
    }
}

/// <summary>The declaration of a series: its number in this epoch, its labels, and for an observed one all that was folded before.</summary>
internal static class Declaration
{
    public static void Write(IBufferWriter<byte> into, HeadSeries series)
    {
        Varint.Write(into, (ulong)series.LogId);
        WriteLabels(into, series.Labels);
        Varint.Write(into, (ulong)series.Kind);
        if (series.Open is { } open)
            Write(into, open);
    }

    /// <summary>Reads the fixed part; of an observed series <see cref="TryReadState"/> follows.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> from, out int id, out Labels labels, out SeriesKind kind)
    {
        id = 0;
        labels = default;
        kind = default;
        if (!Varint.TryRead(ref from, out var number) || number > int.MaxValue
            || !Varint.TryReadBlock(ref from, out var pairs) || !TryReadLabels(pairs, out labels)
            || !Varint.TryRead(ref from, out var stored) || stored > (ulong)SeriesKind.Observed)
        {
            return false;
        }
        (id, kind) = ((int)number, (SeriesKind)stored);
        return true;
    }

    /// <summary>Reads the state of an observed series into <paramref name="open"/>; answers whether it had changed in its second.</summary>
    public static bool TryReadState(ref ReadOnlySpan<byte> from, OpenHistogram open, out bool isChanged)
    {
        isChanged = false;
        if (!Varint.TryRead(ref from, out var schema)
            || !TryReadDouble(ref from, out var zero) || !TryReadDouble(ref from, out var count) || !TryReadDouble(ref from, out var sum)
            || !Varint.TryRead(ref from, out var observed) || !Varint.TryRead(ref from, out var sampled) || !Varint.TryRead(ref from, out var changed))
        {
            return false;
        }
        open.Restore((int)Varint.UnZigZag(schema), zero, count, sum);
        open.LastObserved = (long)observed;
        open.LastSample = sampled == 0 ? null : (long)sampled;
        isChanged = changed == 1;
        return TryReadBuckets(ref from, open, positive: true) && TryReadBuckets(ref from, open, positive: false);
    }

    public static void WriteDouble(IBufferWriter<byte> into, double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(into.GetSpan(sizeof(double)), value);
        into.Advance(sizeof(double));
    }

    public static bool TryReadDouble(ref ReadOnlySpan<byte> from, out double value)
    {
        value = 0;
        if (from.Length < sizeof(double))
            return false;
        value = BinaryPrimitives.ReadDoubleLittleEndian(from);
        from = from[sizeof(double)..];
        return true;
    }

    // In the log a label is two blocks, without the marks of the canonical form in memory.
    private static void WriteLabels(IBufferWriter<byte> into, Labels labels)
    {
        var length = 0;
        foreach (var label in labels)
            length += Varint.Size((ulong)label.Name.Length) + label.Name.Length + Varint.Size((ulong)label.Value.Length) + label.Value.Length;
        Varint.Write(into, (ulong)length);
        foreach (var label in labels)
        {
            Varint.WriteBlock(into, label.Name);
            Varint.WriteBlock(into, label.Value);
        }
    }

    private static bool TryReadLabels(ReadOnlySpan<byte> pairs, out Labels labels)
    {
        var bytes = new ArrayBufferWriter<byte>(pairs.Length + 64);
        labels = default;
        while (!pairs.IsEmpty)
        {
            if (!Varint.TryReadBlock(ref pairs, out var name) || !Varint.TryReadBlock(ref pairs, out var value))
                return false;
            LabelBytes.Write(bytes, name, value);
        }
        return Labels.TryFromBytes(bytes.WrittenMemory, out labels);
    }

    private static void Write(IBufferWriter<byte> into, OpenHistogram open)
    {
        Varint.Write(into, Varint.ZigZag(open.Schema));
        WriteDouble(into, open.ZeroCount);
        WriteDouble(into, open.Count);
        WriteDouble(into, open.Sum);
        Varint.Write(into, (ulong)open.LastObserved);
        Varint.Write(into, (ulong)(open.LastSample ?? 0)); // no sample was ever made in the first millisecond of 1970
        Varint.Write(into, open.IsChanged ? 1UL : 0);
        WriteBuckets(into, open.Positive);
        WriteBuckets(into, open.Negative);
    }

    private static void WriteBuckets(IBufferWriter<byte> into, SortedList<int, double> buckets)
    {
        Varint.Write(into, (ulong)buckets.Count);
        for (var i = 0; i < buckets.Count; i++)
        {
            Varint.Write(into, Varint.ZigZag(buckets.GetKeyAtIndex(i)));
            WriteDouble(into, buckets.GetValueAtIndex(i));
        }
    }

    private static bool TryReadBuckets(ref ReadOnlySpan<byte> from, OpenHistogram open, bool positive)
    {
        if (!Varint.TryRead(ref from, out var buckets))
            return false;
        for (var i = 0UL; i < buckets; i++)
        {
            if (!Varint.TryRead(ref from, out var index) || !TryReadDouble(ref from, out var count))
                return false;
            open.RestoreBucket(positive, (int)Varint.UnZigZag(index), count);
        }
        return true;
    }
}

/// <summary>The items of a frame, each a few bytes: numbers of series and times as differences to the item before.</summary>
internal ref struct SampleItems(ReadOnlySpan<byte> items)
{
    private ReadOnlySpan<byte> _rest = items;
    private long _id;
    private long _time;

    public readonly bool IsEmpty => _rest.IsEmpty;

    public static void Write(IBufferWriter<byte> into, ref ItemBefore before, int id, long time, double value)
    {
        Varint.Write(into, Varint.ZigZag(id - before.Id));
        Varint.Write(into, Varint.ZigZag(time - before.Time));
        Declaration.WriteDouble(into, value);
        before = new ItemBefore(id, time);
    }

    public bool TryNext(out int id, out long time, out double value)
    {
        (id, time, value) = (0, 0, 0);
        if (!Varint.TryRead(ref _rest, out var idStep) || !Varint.TryRead(ref _rest, out var timeStep)
            || !Declaration.TryReadDouble(ref _rest, out value))
        {
            return false;
        }
        _id += Varint.UnZigZag(idStep);
        _time += Varint.UnZigZag(timeStep);
        (id, time) = ((int)_id, _time);
        return true;
    }
}

/// <summary>As <see cref="SampleItems"/>, for observations: value and id of the sender instead of a time.</summary>
internal ref struct ObservationItems(ReadOnlySpan<byte> items)
{
    private ReadOnlySpan<byte> _rest = items;
    private long _id;

    public readonly bool IsEmpty => _rest.IsEmpty;

    public static void Write(IBufferWriter<byte> into, ref ItemBefore before, int id, double value, ReadOnlySpan<byte> senderId)
    {
        Varint.Write(into, Varint.ZigZag(id - before.Id));
        Declaration.WriteDouble(into, value);
        Varint.WriteBlock(into, senderId);
        before = new ItemBefore(id, 0);
    }

    public bool TryNext(out int id, out double value, out ReadOnlySpan<byte> senderId)
    {
        id = 0;
        value = 0;
        senderId = default;
        if (!Varint.TryRead(ref _rest, out var idStep) || !Declaration.TryReadDouble(ref _rest, out value)
            || !Varint.TryReadBlock(ref _rest, out senderId))
        {
            return false;
        }
        _id += Varint.UnZigZag(idStep);
        id = (int)_id;
        return true;
    }
}

/// <summary>What the next item is written as a difference to.</summary>
internal readonly record struct ItemBefore(int Id, long Time);
