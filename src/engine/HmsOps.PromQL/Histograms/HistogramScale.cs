using HmsOps.Series;

namespace HmsOps.PromQL.Histograms;

/// <summary>Native histograms times and over numbers, and their comparison.</summary>
internal static class HistogramScale
{
    public static NativeHistogram By(NativeHistogram histogram, double factor) => new()
    {
        Schema = histogram.Schema,
        ZeroThreshold = histogram.ZeroThreshold,
        ZeroCount = histogram.ZeroCount * factor,
        Count = histogram.Count * factor,
        Sum = histogram.Sum * factor,
        Positive = Map(histogram.Positive, c => c * factor),
        Negative = Map(histogram.Negative, c => c * factor),
        Bounds = histogram.Bounds,
        IsFloat = true,
        Reset = factor < 0 ? CounterResetHint.Gauge : histogram.Reset,
    };

    /// <summary>Over zero, the buckets go, and the totals become what floats make of them.</summary>
    public static NativeHistogram Over(NativeHistogram histogram, double divisor) => new()
    {
        Schema = histogram.Schema,
        ZeroThreshold = histogram.ZeroThreshold,
        ZeroCount = histogram.ZeroCount / divisor,
        Count = histogram.Count / divisor,
        Sum = histogram.Sum / divisor,
        Positive = divisor == 0 ? [] : Map(histogram.Positive, c => c / divisor),
        Negative = divisor == 0 ? [] : Map(histogram.Negative, c => c / divisor),
        Bounds = histogram.Bounds,
        IsFloat = true,
        Reset = divisor < 0 ? CounterResetHint.Gauge : histogram.Reset,
    };

    /// <summary>Equal in every bucket; empty buckets do not count.</summary>
    public static bool AreEqual(NativeHistogram a, NativeHistogram b) =>
        a.Schema == b.Schema && a.Bounds.SequenceEqual(b.Bounds) && a.ZeroThreshold == b.ZeroThreshold
        && a.Count.Equals(b.Count) && a.Sum.Equals(b.Sum) && a.ZeroCount.Equals(b.ZeroCount) // Equals, so that NaN is like NaN
        && a.Positive.Where(x => x.Count != 0).SequenceEqual(b.Positive.Where(x => x.Count != 0))
        && a.Negative.Where(x => x.Count != 0).SequenceEqual(b.Negative.Where(x => x.Count != 0));

    private static List<HistogramBucket> Map(IReadOnlyList<HistogramBucket> buckets, Func<double, double> map)
    {
        var mapped = new List<HistogramBucket>(buckets.Count);
        foreach (var bucket in buckets)
        {
            if (map(bucket.Count) is not 0 and var count)
                mapped.Add(bucket with { Count = count });
        }
        return mapped;
    }
}
