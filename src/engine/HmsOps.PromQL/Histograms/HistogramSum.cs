using HmsOps.PromQL.Evaluation;
using HmsOps.Series;

namespace HmsOps.PromQL.Histograms;

/// <summary>
/// Adds and subtracts native histograms, each bucket a compensated sum. Histograms of different schemas meet in the coarser one, zero
/// buckets of different widths in the wider one, bounds of their own in those they share. O(buckets) an addition. One owner.
/// </summary>
internal sealed class HistogramSum
{
    private int _schema;
    private double _zeroThreshold;
    private CompensatedSum _zero;
    private CompensatedSum _count;
    private CompensatedSum _sum;
    private List<(int Index, CompensatedSum Count)> _positive = [];
    private List<(int Index, CompensatedSum Count)> _negative = [];
    private IReadOnlyList<double> _bounds = [];
    private CounterResetHint _reset;
    private bool _sawReset;
    private bool _sawNoReset;

    private HistogramSum()
    {
    }

    /// <summary>Some histograms bring their own bounds and some do not: there is no sum of them.</summary>
    public bool IsMixed { get; private set; }

    /// <summary>Bounds differed, and some were left out.</summary>
    public bool IsReconciled { get; private set; }

    /// <summary>Of some histograms it is said that they begin anew, and of some that they do not.</summary>
    public bool HasResetConflict => _sawReset && _sawNoReset;

    /// <summary>A sum that begins with a histogram.</summary>
    public static HistogramSum Of(NativeHistogram first) => Of(first, first.Schema);

    /// <summary>A sum that begins with a histogram in a coarser or the same schema.</summary>
    public static HistogramSum Of(NativeHistogram first, int schema) => new()
    {
        _schema = schema,
        _zeroThreshold = first.ZeroThreshold,
        _zero = new CompensatedSum(first.ZeroCount),
        _count = new CompensatedSum(first.Count),
        _sum = new CompensatedSum(first.Sum),
        _positive = Cells(HistogramBounds.InSchema(first.Positive, first.Schema, schema, 0)),
        _negative = Cells(HistogramBounds.InSchema(first.Negative, first.Schema, schema, 0)),
        _bounds = first.Bounds,
        _reset = first.Reset,
        _sawReset = first.Reset == CounterResetHint.Reset,
        _sawNoReset = first.Reset == CounterResetHint.NoReset,
    };

    /// <summary>
    /// The mean: the sum over how many there are, or, where the sum leaves the range of numbers, the sum of each one's share. The sum itself says whether there is one.
    /// </summary>
    public static NativeHistogram Mean(IReadOnlyList<NativeHistogram> histograms, out HistogramSum sum)
    {
        sum = Of(histograms[0]);
        for (var i = 1; i < histograms.Count; i++)
            sum.Add(histograms[i]);
        var whole = sum.ToHistogram();
        if (!Overflows(whole))
            return HistogramScale.Over(whole, histograms.Count);
        var shares = Of(HistogramScale.Over(histograms[0], histograms.Count));
        for (var i = 1; i < histograms.Count; i++)
            shares.Add(HistogramScale.Over(histograms[i], histograms.Count));
        return shares.ToHistogram();
    }

    public HistogramSum Add(NativeHistogram other)
    {
        Fold(other, 1);
        return this;
    }

    /// <summary>Adds what another sum came to.</summary>
    public HistogramSum Join(HistogramSum other)
    {
        IsMixed |= other.IsMixed;
        IsReconciled |= other.IsReconciled;
        _sawReset |= other._sawReset;
        _sawNoReset |= other._sawNoReset;
        return Add(other.ToHistogram());
    }

    /// <summary>The difference of two counts is no count that only grows: it is a gauge.</summary>
    public HistogramSum Subtract(NativeHistogram other)
    {
        Fold(other, -1);
        _reset = CounterResetHint.Gauge;
        return this;
    }

    /// <summary>The sum as it stands, marked as one that may fall: rates are.</summary>
    public NativeHistogram ToGauge()
    {
        _reset = CounterResetHint.Gauge;
        return ToHistogram();
    }

    /// <summary>The sum as it stands, without empty buckets.</summary>
    public NativeHistogram ToHistogram() => new()
    {
        Schema = _schema,
        ZeroThreshold = _zeroThreshold,
        ZeroCount = _zero.Total,
        Count = _count.Total,
        Sum = _sum.Total,
        Positive = Buckets(_positive),
        Negative = Buckets(_negative),
        Bounds = _bounds,
        IsFloat = true,
        Reset = _reset,
    };

    private void Fold(NativeHistogram other, double sign)
    {
        _sawReset |= other.Reset == CounterResetHint.Reset;
        _sawNoReset |= other.Reset == CounterResetHint.NoReset;
        if (other.Reset != _reset)
            _reset = other.IsGauge || _reset == CounterResetHint.Gauge ? CounterResetHint.Gauge : CounterResetHint.Unknown;
        if (_schema == NativeHistogram.CustomBounds || HistogramBounds.HasOwn(other))
        {
            FoldOwnBounds(other, sign);
            return;
        }
        var otherZero = MeetZeroBuckets(other);
        _zero.Add(sign * otherZero);
        _count.Add(sign * other.Count);
        _sum.Add(sign * other.Sum);
        if (other.Schema < _schema)
            Coarsen(other.Schema);
        _positive = Merge(_positive, HistogramBounds.InSchema(other.Positive, other.Schema, _schema, _zeroThreshold), sign);
        _negative = Merge(_negative, HistogramBounds.InSchema(other.Negative, other.Schema, _schema, _zeroThreshold), sign);
    }

    private void FoldOwnBounds(NativeHistogram other, double sign)
    {
        if (other.Schema != _schema)
        {
            IsMixed = true;
            return;
        }
        var shared = HistogramBounds.Shared(_bounds, other.Bounds);
        IsReconciled |= shared.Count != _bounds.Count || shared.Count != other.Bounds.Count;
        if (shared.Count != _bounds.Count)
            _positive = Cells(HistogramBounds.InBounds(Buckets(_positive), _bounds, shared));
        _positive = Merge(_positive, HistogramBounds.InBounds(other.Positive, other.Bounds, shared), sign);
        _bounds = shared;
        _zero.Add(sign * other.ZeroCount);
        _count.Add(sign * other.Count);
        _sum.Add(sign * other.Sum);
    }

    // Widens the narrower zero bucket until both are alike, which can take turns: each may be pushed on by a bucket it would cut.
    private double MeetZeroBuckets(NativeHistogram other)
    {
        var (count, threshold) = (other.ZeroCount, other.ZeroThreshold);
        while (threshold != _zeroThreshold)
        {
            if (_zeroThreshold > threshold)
                (count, threshold) = HistogramBounds.WidenedZeroBucket(other, _zeroThreshold);
            if (threshold > _zeroThreshold)
                WidenOwnZeroBucket(threshold);
        }
        return count;
    }

    private void WidenOwnZeroBucket(double to)
    {
        var (count, threshold) = HistogramBounds.WidenedZeroBucket(ToHistogram(), to);
        _zero = new CompensatedSum(count);
        _zeroThreshold = threshold;
        _positive.RemoveAll(c => HistogramBounds.Lower(_schema, c.Index) < threshold);
        _negative.RemoveAll(c => HistogramBounds.Lower(_schema, c.Index) < threshold);
    }

    private void Coarsen(int schema)
    {
        _positive = Cells(HistogramBounds.InSchema(Buckets(_positive), _schema, schema, 0));
        _negative = Cells(HistogramBounds.InSchema(Buckets(_negative), _schema, schema, 0));
        _schema = schema;
    }

    private static List<(int Index, CompensatedSum Count)> Merge(List<(int Index, CompensatedSum Count)> cells, IReadOnlyList<HistogramBucket> buckets, double sign)
    {
        if (buckets.Count == 0)
            return cells;
        var merged = new List<(int, CompensatedSum)>(cells.Count + buckets.Count);
        var at = 0;
        foreach (var bucket in buckets)
        {
            while (at < cells.Count && cells[at].Index < bucket.Index)
                merged.Add(cells[at++]);
            var cell = at < cells.Count && cells[at].Index == bucket.Index ? cells[at++].Count : default;
            cell.Add(sign * bucket.Count);
            merged.Add((bucket.Index, cell));
        }
        merged.AddRange(cells[at..]);
        return merged;
    }

    private static List<(int Index, CompensatedSum Count)> Cells(IReadOnlyList<HistogramBucket> buckets)
    {
        var cells = new List<(int, CompensatedSum)>(buckets.Count);
        foreach (var bucket in buckets)
            cells.Add((bucket.Index, new CompensatedSum(bucket.Count)));
        return cells;
    }

    private static List<HistogramBucket> Buckets(List<(int Index, CompensatedSum Count)> cells)
    {
        var buckets = new List<HistogramBucket>(cells.Count);
        foreach (var (index, count) in cells)
        {
            if (count.Total != 0)
                buckets.Add(new HistogramBucket(index, count.Total));
        }
        return buckets;
    }

    private static bool Overflows(NativeHistogram h) =>
        double.IsInfinity(h.Count) || double.IsInfinity(h.Sum) || double.IsInfinity(h.ZeroCount)
        || h.Positive.Any(b => double.IsInfinity(b.Count)) || h.Negative.Any(b => double.IsInfinity(b.Count));
}
