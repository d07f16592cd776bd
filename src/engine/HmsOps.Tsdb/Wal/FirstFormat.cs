using System.Buffers;
using HmsOps.Series;
using HmsOps.Tsdb.Observations;

namespace HmsOps.Tsdb.Wal;

/// <summary>Reads what version 1 of the log declared: docs/formats/metric-log.md, Version 1. Nothing writes it any more.</summary>
internal static class FirstDeclaration
{
    private const ulong Observed = 1;

    public static bool TryRead(ref ReadOnlySpan<byte> from, out int id, out Labels labels, out OpenKind kind)
    {
        (id, labels, kind) = (0, default, default);
        if (!Varint.TryRead(ref from, out var number) || number > int.MaxValue - 1
            || !Varint.TryReadBlock(ref from, out var pairs) || !TryReadLabels(pairs, out labels)
            || !Varint.TryRead(ref from, out var stored) || stored > Observed)
        {
            return false;
        }
        (id, kind) = ((int)number, stored == Observed ? OpenKind.Histogram : OpenKind.None);
        return true;
    }

    /// <summary>Reads what was folded into an observed series.</summary>
    public static bool TryReadState(ref ReadOnlySpan<byte> from, int id, int bucketsMax, out OpenSeries open, out bool isChanged)
    {
        var histogram = new OpenHistogram(0, bucketsMax) { Id = id };
        (open, isChanged) = (histogram, false);
        if (!Varint.TryRead(ref from, out var schema)
            || !LogDouble.TryRead(ref from, out var zero) || !LogDouble.TryRead(ref from, out var count) || !LogDouble.TryRead(ref from, out var sum)
            || !Varint.TryRead(ref from, out var observed) || !Varint.TryRead(ref from, out var sampled) || !Varint.TryRead(ref from, out var changed))
        {
            return false;
        }
        histogram.Restore((int)Varint.UnZigZag(schema), zero, count, sum);
        (open.LastObserved, open.LastSample, isChanged) = ((long)observed, sampled == 0 ? null : (long)sampled, changed == 1);
        return OpenState.TryReadBuckets(ref from, histogram, positive: true) && OpenState.TryReadBuckets(ref from, histogram, positive: false);
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
}

/// <summary>Version 1's samples: numbers of series and times as differences to the item before, values whole.</summary>
internal ref struct FirstSamples(ReadOnlySpan<byte> items)
{
    private ReadOnlySpan<byte> _rest = items;
    private long _id;
    private long _time;

    public readonly bool IsEmpty => _rest.IsEmpty;

    public bool TryNext(out int id, out long time, out double value)
    {
        (id, time, value) = (0, 0, 0);
        if (!Varint.TryRead(ref _rest, out var idStep) || !Varint.TryRead(ref _rest, out var timeStep) || !LogDouble.TryRead(ref _rest, out value))
            return false;
        _id += Varint.UnZigZag(idStep);
        _time += Varint.UnZigZag(timeStep);
        (id, time) = ((int)_id, _time);
        return true;
    }
}

/// <summary>Version 1's observations: value and id of the sender instead of a time.</summary>
internal ref struct FirstObservations(ReadOnlySpan<byte> items)
{
    private ReadOnlySpan<byte> _rest = items;
    private long _id;

    public readonly bool IsEmpty => _rest.IsEmpty;

    public bool TryNext(out int id, out double value, out ReadOnlySpan<byte> senderId)
    {
        (id, value) = (0, 0);
        senderId = default;
        if (!Varint.TryRead(ref _rest, out var idStep) || !LogDouble.TryRead(ref _rest, out value) || !Varint.TryReadBlock(ref _rest, out senderId))
            return false;
        _id += Varint.UnZigZag(idStep);
        id = (int)_id;
        return true;
    }
}
