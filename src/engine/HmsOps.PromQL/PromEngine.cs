using HmsOps.Series;

namespace HmsOps.PromQL;

/// <summary>
/// Evaluates expressions over a source of series, as Prometheus 3.14 does. Holds no state between calls; safe for concurrent use when its
/// source is.
/// </summary>
public sealed class PromEngine(ISeriesSource source, PromLimits limits)
{
    /// <summary>What the expression says at one time.</summary>
    /// <exception cref="PromEvaluationException">The data or the limits do not allow an answer.</exception>
    public PromVector Instant(PromExpression e, long atMs, CancellationToken ct) => throw new NotSupportedException($"{source} {limits}");

    /// <summary>What the expression says from a time to a time, both inclusive, in steps.</summary>
    /// <exception cref="PromEvaluationException">The data or the limits do not allow an answer.</exception>
    public PromMatrix Range(PromExpression e, long fromMs, long toMs, long stepMs, CancellationToken ct) => throw new NotSupportedException($"{source} {limits}");
}
