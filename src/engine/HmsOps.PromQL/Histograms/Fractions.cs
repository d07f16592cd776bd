using HmsOps.Series;

namespace HmsOps.PromQL.Histograms;

/// <summary>Which part of the observations of a histogram lies between two numbers: the inverse of a quantile, with the same assumptions about how they lie in a bucket.</summary>
internal static class Fractions
{
    /// <summary>Of a native histogram. NaN observations lie nowhere, so the fractions of all numbers come to less than 1.</summary>
    public static double OfNative(double lower, double upper, NativeHistogram histogram, out bool leavesOutNan)
    {
        leavesOutNan = false;
        if (histogram.Count == 0 || double.IsNaN(lower) || double.IsNaN(upper))
            return double.NaN;
        if (lower >= upper)
            return 0;
        var parts = HistogramBuckets.InOrder(histogram);
        var count = histogram.Count;
        if (double.IsNaN(histogram.Sum))
        {
            count = parts.Sum(part => part.Count);
            leavesOutNan = count < histogram.Count;
        }
        for (var i = 0; i < parts.Count; i++)
        {
            if (parts[i].IsAroundZero)
                parts[i] = HistogramBuckets.EndedAtZero(parts[i], histogram);
        }
        var isLinear = HistogramBounds.HasOwn(histogram);
        return (Below(upper, parts, count, isLinear) - Below(lower, parts, count, isLinear)) / histogram.Count;
    }

    /// <summary>Of a classic histogram, whose buckets it sorts and mends.</summary>
    public static double OfClassic(double lower, double upper, List<ClassicBucket> buckets)
    {
        if (!Quantiles.Order(buckets))
            return double.NaN;
        var count = buckets[^1].Count;
        if (count == 0 || double.IsNaN(lower) || double.IsNaN(upper))
            return double.NaN;
        if (lower >= upper)
            return 0;
        var parts = new List<HistogramPart>(buckets.Count);
        var (from, before) = (buckets[0].UpperBound > 0 ? 0 : double.NegativeInfinity, 0.0);
        foreach (var (bound, upTo) in buckets)
        {
            parts.Add(new HistogramPart(from, bound, upTo - before));
            (from, before) = (bound, upTo);
        }
        return (Below(upper, parts, count, isLinear: true) - Below(lower, parts, count, isLinear: true)) / count;
    }

    // How many are below a number.
    private static double Below(double value, List<HistogramPart> parts, double count, bool isLinear)
    {
        var rank = 0.0;
        foreach (var part in parts)
        {
            if (part.Lower >= value)
                return Math.Min(rank, count);
            if (part.Upper > value)
            {
                // A bucket open below counts whole, one open above not at all: nobody knows how it lies.
                var share = double.IsNegativeInfinity(part.Lower) ? 1 : part.ShareBelow(value, isLinear || part.IsAroundZero);
                return Math.Min(rank + (part.Count * share), count);
            }
            rank += part.Count;
        }
        return count;
    }
}
