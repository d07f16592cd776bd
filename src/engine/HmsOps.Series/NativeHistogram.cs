namespace HmsOps.Series;

/// <summary>
/// A native (exponential) histogram sample. Bucket <c>i</c> of schema <c>s</c> holds observations in
/// <c>(2^((i-1)·2^-s), 2^(i·2^-s)]</c>; negative buckets mirror it; |value| ≤ zero threshold goes to the zero bucket. Counts are held as
/// float64, which is exact for integers to 2^53. Absolute counts in bucket order, empty buckets left out. Immutable, safe to share.
/// Custom bounds (schema -53) are not in this version.
/// </summary>
public sealed class NativeHistogram
{
    /// <summary>The finest schema: 2^8 buckets a power of two.</summary>
    public const int SchemaMax = 8;

    /// <summary>The coarsest schema: a bucket spans 16 powers of two.</summary>
    public const int SchemaMin = -4;

    /// <summary>Resolution, -4 to 8.</summary>
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

    /// <summary>True for a gauge histogram: it may go down without that being a reset.</summary>
    public bool IsGauge { get; init; }

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

    /// <summary>The inclusive upper bound of a positive bucket.</summary>
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

/// <summary>One bucket: its index under the histogram's schema, and how many observations it holds.</summary>
public readonly record struct HistogramBucket(int Index, double Count);
