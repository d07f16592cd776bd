using HmsOps.Series;

namespace HmsOps.PromQL.Histograms;

/// <summary>Where the buckets of native histograms begin and end, and what becomes of them in a coarser schema or a wider zero bucket.</summary>
internal static class HistogramBounds
{
    private const int LastExponent = 1024; // 2^1024 is no number any more

    /// <summary>
    /// The inclusive upper bound of a bucket, by distance from zero. The last bucket of regular numbers ends at the largest of them: the one
    /// after it counts the infinities.
    /// </summary>
    public static double Upper(int schema, int index) =>
        Math.ScaleB(index, -schema) == LastExponent ? double.MaxValue : NativeHistogram.UpperBound(schema, index);

    /// <summary>The exclusive lower bound of a bucket, by distance from zero.</summary>
    public static double Lower(int schema, int index) => Upper(schema, index - 1);

    /// <summary>The inclusive upper bound of a bucket of a histogram, with bounds of its own too.</summary>
    public static double Upper(NativeHistogram histogram, int index) => HasOwn(histogram) ? histogram.Bound(index) : Upper(histogram.Schema, index);

    /// <summary>The exclusive lower bound of a bucket of a histogram, with bounds of its own too.</summary>
    public static double Lower(NativeHistogram histogram, int index) => HasOwn(histogram) ? histogram.Bound(index - 1) : Lower(histogram.Schema, index);

    /// <summary>Whether a histogram brings its own bounds. It can be added to and compared with such alone.</summary>
    public static bool HasOwn(NativeHistogram histogram) => histogram.Schema == NativeHistogram.CustomBounds;

    /// <summary>The bounds that two histograms with bounds of their own have in common.</summary>
    public static IReadOnlyList<double> Shared(IReadOnlyList<double> a, IReadOnlyList<double> b) => a.SequenceEqual(b) ? a : [.. a.Intersect(b)];

    /// <summary>Buckets under fewer bounds: each goes to the first that is not below its own.</summary>
    public static IReadOnlyList<HistogramBucket> InBounds(IReadOnlyList<HistogramBucket> buckets, IReadOnlyList<double> from, IReadOnlyList<double> to)
    {
        if (from.Count == to.Count)
            return buckets;
        var merged = new List<HistogramBucket>(buckets.Count);
        var at = 0;
        foreach (var bucket in buckets)
        {
            while (at < to.Count && (bucket.Index >= from.Count || to[at] < from[bucket.Index]))
                at++;
            if (merged.Count > 0 && merged[^1].Index == at)
                merged[^1] = new HistogramBucket(at, merged[^1].Count + bucket.Count);
            else
                merged.Add(new HistogramBucket(at, bucket.Count));
        }
        return merged;
    }

    /// <summary>The bucket of a coarser schema that holds this one: 2^(from-to) buckets become one.</summary>
    public static int IndexInSchema(int index, int from, int to) => ((index - 1) >> (from - to)) + 1;

    /// <summary>Buckets in a coarser or the same schema, without those that lie inside the zero bucket.</summary>
    public static IReadOnlyList<HistogramBucket> InSchema(IReadOnlyList<HistogramBucket> buckets, int from, int to, double zeroThreshold)
    {
        if (from == to && (from == NativeHistogram.CustomBounds || buckets.Count == 0 || Lower(from, buckets[0].Index) >= zeroThreshold))
            return buckets;
        var merged = new List<HistogramBucket>(buckets.Count);
        foreach (var bucket in buckets)
        {
            if (Lower(from, bucket.Index) < zeroThreshold)
                continue;
            var index = IndexInSchema(bucket.Index, from, to);
            if (merged.Count > 0 && merged[^1].Index == index)
                merged[^1] = new HistogramBucket(index, merged[^1].Count + bucket.Count);
            else
                merged.Add(new HistogramBucket(index, bucket.Count));
        }
        return merged;
    }

    /// <summary>
    /// What the zero bucket would hold were it as wide as asked. A width that cuts through a bucket with something in it is widened to that
    /// bucket's end, since nobody knows how its observations lie.
    /// </summary>
    public static (double Count, double Threshold) WidenedZeroBucket(NativeHistogram histogram, double threshold)
    {
        while (true)
        {
            var count = histogram.ZeroCount;
            TakeIn(histogram.Positive, histogram.Schema, ref threshold, ref count);
            var afterPositive = threshold;
            TakeIn(histogram.Negative, histogram.Schema, ref threshold, ref count);
            if (threshold == afterPositive)
                return (count, threshold);
            // The negative side widened it further: the positive side has to be counted again.
        }
    }

    private static void TakeIn(IReadOnlyList<HistogramBucket> buckets, int schema, ref double threshold, ref double count)
    {
        foreach (var bucket in buckets)
        {
            if (Lower(schema, bucket.Index) >= threshold)
                return;
            count += bucket.Count;
            if (bucket.Count != 0)
                threshold = Math.Max(threshold, Upper(schema, bucket.Index));
        }
    }
}
