using HmsOps.Series;

namespace HmsOps.App.Verbs.Query;

/// <summary>A histogram as an answer carries it: buckets with their bounds, ascending, without the resolution they came from.</summary>
/// <param name="Count">All observations.</param>
/// <param name="Sum">Their sum.</param>
/// <param name="Buckets">Ascending; empty ones are left out.</param>
internal sealed record AnswerHistogram(double Count, double Sum, IReadOnlyList<AnswerBucket> Buckets)
{
    // The middle, and where the slow ones begin; more of it is a question for histogram_quantile.
    private static readonly (string Word, double Share)[] Quantiles = [("p50", 0.5), ("p99", 0.99)];

    // A bucket's bound says no more than this about what is in it.
    private const int BoundFigures = 2;

    /// <summary>A sample of the engine's.</summary>
    public static AnswerHistogram Of(NativeHistogram histogram)
    {
        var buckets = new List<AnswerBucket>(histogram.Negative.Count + histogram.Positive.Count + 1);
        foreach (var bucket in histogram.Negative.Reverse())
            buckets.Add(new AnswerBucket(-histogram.Bound(bucket.Index), -histogram.Bound(bucket.Index - 1), bucket.Count));
        if (histogram.ZeroCount != 0)
            buckets.Add(new AnswerBucket(-histogram.ZeroThreshold, histogram.ZeroThreshold, histogram.ZeroCount));
        foreach (var bucket in histogram.Positive)
            buckets.Add(new AnswerBucket(histogram.Bound(bucket.Index - 1), histogram.Bound(bucket.Index), bucket.Count));
        return new AnswerHistogram(histogram.Count, histogram.Sum, buckets);
    }

    /// <summary><c>{count:4, sum:2.5, p50≤0.5, p99≤1.1}</c>: a quantile is the bound of the bucket it falls into, rounded up, so that what is said is true.</summary>
    public override string ToString() => $"{{count:{NumberText.InAnswer(Count)}, sum:{NumberText.InAnswer(Sum)}{string.Concat(Quantiles.Select(QuantileText))}}}";

    private string QuantileText((string Word, double Share) quantile)
    {
        var all = Buckets.Sum(bucket => bucket.Count);
        if (!(all > 0))
            return "";
        var before = 0d;
        var found = Buckets[^1];
        foreach (var bucket in Buckets)
        {
            before += bucket.Count;
            if (before < quantile.Share * all)
                continue;
            found = bucket;
            break;
        }
        if (double.IsFinite(found.Upper))
            return $", {quantile.Word}≤{NumberText.InAnswer(Rounded(found.Upper, up: true))}";
        return double.IsFinite(found.Lower) ? $", {quantile.Word}>{NumberText.InAnswer(Rounded(found.Lower, up: false))}" : "";
    }

    private static double Rounded(double value, bool up)
    {
        if (value == 0)
            return 0;
        var decimals = BoundFigures - 1 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        if (Math.Abs(decimals) > 15)
            return value; // so small or so large that rounding by powers of ten would change it
        var power = Math.Pow(10, Math.Abs(decimals));
        var scaled = decimals > 0 ? value * power : value / power;
        // What the scaling itself added must not push a bound like 0.5 up.
        var near = Math.Round(scaled, 9);
        var whole = up ? Math.Ceiling(near) : Math.Floor(near);
        return decimals > 0 ? whole / power : whole * power;
    }
}

/// <summary>One bucket: between which values so many observations lie.</summary>
internal readonly record struct AnswerBucket(double Lower, double Upper, double Count);
