namespace HmsOps.Series;

/// <summary>
/// A native (exponential) histogram sample. Bucket <c>i</c> of schema <c>s</c> holds observations in
/// <c>(2^((i-1)·2^-s), 2^(i·2^-s)]</c>; negative buckets mirror it; |value| ≤ zero threshold goes to the zero bucket. Counts are held as
/// float64, which is exact for integers to 2^53. Absolute counts in bucket order, empty buckets left out. Immutable, safe to share.
/// Schema <see cref="CustomBounds"/> has bounds of its own instead: bucket <c>i</c> holds observations in <c>(Bounds[i-1], Bounds[i]]</c>, the first
/// everything up to <c>Bounds[0]</c>, the one after the last everything above.
/// </summary>
public sealed class NativeHistogram
{
    /// <summary>The finest schema: 2^8 buckets a power of two.</summary>
    public const int SchemaMax = 8;

    /// <summary>The coarsest schema: a bucket spans 16 powers of two.</summary>
    public const int SchemaMin = -4;

    /// <summary>The schema of histograms that bring their own bounds.</summary>
    public const int CustomBounds = -53;

    /// <summary>Resolution, -4 to 8, or <see cref="CustomBounds"/>.</summary>
    public required int Schema { get; init; }

    /// <summary>Observations at most this far from zero are in the zero bucket.</summary>
    public required double ZeroThreshold { get; init; }

    /// <summary>Observations in the zero bucket.</summary>
    public required double ZeroCount { get; init; }

    /// <summary>All observations, NaN ones included.</summary>
    public required double Count { get; init; }

    /// <summary>The sum of all observations. <see cref="StaleMarker"/> here marks the end of a series.</summary>
    public required double Sum { get; init; }

    /// <summary>Positive buckets, ascending by index.</summary>
    public required IReadOnlyList<HistogramBucket> Positive { get; init; }

    /// <summary>Negative buckets, ascending by index (so: away from zero).</summary>
    public required IReadOnlyList<HistogramBucket> Negative { get; init; }

    /// <summary>The upper bounds of schema <see cref="CustomBounds"/>, ascending, finite; empty otherwise.</summary>
    public IReadOnlyList<double> Bounds { get; init; } = [];

    /// <summary>True when its counts are floats by their maker's word, as of a histogram that was scaled or averaged; false: they are integers.</summary>
    public bool IsFloat { get; init; }

    /// <summary>What its maker says about a reset before it.</summary>
    public CounterResetHint Reset { get; init; }

    /// <summary>True for a gauge histogram: it may go down without that being a reset.</summary>
    public bool IsGauge
    {
        get => Reset == CounterResetHint.Gauge;
        init => Reset = value ? CounterResetHint.Gauge : CounterResetHint.Unknown;
    }

    /// <summary>The histogram that has seen nothing.</summary>
    public static NativeHistogram Zero(int schema) => new()
    {
        Schema = schema,
        ZeroThreshold = 0,
        ZeroCount = 0,
        Count = 0,
        Sum = 0,
        Positive = [],
        Negative = [],
    };

    /// <summary>The inclusive upper bound of a positive bucket of this histogram, with bounds of its own too. That of the bucket before is its lower bound.</summary>
    public double Bound(int index)
    {
        if (Schema != CustomBounds)
            return UpperBound(Schema, index);
        if (index < 0)
            return double.NegativeInfinity;
        return index < Bounds.Count ? Bounds[index] : double.PositiveInfinity;
    }

    /// <summary>The inclusive upper bound of a positive bucket of an exponential schema.</summary>
    public static double UpperBound(int schema, int index) => Math.Pow(2, Math.ScaleB(index, -schema));

    /// <summary>
    /// The index of the positive bucket an absolute value falls into. Exact at powers of two; elsewhere within one unit in the last place
    /// of a bound, as its makers' own tables are. Below 2^-1022 bounds of several buckets are the same double, and any of those buckets may be the answer.
    /// </summary>
    public static int IndexOf(int schema, double absolute)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(absolute);
        if (double.IsInfinity(absolute))
            absolute = double.MaxValue;
        var log = Math.Log2(absolute);
        var index = (int)Math.Ceiling(Math.ScaleB(log, schema));
        // log2 of a power of two is exact in .NET, so the inclusive bound holds there. Nothing to check, and among the smallest numbers nothing to
        // check with: bounds of several buckets round to the same one.
        if (absolute == Math.ScaleB(1, (int)log))
            return index;
        // A value that is the bound itself, up to rounding of log2, belongs below it: check both neighbours against the bound as we compute it.
        if (absolute > UpperBound(schema, index))
            return index + 1;
        return absolute <= UpperBound(schema, index - 1) ? index - 1 : index;
    }
}

/// <summary>Whether a histogram begins anew with this sample. Numbers as on the wire.</summary>
public enum CounterResetHint
{
    /// <summary>Nothing is known: compare with the sample before.</summary>
    Unknown = 0,

    /// <summary>It begins anew here.</summary>
    Reset = 1,

    /// <summary>It goes on from the sample before.</summary>
    NoReset = 2,

    /// <summary>It is a gauge: going down is no reset.</summary>
    Gauge = 3,
}

/// <summary>One bucket: its index under the histogram's schema, and how many observations it holds.</summary>
public readonly record struct HistogramBucket(int Index, double Count);
