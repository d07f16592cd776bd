using HmsOps.Series;

namespace HmsOps.PromQL.Histograms;

/// <summary>
/// Whether a histogram that only grows began anew between two samples: if its count or the count of any bucket fell, or if its buckets
/// changed in a way that growing alone does not explain (a finer schema, a narrower zero bucket, one that cuts a bucket, bounds of its own where there were none).
/// </summary>
internal static class CounterReset
{
    public static bool IsBetween(NativeHistogram previous, NativeHistogram current)
    {
        if (current.Reset is CounterResetHint.Reset or CounterResetHint.NoReset)
            return current.Reset == CounterResetHint.Reset; // its maker knows
        if (HistogramBounds.HasOwn(current) || HistogramBounds.HasOwn(previous))
            return current.Schema != previous.Schema || current.Count < previous.Count || AnyFellInOwnBounds(previous, current);
        if (current.Count < previous.Count || current.Schema > previous.Schema || current.ZeroThreshold < previous.ZeroThreshold)
            return true;
        var (previousZero, threshold) = HistogramBounds.WidenedZeroBucket(previous, current.ZeroThreshold);
        if (threshold != current.ZeroThreshold || current.ZeroCount < previousZero)
            return true;
        return AnyFell(previous.Positive, previous.Schema, current.Positive, current) || AnyFell(previous.Negative, previous.Schema, current.Negative, current);
    }

    /// <summary>A histogram with another word about resets; what was said holds only beside the sample before it.</summary>
    public static NativeHistogram Said(NativeHistogram histogram, CounterResetHint hint) => histogram.Reset == hint ? histogram : new NativeHistogram
    {
        Schema = histogram.Schema,
        ZeroThreshold = histogram.ZeroThreshold,
        ZeroCount = histogram.ZeroCount,
        Count = histogram.Count,
        Sum = histogram.Sum,
        Positive = histogram.Positive,
        Negative = histogram.Negative,
        Bounds = histogram.Bounds,
        IsFloat = histogram.IsFloat,
        Reset = hint,
    };

    private static bool AnyFellInOwnBounds(NativeHistogram previous, NativeHistogram current)
    {
        var shared = HistogramBounds.Shared(previous.Bounds, current.Bounds);
        var now = HistogramBounds.InBounds(current.Positive, current.Bounds, shared);
        return AnyFell(HistogramBounds.InBounds(previous.Positive, previous.Bounds, shared), now);
    }

    private static bool AnyFell(IReadOnlyList<HistogramBucket> before, int beforeSchema, IReadOnlyList<HistogramBucket> after, NativeHistogram current)
    {
        return AnyFell(HistogramBounds.InSchema(before, beforeSchema, current.Schema, current.ZeroThreshold), after);
    }

    private static bool AnyFell(IReadOnlyList<HistogramBucket> before, IReadOnlyList<HistogramBucket> after)
    {
        var at = 0;
        foreach (var bucket in before)
        {
            while (at < after.Count && after[at].Index < bucket.Index)
                at++;
            var now = at < after.Count && after[at].Index == bucket.Index ? after[at].Count : 0;
            if (now < bucket.Count)
                return true;
        }
        return false;
    }
}
