using System.Buffers;
using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Index;
using HmsOps.Tsdb.Observations;

namespace HmsOps.Tsdb.Wal;

/// <summary>The declaration of a series: its number, its labels, where its samples come from, and of an observed one all that was folded before.</summary>
internal static class Declaration
{
    /// <summary>Writes a declaration; its labels as a difference to those declared before it in the frame.</summary>
    public static void Write(IBufferWriter<byte> into, int id, Labels labels, Labels before, OpenSeries? open)
    {
        Varint.Write(into, (ulong)id);
        DeclaredLabels.Write(into, labels, before);
        Varint.Write(into, (ulong)OpenState.KindOf(open));
        if (open is not null)
            OpenState.Write(into, open);
    }

    /// <summary>Reads a declaration; of an observed series its <see cref="OpenState"/> follows.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> from, Labels before, LabelsRoom room, out int id, out Labels labels, out OpenKind kind)
    {
        (labels, kind) = (default, default);
        return TryReadNumber(ref from, out id) && DeclaredLabels.TryRead(ref from, before, room, out labels) && TryReadKind(ref from, out kind);
    }

    /// <summary>Reads one that has its labels whole.</summary>
    public static bool TryReadWhole(ref ReadOnlySpan<byte> from, out int id, out Labels labels, out OpenKind kind)
    {
        (labels, kind) = (default, default);
        return TryReadNumber(ref from, out id) && Varint.TryReadBlock(ref from, out var bytes) && Labels.TryFromBytes(bytes.ToArray(), out labels)
            && TryReadKind(ref from, out kind);
    }

    private static bool TryReadNumber(ref ReadOnlySpan<byte> from, out int id)
    {
        var read = Varint.TryRead(ref from, out var number) && number <= int.MaxValue - 1;
        id = read ? (int)number : 0;
        return read;
    }

    private static bool TryReadKind(ref ReadOnlySpan<byte> from, out OpenKind kind)
    {
        var read = Varint.TryRead(ref from, out var stored) && stored <= (ulong)OpenKind.Counter;
        kind = read ? (OpenKind)stored : default;
        return read;
    }
}

/// <summary>Where the samples of a series come from, as the log numbers it.</summary>
internal enum OpenKind
{
    /// <summary>They are appended.</summary>
    None = 0,

    /// <summary>Observations are folded into a histogram.</summary>
    Histogram = 1,

    /// <summary>Increments are folded into a counter.</summary>
    Counter = 2,
}

/// <summary>What is folded into an observed series, as bytes: in a declaration and in a checkpoint.</summary>
internal static class OpenState
{
    public static OpenKind KindOf(OpenSeries? open) => open switch { null => OpenKind.None, OpenCounter => OpenKind.Counter, _ => OpenKind.Histogram };

    public static SeriesMarks MarkOf(OpenKind kind) => kind switch
    {
        OpenKind.Histogram => SeriesMarks.Observed,
        OpenKind.Counter => SeriesMarks.Counted,
        _ => SeriesMarks.None,
    };

    public static void Write(IBufferWriter<byte> into, OpenSeries open)
    {
        Varint.Write(into, (ulong)open.LastObserved);
        Varint.Write(into, (ulong)(open.LastSample ?? 0)); // no sample was ever made in the first millisecond of 1970
        Varint.Write(into, open.IsChanged ? 1UL : 0);
        if (open is OpenCounter counter)
            LogDouble.Write(into, counter.Value);
        else
            Write(into, (OpenHistogram)open);
    }

    /// <summary>Reads the state of a series; whether it had changed in its second is answered apart, for its closer has to hear of it.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> from, OpenKind kind, int id, int bucketsMax, out OpenSeries open, out bool isChanged)
    {
        open = kind == OpenKind.Counter ? new OpenCounter { Id = id } : new OpenHistogram(0, bucketsMax) { Id = id };
        isChanged = false;
        if (!Varint.TryRead(ref from, out var observed) || !Varint.TryRead(ref from, out var sampled) || !Varint.TryRead(ref from, out var changed))
            return false;
        (open.LastObserved, open.LastSample, isChanged) = ((long)observed, sampled == 0 ? null : (long)sampled, changed == 1);
        if (open is not OpenCounter counter)
            return TryRead(ref from, (OpenHistogram)open);
        if (!LogDouble.TryRead(ref from, out var value))
            return false;
        counter.Value = value;
        return true;
    }

    private static void Write(IBufferWriter<byte> into, OpenHistogram open)
    {
        Varint.Write(into, Varint.ZigZag(open.Schema));
        LogDouble.Write(into, open.ZeroThreshold);
        LogDouble.Write(into, open.ZeroCount);
        LogDouble.Write(into, open.Count);
        LogDouble.Write(into, open.Sum);
        Varint.Write(into, open.IsFloat ? 1UL : 0);
        Varint.Write(into, (ulong)open.Bounds.Count);
        foreach (var bound in open.Bounds)
            LogDouble.Write(into, bound);
        WriteBuckets(into, open.Positive);
        WriteBuckets(into, open.Negative);
    }

    private static bool TryRead(ref ReadOnlySpan<byte> from, OpenHistogram open)
    {
        if (!Varint.TryRead(ref from, out var schema) || !LogDouble.TryRead(ref from, out var threshold)
            || !LogDouble.TryRead(ref from, out var zero) || !LogDouble.TryRead(ref from, out var count) || !LogDouble.TryRead(ref from, out var sum)
            || !Varint.TryRead(ref from, out var isFloat) || !Varint.TryRead(ref from, out var boundCount) || boundCount > (ulong)(from.Length / sizeof(double)))
        {
            return false;
        }
        var bounds = new double[boundCount];
        foreach (ref var bound in bounds.AsSpan())
            LogDouble.TryRead(ref from, out bound);
        open.Restore((int)Varint.UnZigZag(schema), zero, count, sum, threshold, isFloat == 1, bounds);
        return TryReadBuckets(ref from, open, positive: true) && TryReadBuckets(ref from, open, positive: false);
    }

    private static void WriteBuckets(IBufferWriter<byte> into, SortedList<int, double> buckets)
    {
        Varint.Write(into, (ulong)buckets.Count);
        for (var i = 0; i < buckets.Count; i++)
        {
            Varint.Write(into, Varint.ZigZag(buckets.GetKeyAtIndex(i)));
            LogDouble.Write(into, buckets.GetValueAtIndex(i));
        }
    }

    /// <summary>Reads buckets, as version 1 wrote them too.</summary>
    public static bool TryReadBuckets(ref ReadOnlySpan<byte> from, OpenHistogram open, bool positive)
    {
        if (!Varint.TryRead(ref from, out var buckets))
            return false;
        for (var i = 0UL; i < buckets; i++)
        {
            if (!Varint.TryRead(ref from, out var index) || !LogDouble.TryRead(ref from, out var count))
                return false;
            open.RestoreBucket(positive, (int)Varint.UnZigZag(index), count);
        }
        return true;
    }
}
