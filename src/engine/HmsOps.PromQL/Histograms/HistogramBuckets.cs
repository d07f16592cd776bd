using HmsOps.Series;

namespace HmsOps.PromQL.Histograms;

/// <summary>A bucket of a native histogram, from where to where on the line of numbers, and what is in it.</summary>
internal readonly record struct HistogramPart(double Lower, double Upper, double Count)
{
    /// <summary>Whether it is one of those that hold what is near zero.</summary>
    public bool IsAroundZero => Lower <= 0 && Upper >= 0;

    /// <summary>
    /// How much of the bucket's width lies below a number inside it: on the plain line, or on the logarithmic one, on which all exponential buckets are alike wide.
    /// </summary>
    public double ShareBelow(double value, bool isLinear)
    {
        if (isLinear)
            return (value - Lower) / (Upper - Lower);
        var (lower, upper, at) = (Math.Log2(Math.Abs(Lower)), Math.Log2(Math.Abs(Upper)), Math.Log2(Math.Abs(value)));
        return value > 0 ? (at - lower) / (upper - lower) : 1 - ((at - upper) / (lower - upper));
    }
}

/// <summary>The buckets of a native histogram as parts of the line of numbers.</summary>
internal static class HistogramBuckets
{
    /// <summary>Those with something in them, ascending.</summary>
    public static List<HistogramPart> InOrder(NativeHistogram histogram)
    {
        var parts = new List<HistogramPart>(histogram.Negative.Count + histogram.Positive.Count + 1);
        for (var i = histogram.Negative.Count - 1; i >= 0; i--)
        {
            if (histogram.Negative[i].Count != 0)
                parts.Add(Negative(histogram, histogram.Negative[i]));
        }
        if (histogram.ZeroCount != 0)
            parts.Add(Zero(histogram));
        foreach (var bucket in histogram.Positive)
        {
            if (bucket.Count != 0)
                parts.Add(Positive(histogram, bucket));
        }
        return parts;
    }

    public static HistogramPart Positive(NativeHistogram histogram, HistogramBucket bucket) =>
        new(HistogramBounds.Lower(histogram, bucket.Index), HistogramBounds.Upper(histogram, bucket.Index), bucket.Count);

    public static HistogramPart Negative(NativeHistogram histogram, HistogramBucket bucket) =>
        new(-HistogramBounds.Upper(histogram, bucket.Index), -HistogramBounds.Lower(histogram, bucket.Index), bucket.Count);

    public static HistogramPart Zero(NativeHistogram histogram) => new(-histogram.ZeroThreshold, histogram.ZeroThreshold, histogram.ZeroCount);

    /// <summary>A bucket around zero ends at 0 on a side on which nothing was observed.</summary>
    public static HistogramPart EndedAtZero(HistogramPart part, NativeHistogram histogram) => (histogram.Negative.Count, histogram.Positive.Count) switch
    {
        (0, > 0) => part with { Lower = 0 },
        ( > 0, 0) => part with { Upper = 0 },
        _ => part,
    };
}
