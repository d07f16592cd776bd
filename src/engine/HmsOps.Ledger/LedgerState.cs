namespace HmsOps.Ledger;

/// <summary>Whether the log takes entries. Reading and proving go on in every state.</summary>
public enum LedgerState
{
    /// <summary>It does.</summary>
    Writable,

    /// <summary>The disk refused a write or a flush. Only a restart, which reads the disk again, knows what is durable.</summary>
    Poisoned,

    /// <summary>Bytes that were acknowledged do not verify. What stands before them is served; nothing is cut, nothing is written.</summary>
    Damaged,
}
