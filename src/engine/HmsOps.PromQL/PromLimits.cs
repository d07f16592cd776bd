namespace HmsOps.PromQL;

/// <summary>What one expression may use. Over a limit it is refused with the limit in the message.</summary>
public sealed record PromLimits
{
    /// <summary>The limits that hold where none are named.</summary>
    public static PromLimits Default { get; } = new();

    /// <summary>Samples a query may touch in its source, and, counted apart, points it may hold while it runs.</summary>
    public long SamplesMax { get; init; } = 50_000_000;

    /// <summary>Bytes of memory a query may hold while it runs and its answer is sent.</summary>
    public long BytesMax { get; init; } = 256L << 20;

    /// <summary>Points a series of a range query: a chart shows fewer, and it is what Prometheus allows.</summary>
    public int PointsMax { get; init; } = 11_000;

    /// <summary>Series of one selector, and groups of one aggregation, that may be held at a time. What is aggregated as it is read holds its groups alone.</summary>
    public int SeriesMax { get; init; } = 50_000;

    /// <summary>Characters of an expression.</summary>
    public int TextMax { get; init; } = 32 * 1024;

    /// <summary>Parentheses, calls and signs inside each other. A chain of operators may be four times as long.</summary>
    public int DepthMax { get; init; } = 64;

    /// <summary>How old a sample may be and still be the current one.</summary>
    public TimeSpan LookBack { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The step of a subquery that names none.</summary>
    public TimeSpan SubqueryStep { get; init; } = TimeSpan.FromMinutes(1);
}
