using HmsOps.PromQL.Evaluation;

namespace HmsOps.PromQL;

/// <summary>How a part of an expression is worked out, and, once it was, what that cost.</summary>
/// <param name="Text">The part as PromQL.</param>
/// <param name="How">What is done, in words.</param>
/// <param name="Cost">What it cost; null where it was not worked out, or another part did it.</param>
/// <param name="Parts">The parts below.</param>
public sealed record PromPlan(string Text, string How, PlanCost? Cost, IReadOnlyList<PromPlan> Parts);

/// <summary>Asked for beside an answer: what each part of it cost. Good for one question.</summary>
/// <param name="time">The clock that costs are measured by.</param>
public sealed class PromExplanation(TimeProvider time)
{
    internal QueryTrace Trace { get; } = new(time);

    /// <summary>The parts, once there is an answer.</summary>
    public PromPlan? Plan { get; internal set; }
}

/// <summary>What a part of an expression cost, what is below it included.</summary>
/// <param name="Took">On the clock.</param>
/// <param name="Series">Series it came to.</param>
/// <param name="Samples">Samples that were read for it.</param>
/// <param name="Points">Numbers that were held for it.</param>
/// <param name="IsReused">It was there already: another part reads the same.</param>
public sealed record PlanCost(TimeSpan Took, int Series, long Samples, long Points, bool IsReused);
