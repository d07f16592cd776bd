using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Quantities;

namespace HmsOps.Workspace.Guardrails;

/// <summary>The keys of a policy file: in this version, how often the hub may roll back by itself.</summary>
public static class GuardrailsShape
{
    private const int PerHourMax = 1_000; // a lane rolled back more often than that is not guarded

    public static readonly Key<TimeSpan> Cooldown = new("cooldown", new DurationType(TimeSpan.Zero, TimeSpan.FromDays(30)), "Between two automatic rollbacks of one lane.", "10m")
    { DefaultText = Durations.Format(ActLimits.Default.RollbackCooldown) };

    public static readonly Key<long> PerHour = new("per_hour", new CountType(0, PerHourMax), "Automatic rollbacks of one lane in any hour; 0 forbids them.", "2")
    { DefaultText = $"{ActLimits.Default.RollbacksPerHour}" };

    public static readonly Key<long> PerHourInAll = new("per_hour_in_all", new CountType(0, PerHourMax), "Automatic rollbacks of the whole hub in any hour; 0 forbids them.", "6")
    { DefaultText = $"{ActLimits.Default.RollbacksPerHourInAll}" };

    public static readonly Key<BoundRecord> Rollback = new(
        "rollback", new RecordType(new RecordShape("guardrails of rollbacks", [Cooldown, PerHour, PerHourInAll])), "Limits on automatic rollbacks.", "{cooldown: 10m, per_hour: 2}");

    public static readonly Key<BoundRecord> Guardrails = new(
        "guardrails",
        new RecordType(new RecordShape("guardrails", [Rollback]) { NotInThisVersion = ["services", "scale", "shift", "freeze", "autonomy", "approvals", "playbooks"] }),
        "Limits on what the hub does by itself.", "{rollback: {per_hour: 2}}")
    { IsRequired = true };

    /// <summary>The table.</summary>
    public static RecordShape Shape { get; } = new("a policy", [Guardrails]);

    /// <summary>What a policy file wrote, key by key; null where it wrote nothing.</summary>
    internal static WrittenLimits Read(BoundRecord policy)
    {
        if (!policy.TryGet(Guardrails, out var guardrails) || !guardrails.TryGet(Rollback, out var rollback))
            return new WrittenLimits(null, null, null);
        return new WrittenLimits(
            rollback.TryGet(Cooldown, out var cooldown) ? cooldown : null,
            rollback.TryGet(PerHour, out var perHour) ? (int)perHour : null,
            rollback.TryGet(PerHourInAll, out var inAll) ? (int)inAll : null);
    }

    /// <summary>The limits of all files together. Where two files limit the same thing the stricter holds, in whatever order they are read.</summary>
    internal static ActLimits Combine(IReadOnlyList<WrittenLimits> files) => new(
        files.Max(file => file.Cooldown) ?? ActLimits.Default.RollbackCooldown,
        files.Min(file => file.PerHour) ?? ActLimits.Default.RollbacksPerHour,
        files.Min(file => file.PerHourInAll) ?? ActLimits.Default.RollbacksPerHourInAll);
}

/// <summary>The guardrails one file wrote.</summary>
internal sealed record WrittenLimits(TimeSpan? Cooldown, int? PerHour, int? PerHourInAll);
