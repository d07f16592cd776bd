using HmsOps.Series;

namespace HmsOps.PromQL.Histograms;

/// <summary>
/// <c>&lt;/</c> and <c>&gt;/</c>: a native histogram without the observations above, or below, a number. A bucket that the number cuts keeps its share, as
/// quantiles assume observations to lie in it; the sum is worked out anew from the middles of what is left.
/// </summary>
internal sealed class HistogramTrim
{
    private readonly NativeHistogram _histogram;
    private readonly double _at;
    private readonly bool _keepsBelow;
    private double _count;
    private double _sum;
    private bool _isTrimmed;

    private HistogramTrim(NativeHistogram histogram, double at, bool keepsBelow) => (_histogram, _at, _keepsBelow) = (histogram, at, keepsBelow);

    public static NativeHistogram Upper(NativeHistogram histogram, double at) => new HistogramTrim(histogram, at, keepsBelow: true).Trimmed();

    public static NativeHistogram Lower(NativeHistogram histogram, double at) => new HistogramTrim(histogram, at, keepsBelow: false).Trimmed();

    private bool HasOwnBounds => HistogramBounds.HasOwn(_histogram);

    private NativeHistogram Trimmed()
    {
        var positive = Side(_histogram.Positive, isPositive: true);
        var negative = Side(_histogram.Negative, isPositive: false);
        var zero = _histogram.ZeroCount > 0 ? Kept(_histogram.ZeroCount, ZeroPart()) : _histogram.ZeroCount;
        return !_isTrimmed ? _histogram : new NativeHistogram
        {
            Schema = _histogram.Schema,
            ZeroThreshold = _histogram.ZeroThreshold,
            ZeroCount = zero,
            Count = _count,
            Sum = _sum,
            Positive = positive,
            Negative = negative,
            Bounds = _histogram.Bounds,
            IsFloat = true,
            Reset = _histogram.Reset,
        };
    }

    private List<HistogramBucket> Side(IReadOnlyList<HistogramBucket> buckets, bool isPositive)
    {
        var kept = new List<HistogramBucket>(buckets.Count);
        foreach (var bucket in buckets)
        {
            if (bucket.Count == 0)
                continue;
            var part = isPositive ? HistogramBuckets.Positive(_histogram, bucket) : HistogramBuckets.Negative(_histogram, bucket);
            var count = Kept(bucket.Count, PartOf(part, isPositive));
            if (count != 0)
                kept.Add(bucket with { Count = count });
        }
        return kept;
    }

    private double Kept(double before, (double Count, double Middle) part)
    {
        _count += part.Count;
        _sum += part.Middle * part.Count;
        _isTrimmed |= part.Count != before;
        return part.Count;
    }

    private (double Count, double Middle) PartOf(HistogramPart part, bool isPositive)
    {
        var isWhole = _keepsBelow ? part.Upper <= _at : part.Lower >= _at;
        if (isWhole)
            return (part.Count, Middle(part.Lower, part.Upper, isPositive));
        var isCut = _keepsBelow ? part.Lower < _at : part.Upper > _at;
        if (!isCut)
            return (0, 0);
        if (double.IsNegativeInfinity(part.Lower))
            return OpenBelow(part);
        if (double.IsPositiveInfinity(part.Upper))
            return _keepsBelow || _at < part.Lower ? (0, 0) : (part.Count, _at); // nobody knows how much of it lies below
        var below = part.Count * part.ShareBelow(_at, HasOwnBounds);
        return _keepsBelow ? (below, Middle(part.Lower, _at, isPositive)) : (part.Count - below, Middle(_at, part.Upper, isPositive));
    }

    // The first bucket of bounds of one's own: from 0 on where it ends above that, and otherwise nobody knows how it lies.
    private (double Count, double Middle) OpenBelow(HistogramPart part)
    {
        var isFromZero = part.Upper > 0 && double.IsFinite(part.Upper);
        if (_keepsBelow && part.Upper <= 0)
            return (part.Count, _at);
        if (_keepsBelow)
            return isFromZero && _at > 0 ? (part.Count * _at / part.Upper, _at / 2) : (0, 0);
        return isFromZero && _at >= 0 ? (part.Count * (1 - (_at / part.Upper)), (_at + part.Upper) / 2) : (0, 0);
    }

    private (double Count, double Middle) ZeroPart()
    {
        var zero = HistogramBuckets.Zero(_histogram);
        var (hasNegative, hasPositive) = (_histogram.Negative.Any(b => b.Count != 0), _histogram.Positive.Any(b => b.Count != 0));
        var (lower, upper) = (hasPositive && !hasNegative ? 0 : zero.Lower, hasNegative && !hasPositive ? 0 : zero.Upper);
        if (_at <= lower)
            return _keepsBelow ? (0, 0) : (zero.Count, (lower + upper) / 2);
        if (_at >= upper)
            return _keepsBelow ? (zero.Count, (lower + upper) / 2) : (0, 0);
        return _keepsBelow
            ? (zero.Count * ((_at - lower) / (upper - lower)), (lower + _at) / 2)
            : (zero.Count * ((upper - _at) / (upper - lower)), (_at + upper) / 2);
    }

    private double Middle(double lower, double upper, bool isPositive)
    {
        if (double.IsInfinity(lower))
            return double.IsInfinity(upper) ? 0 : upper > 0 ? upper / 2 : upper;
        if (double.IsInfinity(upper))
            return lower;
        if (HasOwnBounds)
            return (lower + upper) / 2;
        var middle = Math.Sqrt(Math.Abs(lower * upper));
        return isPositive ? middle : -middle;
    }
}
