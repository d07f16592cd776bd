namespace HmsOps.Ledger.Writing;

/// <summary>
/// Drafts that wait to be written together, and their caller. Continuations are posted, never run on the writer: a caller that goes on to
/// append must not do so in the middle of a batch.
/// </summary>
internal sealed class PendingAppend(IReadOnlyList<IEntryDraft> drafts)
    : TaskCompletionSource<IReadOnlyList<Receipt>>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public IReadOnlyList<IEntryDraft> Drafts { get; } = drafts;
}
