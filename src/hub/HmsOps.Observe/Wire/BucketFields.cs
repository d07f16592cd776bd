using HmsOps.Series;

namespace HmsOps.Observe.Wire;

/// <summary>
/// The buckets of one side of a native histogram, as remote write, remote read and the protobuf exposition all send them: spans of neighbours, and integer counts as
/// differences or float counts as they are, in three fields one behind the other.
/// </summary>
internal static class BucketFields
{
    /// <summary>Writes spans as field <paramref name="number"/>, differences as the next and floats as the one behind that.</summary>
    public static void Write(MessageWriter into, int number, IReadOnlyList<HistogramBucket> buckets, bool isFloat)
    {
        if (buckets.Count == 0)
            return;
        WriteSpans(into, number, buckets);
        if (isFloat)
        {
            var counts = into.BeginBlock(number + 2);
            foreach (var bucket in buckets)
                into.WriteFixed64(BitConverter.DoubleToUInt64Bits(bucket.Count));
            into.EndBlock(counts);
            return;
        }
        var deltas = into.BeginBlock(number + 1);
        var before = 0L;
        foreach (var bucket in buckets)
        {
            var count = (long)bucket.Count;
            into.WriteVarint(Varint.ZigZag(count - before));
            before = count;
        }
        into.EndBlock(deltas);
    }

    /// <summary>Writes a span without buckets: it says that a histogram without any is a native one all the same.</summary>
    public static void WriteEmptySpan(MessageWriter into, int number) => WriteSpan(into, number, 0, 0);

    private static void WriteSpans(MessageWriter into, int number, IReadOnlyList<HistogramBucket> buckets)
    {
        var behind = 0;
        for (var begin = 0; begin < buckets.Count;)
        {
            var end = begin + 1;
            while (end < buckets.Count && buckets[end].Index == buckets[end - 1].Index + 1)
                end++;
            WriteSpan(into, number, buckets[begin].Index - behind, end - begin);
            behind = buckets[end - 1].Index + 1;
            begin = end;
        }
    }

    private static void WriteSpan(MessageWriter into, int number, int offset, int length)
    {
        var span = into.BeginBlock(number);
        into.WriteVarint(1, Varint.ZigZag(offset));
        into.WriteVarint(2, (ulong)length);
        into.EndBlock(span);
    }
}
