using HmsOps.Series;

namespace HmsOps.Tsdb.Intake;

/// <summary>Whether a ready-made histogram is one.</summary>
internal static class HistogramForm
{
    // Buckets of one histogram: far beyond what any sender makes, and small enough that one sample cannot fill a batch.
    private const int BucketsMax = 20_000;

    public static bool IsSound(NativeHistogram histogram)
    {
        var isCustom = histogram.Schema == NativeHistogram.CustomBounds;
        if (!isCustom && histogram.Schema is < NativeHistogram.SchemaMin or > NativeHistogram.SchemaMax)
            return false;
        if (!isCustom && histogram.Bounds.Count > 0)
            return false;
        if (isCustom && (histogram.Negative.Count > 0 || !AreAscending(histogram.Bounds)))
            return false;
        return histogram.ZeroThreshold >= 0 && IsCount(histogram.ZeroCount, histogram) && IsCount(histogram.Count, histogram)
            && histogram.Positive.Count + histogram.Negative.Count <= BucketsMax
            && AreSound(histogram.Positive, histogram) && AreSound(histogram.Negative, histogram);
    }

    /// <summary>True when it can be added to others: all of it is finite.</summary>
    public static bool IsFinite(NativeHistogram histogram) =>
        double.IsFinite(histogram.Sum) && double.IsFinite(histogram.Count) && double.IsFinite(histogram.ZeroCount) && double.IsFinite(histogram.ZeroThreshold)
        && histogram.Positive.All(bucket => double.IsFinite(bucket.Count)) && histogram.Negative.All(bucket => double.IsFinite(bucket.Count));

    private static bool AreSound(IReadOnlyList<HistogramBucket> buckets, NativeHistogram histogram)
    {
        for (var i = 0; i < buckets.Count; i++)
        {
            if (!IsCount(buckets[i].Count, histogram) || (i > 0 && buckets[i].Index <= buckets[i - 1].Index))
                return false;
            if (histogram.Schema == NativeHistogram.CustomBounds && (buckets[i].Index < 0 || buckets[i].Index > histogram.Bounds.Count))
                return false;
        }
        return true;
    }

    private static bool IsCount(double count, NativeHistogram histogram) =>
        histogram.IsFloat ? !(count < 0) : count >= 0 && count <= 1L << 53 && Math.Truncate(count) == count;

    private static bool AreAscending(IReadOnlyList<double> bounds)
    {
        for (var i = 0; i < bounds.Count; i++)
        {
            if (!double.IsFinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1]))
                return false;
        }
        return true;
    }
}
