using HmsOps.Series;

namespace HmsOps.Tsdb.Observations;

/// <summary>
/// The cumulative histogram of one observed series while observations are folded into it: what it counts never goes down. When more buckets
/// are in use than allowed, neighbours are merged in pairs and the resolution halves, which keeps every count exact.
/// Owned by the holder of the store's turn.
/// </summary>
internal sealed class OpenHistogram(int schema, int bucketsMax) : OpenSeries
{
    private readonly SortedList<int, double> _positive = [];
    private readonly SortedList<int, double> _negative = [];
    private NativeHistogram? _snapshot;

    public int Schema { get; private set; } = schema;

    /// <summary>What is this far from zero or nearer counts as zero; 0 unless a sender's own histograms say more.</summary>
    public double ZeroThreshold { get; private set; }

    public double ZeroCount { get; private set; }

    /// <summary>True once counts came that are no integers by their maker's word.</summary>
    public bool IsFloat { get; private set; }

    /// <summary>The bounds of a histogram that has its own; empty otherwise.</summary>
    public IReadOnlyList<double> Bounds { get; private set; } = [];

    public double Count { get; private set; }

    public double Sum { get; private set; }

    public SortedList<int, double> Positive => _positive;

    public SortedList<int, double> Negative => _negative;

    public void Observe(double value)
    {
        _snapshot = null;
        Count++;
        Sum += value;
        if (Schema == NativeHistogram.CustomBounds)
        {
            Add(_positive, BucketOf(value), 1);
            return;
        }
        if (Math.Abs(value) <= ZeroThreshold)
        {
            ZeroCount++;
            return;
        }
        var side = value > 0 ? _positive : _negative;
        Add(side, NativeHistogram.IndexOf(Schema, Math.Abs(value)), 1);
        Fit();
    }

    /// <summary>True when a difference can be folded in: bounds of its own must be the same.</summary>
    public bool Takes(NativeHistogram difference)
    {
        if (Count == 0)
            return true;
        return Schema == NativeHistogram.CustomBounds
            ? difference.Schema == Schema && difference.Bounds.SequenceEqual(Bounds)
            : difference.Schema != NativeHistogram.CustomBounds;
    }

    /// <summary>Folds in what was observed since the last one, which this <see cref="Takes"/>. The coarser resolution and the wider zero bucket of the two stay.</summary>
    public void Add(NativeHistogram difference)
    {
        if (Count == 0 && difference.Schema == NativeHistogram.CustomBounds)
            (Schema, Bounds) = (difference.Schema, difference.Bounds);
        var coarser = 0;
        if (Schema != NativeHistogram.CustomBounds)
        {
            while (Schema > difference.Schema)
                Halve();
            coarser = difference.Schema - Schema;
            Widen(difference.ZeroThreshold);
        }
        _snapshot = null;
        Count += difference.Count;
        Sum += difference.Sum;
        ZeroCount += difference.ZeroCount;
        IsFloat |= difference.IsFloat;
        Add(_positive, difference.Positive, coarser);
        Add(_negative, difference.Negative, coarser);
        Widen(ZeroThreshold); // what came may lie within it
        Fit();
    }

    // A bucket that lies in the zero bucket, or partly, goes there whole, and the zero bucket reaches to its end.
    private void Widen(double threshold)
    {
        ZeroThreshold = Math.Max(ZeroThreshold, threshold);
        if (ZeroThreshold == 0 || Schema == NativeHistogram.CustomBounds)
            return;
        for (var swallowed = true; swallowed;)
            swallowed = Swallow(_positive) | Swallow(_negative);
    }

    private bool Swallow(SortedList<int, double> side)
    {
        if (side.Count == 0 || NativeHistogram.UpperBound(Schema, side.GetKeyAtIndex(0) - 1) >= ZeroThreshold)
            return false;
        ZeroThreshold = Math.Max(ZeroThreshold, NativeHistogram.UpperBound(Schema, side.GetKeyAtIndex(0)));
        ZeroCount += side.GetValueAtIndex(0);
        side.RemoveAt(0);
        return true;
    }

    private int BucketOf(double value)
    {
        var index = 0;
        while (index < Bounds.Count && value > Bounds[index])
            index++;
        return index;
    }

    private void Fit()
    {
        while (_positive.Count + _negative.Count > bucketsMax && Schema > NativeHistogram.SchemaMin)
            Halve();
    }

    /// <summary>The histogram as a sample; later observations do not change it. The same object for as long as nothing was folded in.</summary>
    public NativeHistogram Snapshot() => _snapshot ??= new()
    {
        Schema = Schema,
        ZeroThreshold = ZeroThreshold,
        ZeroCount = ZeroCount,
        Count = Count,
        Sum = Sum,
        Positive = Buckets(_positive),
        Negative = Buckets(_negative),
        Bounds = Bounds,
        IsFloat = IsFloat,
    };

    /// <summary>Takes over a state the log declared, in place of what was folded so far.</summary>
    public void Restore(
        int schema, double zeroCount, double count, double sum, double zeroThreshold = 0, bool isFloat = false, IReadOnlyList<double>? bounds = null)
    {
        (ZeroThreshold, IsFloat, Bounds) = (zeroThreshold, isFloat, bounds ?? []);
        _snapshot = null;
        (Schema, ZeroCount, Count, Sum) = (schema, zeroCount, count, sum);
        _positive.Clear();
        _negative.Clear();
    }

    /// <summary>One bucket of a state the log declared.</summary>
    public void RestoreBucket(bool positive, int index, double count) => Add(positive ? _positive : _negative, index, count);

    private void Halve()
    {
        Schema--;
        Halve(_positive);
        Halve(_negative);
    }

    // Bucket i of the finer schema spans (b^(i-1), b^i]; two of them make bucket ⌈i/2⌉ of the coarser one. Shifting rounds towards
    // minus infinity, so this holds for negative indexes too.
    private static void Halve(SortedList<int, double> side)
    {
        var fine = side.ToArray();
        side.Clear();
        foreach (var (index, count) in fine)
            Add(side, (index + 1) >> 1, count);
    }

    // Coarser by so many powers of two: what Halve does, that many times.
    private static void Add(SortedList<int, double> side, IReadOnlyList<HistogramBucket> buckets, int coarser)
    {
        foreach (var bucket in buckets)
            Add(side, ((bucket.Index - 1) >> coarser) + 1, bucket.Count);
    }

    private static void Add(SortedList<int, double> side, int index, double count)
    {
        side.TryGetValue(index, out var before);
        side[index] = before + count;
    }

    private static HistogramBucket[] Buckets(SortedList<int, double> side)
    {
        if (side.Count == 0)
            return [];
        var buckets = new HistogramBucket[side.Count];
        for (var i = 0; i < buckets.Length; i++)
            buckets[i] = new HistogramBucket(side.GetKeyAtIndex(i), side.GetValueAtIndex(i));
        return buckets;
    }
}
