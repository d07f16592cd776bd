using HmsOps.Record.Projections;
using HmsOps.Workspace.Rules;

namespace HmsOps.Decide.Alerts;

/// <summary>
/// One alert, one reading: what has to be entered now. Pure; its state is the ledger's projection, so a restart goes on as if nothing had happened.
/// </summary>
/// <remarks>
/// <code>
///  (quiet) ──breach──▶ pending ──held for `for`──▶ firing ◀──breach── recovering ──false for `keep`──▶ resolved
///     ▲                   │                           └──── false, at a tick ────▲
///     └── false, at a tick┘
/// </code>
/// Looks (<c>tick: false</c>) go only to the right: a dip that no tick saw ends nothing. A value that vanished is not false: an active alert stays as it is
/// and is blind; the <c>for</c> of a pending one stands still meanwhile.
/// </remarks>
public static class AlertMachine
{
    /// <summary>The events one reading leads to, in order; usually none.</summary>
    public static IReadOnlyList<AlertStep> Step(Rule rule, AlertState? state, AlertReading reading, bool tick)
    {
        if (reading.Value is not { } value || double.IsNaN(value))
            return Unseen(rule, state, reading, tick);

        var breach = IsBreach(rule, reading);
        var steps = new List<AlertStep>(2);
        if (state is { IsActive: true, BlindSince: { } blindSince })
        {
            steps.Add(new AlertStep.Sees(reading.At));
            // The clock of a pending alert stood still while nothing was seen.
            if (state.Phase == AlertPhase.Pending)
            {
                state = state with { ActiveAt = state.ActiveAt + (reading.At - blindSince) };
                steps.Add(new AlertStep.Pends(state.ActiveAt, value));
            }
        }

        var lasted = state is null ? TimeSpan.Zero : reading.At - state.ActiveAt;
        var next = (state?.Phase, breach) switch
        {
            (null or AlertPhase.Resolved, true) when rule.For == TimeSpan.Zero => new AlertStep.Fires(reading.At, value),
            (null or AlertPhase.Resolved, true) => new AlertStep.Pends(reading.At, value),
            (AlertPhase.Pending, true) when lasted >= rule.For => new AlertStep.Fires(reading.At, value),
            (AlertPhase.Pending, false) when tick => new AlertStep.Drops(reading.At),
            (AlertPhase.Firing, false) when tick && rule.KeepFiringFor == TimeSpan.Zero => Resolve(reading, value),
            (AlertPhase.Firing, false) when tick => new AlertStep.Recovers(reading.At, value),
            (AlertPhase.Recovering, true) => new AlertStep.Relapses(reading.At, value),
            (AlertPhase.Recovering, false) when tick && reading.At - (state!.FalseSince ?? reading.At) >= rule.KeepFiringFor => // the case says it is there
                Resolve(reading, value),
            _ => (AlertStep?)null,
        };
        if (next is not null)
            steps.Add(next);
        return steps;
    }

    /// <summary>
    /// The comparison holds, and the statistic that says "over" (if the rule has one) is not inside the bound. So a rule over three minutes ends half a
    /// minute after the cure, and does not fire again while its long window still remembers.
    /// </summary>
    private static bool IsBreach(Rule rule, AlertReading reading)
    {
        if (!rule.Op.Holds(reading.Value ?? double.NaN, rule.Threshold))
            return false;
        var over = rule.Resolve is not null && reading.Resolve is { } r && !double.IsNaN(r) && rule.IsOver(r);
        return !over;
    }

    private static List<AlertStep> Unseen(Rule rule, AlertState? state, AlertReading reading, bool tick)
    {
        if (state is not { IsActive: true } || !tick)
            return [];
        return rule.OnNoData switch
        {
            OnNoData.Ok when state.Phase == AlertPhase.Pending => [new AlertStep.Drops(reading.At)],
            OnNoData.Ok => [new AlertStep.Resolves(reading.At, null, "no data")],
            _ => state.BlindSince is null ? [new AlertStep.LosesSight(reading.At)] : [],
        };
    }

    private static AlertStep.Resolves Resolve(AlertReading reading, double value) => new(reading.At, reading.Resolve ?? value, "condition");
}

/// <summary>What a rule's expressions said for one label set at one instant; null where no series answered.</summary>
/// <param name="Value">The left side of the comparison.</param>
/// <param name="Resolve">The statistic that says it is over.</param>
public readonly record struct AlertReading(double? Value, double? Resolve, DateTimeOffset At);

/// <summary>One transition of an alert.</summary>
public abstract record AlertStep(DateTimeOffset At)
{
    /// <summary>The condition began to hold.</summary>
    public sealed record Pends(DateTimeOffset At, double Value) : AlertStep(At);

    /// <summary>A new episode.</summary>
    public sealed record Fires(DateTimeOffset At, double Value) : AlertStep(At);

    /// <summary>The condition turned false.</summary>
    public sealed record Recovers(DateTimeOffset At, double Value) : AlertStep(At);

    /// <summary>And true again before it was over.</summary>
    public sealed record Relapses(DateTimeOffset At, double Value) : AlertStep(At);

    /// <summary>The episode is over.</summary>
    public sealed record Resolves(DateTimeOffset At, double? Value, string Reason) : AlertStep(At);

    /// <summary>A pending condition went away.</summary>
    public sealed record Drops(DateTimeOffset At) : AlertStep(At);

    /// <summary>The value of an active alert vanished.</summary>
    public sealed record LosesSight(DateTimeOffset At) : AlertStep(At);

    /// <summary>It is back.</summary>
    public sealed record Sees(DateTimeOffset At) : AlertStep(At);
}
