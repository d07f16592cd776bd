using HmsOps.Record.Events;
using HmsOps.Record.Projections;
using HmsOps.Workspace.Guardrails;

namespace HmsOps.Act.Guardrails;

/// <summary>
/// Limits on automatic acts, asked before an intent is written. Pure: the ledger's own acts are the count, so a restart cannot forget one. Every guard answers
/// with its numbers, allowed or not.
/// </summary>
public static class Guards
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>What each guard says to an automatic rollback in a lane.</summary>
    public static GuardVerdict Ask(RecordState state, ActLimits limits, string lane, DateTimeOffset now)
    {
        var begun = state.Acts.Values.Where(a => a.Begun is not null && !a.Actor.StartsWith("user:", StringComparison.Ordinal)).ToList();
        var inLane = begun.Where(a => a.Lane == lane).ToList();
        Answer[] answers =
        [
            InFlight(state, lane),
            Cooldown(inLane, limits.RollbackCooldown, now),
            Budget("rollbacks_per_hour", $"in this lane ({lane})", inLane, limits.RollbacksPerHour, now),
            Budget("rollbacks_per_hour_in_all", "of the whole hub", begun, limits.RollbacksPerHourInAll, now),
        ];
        var refusing = answers.Where(a => !a.Said.Allows).ToList();
        return new GuardVerdict([.. answers.Select(a => a.Said)], refusing.FirstOrDefault()?.Said, refusing.Count == 0 ? null : refusing.Max(a => a.AllowedAt));
    }

    private static Answer InFlight(RecordState state, string lane)
    {
        var open = state.Acts.Values.FirstOrDefault(a => a.IsOpen && a.Lane == lane);
        return open is null
            ? new Answer(new GuardAnswer("one_in_flight", true, "nothing is being done in this lane"), null)
            : new Answer(new GuardAnswer("one_in_flight", false, $"{open.Title} is still being done in this lane (entry {open.Sequence})"), null);
    }

    private static Answer Cooldown(List<Record.Projections.Act> inLane, TimeSpan cooldown, DateTimeOffset now)
    {
        var last = inLane.Count == 0 ? (DateTimeOffset?)null : inLane.Max(a => a.At);
        if (last is null || now - last >= cooldown)
            return new Answer(new GuardAnswer("cooldown", true, last is null ? "no earlier rollback in this lane" : $"{Words(now - last.Value)} since the last, {Words(cooldown)} asked"), null);
        return new Answer(
            new GuardAnswer("cooldown", false, $"{Words(now - last.Value)} since the last rollback in this lane, {Words(cooldown)} asked"), last + cooldown);
    }

    private static Answer Budget(string guard, string where, List<Record.Projections.Act> acts, int most, DateTimeOffset now)
    {
        var hour = acts.Where(a => now - a.At < Hour).OrderBy(a => a.At).ToList();
        if (hour.Count < most)
            return new Answer(new GuardAnswer(guard, true, $"{hour.Count} of {most} {where} in the last hour"), null);
        return new Answer(new GuardAnswer(guard, false, $"{hour.Count} of {most} {where} are used in the last hour"), hour[^most].At + Hour);
    }

    private static string Words(TimeSpan span) => span.TotalMinutes >= 1 ? $"{span.TotalMinutes:0.#} min" : $"{span.TotalSeconds:0} s";

    private sealed record Answer(GuardAnswer Said, DateTimeOffset? AllowedAt);
}

/// <summary>What the guards said together.</summary>
/// <param name="Answers">Each, with its numbers.</param>
/// <param name="Refusal">The first that refuses; null when all allow.</param>
/// <param name="AllowedAt">When all would allow; null when they do, or when it depends on something else than time.</param>
public sealed record GuardVerdict(IReadOnlyList<GuardAnswer> Answers, GuardAnswer? Refusal, DateTimeOffset? AllowedAt);
