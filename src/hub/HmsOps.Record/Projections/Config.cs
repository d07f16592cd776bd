using System.Collections.Immutable;
using HmsOps.Record.Events;

namespace HmsOps.Record.Projections;

/// <summary>The workspace version in force, as the ledger has it.</summary>
public sealed record Config(string? Hash, DateTimeOffset? AppliedAt, ImmutableList<ConfigRejected> Rejected)
{
    public static Config None { get; } = new(null, null, []);
}

internal static class ConfigFold
{
    private const int RejectedMax = 1_000;

    public static RecordState Fold(RecordState state, Envelope envelope) => envelope.Event switch
    {
        // What was refused is said again with each version that still has it.
        ConfigApplied e => state with { Config = new Config(e.Hash, e.At, []) },
        ConfigRejected e when state.Config.Rejected.Count < RejectedMax =>
            state with { Config = state.Config with { Rejected = state.Config.Rejected.Add(e) } },
        _ => state,
    };
}
