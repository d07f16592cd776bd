using HmsOps.Series;

namespace HmsOps.Observe.Wire;

/// <summary>Writes the message <c>Histogram</c>, which remote write 1.0 and 2.0 and remote read have alike.</summary>
internal static class HistogramMessage
{
    /// <summary>Writes it as a field.</summary>
    public static void Write(MessageWriter into, int number, NativeHistogram histogram, long time, long start = 0)
    {
        var block = into.BeginBlock(number);
        if (histogram.IsFloat)
            into.WriteDouble(2, histogram.Count);
        else
            into.WriteVarint(1, (ulong)histogram.Count);
        into.WriteDouble(3, histogram.Sum);
        into.WriteVarint(4, Varint.ZigZag(histogram.Schema));
        into.WriteDouble(5, histogram.ZeroThreshold);
        if (histogram.IsFloat)
            into.WriteDouble(7, histogram.ZeroCount);
        else
            into.WriteVarint(6, (ulong)histogram.ZeroCount);
        BucketFields.Write(into, 8, histogram.Negative, histogram.IsFloat);
        BucketFields.Write(into, 11, histogram.Positive, histogram.IsFloat);
        into.WriteVarint(14, (ulong)histogram.Reset);
        into.WriteVarint(15, (ulong)time);
        if (histogram.Bounds.Count > 0)
        {
            var bounds = into.BeginBlock(16);
            foreach (var bound in histogram.Bounds)
                into.WriteFixed64(BitConverter.DoubleToUInt64Bits(bound));
            into.EndBlock(bounds);
        }
        if (start != 0)
            into.WriteVarint(17, (ulong)start);
        into.EndBlock(block);
    }
}
