namespace HmsOps.Ledger;

/// <summary>The log takes no entries: poisoned, damaged, or its writer has ended. The message says why and what to do.</summary>
public sealed class LedgerUnavailableException(LedgerState state, string message, Exception? cause) : Exception(message, cause)
{
    /// <summary>The state of the log when it refused.</summary>
    public LedgerState State { get; } = state;
}
