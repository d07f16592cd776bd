namespace HmsOps.Workspace.Guardrails;

/// <summary>The <c>guardrails:</c> of a policy file: how often the hub may act by itself. Narrower files win.</summary>
/// <param name="RollbackCooldown">Between two automatic rollbacks of one lane.</param>
/// <param name="RollbacksPerHour">Automatic rollbacks of one lane in any hour.</param>
/// <param name="RollbacksPerHourInAll">Automatic rollbacks of the whole hub in any hour.</param>
public sealed record ActLimits(TimeSpan RollbackCooldown, int RollbacksPerHour, int RollbacksPerHourInAll)
{
    /// <summary>What holds where nothing is written.</summary>
    public static ActLimits Default { get; } = new(TimeSpan.FromMinutes(10), RollbacksPerHour: 2, RollbacksPerHourInAll: 6);
}
