using HmsOps.Record.Events;

namespace HmsOps.Record;

/// <summary>One entry of the ledger as the hub reads it. Sequence and time were set by the ledger's writer, the actor by the server.</summary>
public sealed record Envelope
{
    public required Guid Id { get; init; }

    /// <summary>Place in the ledger, and index of its leaf.</summary>
    public required long Sequence { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary><c>user:local</c>, <c>system:decide</c>, <c>token:name</c>.</summary>
    public required string Actor { get; init; }

    public required OpsEvent Event { get; init; }

    /// <summary>The entry this follows from.</summary>
    public Guid? Cause { get; init; }

    /// <summary>The one traceable id from the first alert to the post-mortem; null until an incident is open.</summary>
    public string? Incident { get; init; }

    /// <summary>Idempotency key; null when the same thing may be said twice.</summary>
    public string? Key { get; init; }
}

/// <summary>What a room wants entered. The journal adds id, sequence and time.</summary>
public sealed record EventDraft(OpsEvent Event, string Actor)
{
    /// <summary>Given when another entry of the same batch names it as its cause; otherwise the journal makes one.</summary>
    public Guid? Id { get; init; }

    public Guid? Cause { get; init; }

    public string? Incident { get; init; }

    public string? Key { get; init; }
}
