using HmsOps.Series;

namespace HmsOps.PromQL.Histograms;

/// <summary>A bucket of a classic histogram: how many observations are at most the bound.</summary>
internal readonly record struct ClassicBucket(double UpperBound, double Count);

/// <summary>Quantiles out of buckets and out of numbers.</summary>
internal static class Quantiles
{
    // Relative differences below this come from rounding, not from observations: they would take 10^12 of them.
    private const double Rounding = 1e-12;

    // The smallest normal number, below which relative differences mean nothing.
    private const double SmallestNormal = 2.2250738585072014e-308;

    /// <summary>Which special answer a quantile outside 0..1 has, or null where it is inside.</summary>
    private static double? OutOfRange(double q) => q switch
    {
        double.NaN => double.NaN,
        < 0 => double.NegativeInfinity,
        > 1 => double.PositiveInfinity,
        _ => null,
    };

    /// <summary>Of numbers, which it sorts; between two of them, weighted by how near the rank is to each.</summary>
    public static double OfNumbers(double q, Span<double> numbers)
    {
        if (numbers.IsEmpty)
            return double.NaN;
        if (OutOfRange(q) is { } special)
            return special;
        numbers.Sort(); // NaN first, as the reference has it
        var rank = q * (numbers.Length - 1);
        var lower = (int)Math.Max(0, Math.Floor(rank));
        var upper = Math.Min(numbers.Length - 1, lower + 1);
        var weight = rank - Math.Floor(rank);
        return numbers[lower] * (1 - weight) + numbers[upper] * weight;
    }

    /// <summary>
    /// Of a classic histogram, whose buckets it sorts and mends: linear inside a bucket, from 0 in the lowest one. In the bucket without an
    /// upper bound, the bound below it. Tells the buckets whose counts had to be forced to rise.
    /// </summary>
    public static double OfClassic(double q, List<ClassicBucket> buckets, out Forced? forced)
    {
        forced = null;
        if (OutOfRange(q) is { } special)
            return special;
        if (!Order(buckets))
            return double.NaN;
        forced = ForceToRise(buckets);
        var observations = buckets[^1].Count;
        if (buckets.Count < 2 || observations == 0)
            return double.NaN;

        var rank = q * observations;
        var at = 0;
        while (at < buckets.Count - 1 && !(buckets[at].Count >= rank))
            at++;
        if (at == buckets.Count - 1)
            return buckets[^2].UpperBound;
        if (at == 0 && buckets[0].UpperBound <= 0)
            return buckets[0].UpperBound;
        var (lower, below) = at == 0 ? (0, 0) : (buckets[at - 1].UpperBound, buckets[at - 1].Count);
        return lower + (buckets[at].UpperBound - lower) * ((rank - below) / (buckets[at].Count - below));
    }

    /// <summary>Sorts the buckets of a classic histogram, and makes one of those with one bound. Answers false where there is none without a bound, which counts all observations.</summary>
    public static bool Order(List<ClassicBucket> buckets)
    {
        buckets.Sort(static (a, b) => a.UpperBound.CompareTo(b.UpperBound));
        if (!double.IsPositiveInfinity(buckets[^1].UpperBound))
            return false;
        Coalesce(buckets);
        return true;
    }

    /// <summary>
    /// Of a native histogram: exponential inside a bucket, as if it had ever finer ones; linear inside the zero bucket, which ends at 0 on a
    /// side without observations, and inside buckets with bounds of their own. NaN observations count as larger than all others.
    /// </summary>
    public static double OfNative(double q, NativeHistogram h, out NanObservations nan)
    {
        nan = NanObservations.None;
        if (OutOfRange(q) is { } special)
            return special;
        if (h.Count == 0)
            return double.NaN;
        var buckets = HistogramBuckets.InOrder(h);
        // From the nearer end, where the ranks are smaller and lose less to rounding; with NaN observations the count at the top is unknown.
        var fromBelow = double.IsNaN(h.Sum) || q < 0.5;
        if (!fromBelow)
            buckets.Reverse();
        var rank = (fromBelow ? q : 1 - q) * h.Count;

        var count = 0.0;
        var bucket = default(HistogramPart);
        var at = 0;
        while (at < buckets.Count)
        {
            bucket = buckets[at++];
            count += bucket.Count;
            if (count >= rank)
                break;
        }
        if (HistogramBounds.HasOwn(h) && AtAnEnd(ref bucket) is { } end)
            return end;
        if (!HistogramBounds.HasOwn(h) && bucket is { Lower: < 0, Upper: > 0 })
            bucket = HistogramBuckets.EndedAtZero(bucket, h);
        count = Math.Min(count, h.Count); // rounding may have added up to more
        if (count < rank)
        {
            nan = double.IsNaN(h.Sum) ? NanObservations.AreTheResult : NanObservations.None;
            return double.IsNaN(h.Sum) ? double.NaN : bucket.Upper;
        }
        var within = fromBelow ? rank - (count - bucket.Count) : count - rank;
        if (double.IsNaN(h.Sum) && count + buckets.Skip(at).Sum(b => b.Count) < h.Count)
            nan = NanObservations.SkewTheResult;
        return Interpolated(bucket, within / bucket.Count, isLinear: HistogramBounds.HasOwn(h));
    }

    // Bounds of its own end on both sides: below the first, observations are taken to lie above 0; above the last, at it.
    private static double? AtAnEnd(ref HistogramPart bucket)
    {
        if (double.IsPositiveInfinity(bucket.Upper))
            return bucket.Lower;
        if (!double.IsNegativeInfinity(bucket.Lower))
            return null;
        if (bucket.Upper <= 0)
            return bucket.Upper;
        bucket = bucket with { Lower = 0 };
        return null;
    }

    private static double Interpolated(HistogramPart bucket, double fraction, bool isLinear)
    {
        if (isLinear || bucket.IsAroundZero)
            return bucket.Lower + (bucket.Upper - bucket.Lower) * fraction;
        var lower = Math.Log2(Math.Abs(bucket.Lower));
        var upper = Math.Log2(Math.Abs(bucket.Upper));
        return bucket.Lower > 0
            ? Math.Pow(2, lower + (upper - lower) * fraction)
            : -Math.Pow(2, upper + (lower - upper) * (1 - fraction));
    }

    // Buckets with one bound, as a sum over 0.1 and 0.10 gives them, are one bucket.
    private static void Coalesce(List<ClassicBucket> buckets)
    {
        for (var i = buckets.Count - 1; i > 0; i--)
        {
            if (buckets[i].UpperBound != buckets[i - 1].UpperBound)
                continue;
            buckets[i - 1] = buckets[i - 1] with { Count = buckets[i - 1].Count + buckets[i].Count };
            buckets.RemoveAt(i);
        }
    }

    // Counts are of all observations up to a bound, so they cannot fall; where they do (a scrape cut in two), the search would be lost.
    private static Forced? ForceToRise(List<ClassicBucket> buckets)
    {
        Forced? forced = null;
        var previous = buckets[0].Count;
        for (var i = 1; i < buckets.Count; i++)
        {
            var (bound, count) = buckets[i];
            if (IsRounding(previous, count))
            {
                buckets[i] = buckets[i] with { Count = previous };
            }
            else if (count < previous)
            {
                buckets[i] = buckets[i] with { Count = previous };
                forced = new Forced(forced?.From ?? bound, bound, Math.Max(forced?.MostBy ?? 0, previous - count));
            }
            else
            {
                previous = count;
            }
        }
        return forced;
    }

    private static bool IsRounding(double a, double b)
    {
        if (a == b || (double.IsNaN(a) && double.IsNaN(b)))
            return true;
        var sum = Math.Abs(a) + Math.Abs(b);
        return a == 0 || b == 0 || sum < SmallestNormal
            ? Math.Abs(a - b) < Rounding * SmallestNormal
            : Math.Abs(a - b) / Math.Min(sum, double.MaxValue) < Rounding;
    }

}

/// <summary>Buckets of a classic histogram whose counts were forced to rise: from which bound to which, and by how much at most.</summary>
internal sealed record Forced(double From, double To, double MostBy);

/// <summary>What NaN observations did to a quantile.</summary>
internal enum NanObservations
{
    None,
    SkewTheResult,
    AreTheResult,
}
