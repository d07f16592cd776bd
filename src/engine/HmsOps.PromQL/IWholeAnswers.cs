namespace HmsOps.PromQL;

/// <summary>
/// Somebody who may work out a whole expression where its series lie, so that they need not come here. An answer is what the engine would have said; where that is not
/// certain, or does not come, there is none, and the engine reads the series. Safe for concurrent use.
/// </summary>
public interface IWholeAnswers
{
    /// <summary>The answer at one time, within the limits; null where the engine is to work it out.</summary>
    PromVector? Instant(PromExpression e, long atMs, PromLimits limits, CancellationToken ct);

    /// <summary>The answer over a range, within the limits; null where the engine is to work it out.</summary>
    PromMatrix? Range(PromExpression e, long fromMs, long toMs, long stepMs, PromLimits limits, CancellationToken ct);
}
