namespace HmsOps.Tsdb.Intake;

/// <summary>
/// One at a time, first come, first served, waited for without a thread. What <see cref="SemaphoreSlim"/> does, but for one thing: a contended wait
/// with a token continues there on the pool, which under virtual time lets the clock run away. Safe for concurrent use.
/// </summary>
internal sealed class Turn
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = new();
    private bool _isTaken;

    /// <summary>Completes when the caller has the turn. Cancelled, it was never had.</summary>
    public ValueTask TakeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_isTaken)
                return new ValueTask(WaitAsync(_waiting.AddLast(NewWaiter()), cancellationToken));
            _isTaken = true;
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Passes the turn to whoever has waited longest.</summary>
    public void Give()
    {
        TaskCompletionSource? next;
        lock (_lock)
        {
            next = _waiting.First?.Value;
            if (next is null)
                _isTaken = false;
            else
                _waiting.RemoveFirst();
        }
        next?.SetResult();
    }

    private async Task WaitAsync(LinkedListNode<TaskCompletionSource> place, CancellationToken cancellationToken)
    {
        using var leaving = cancellationToken.UnsafeRegister(_ => Leave(place, cancellationToken), null);
        await place.Value.Task;
    }

    private void Leave(LinkedListNode<TaskCompletionSource> place, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (place.List is null)
                return; // the turn was just given to it
            _waiting.Remove(place);
        }
        place.Value.SetCanceled(cancellationToken);
    }

    // Continuations never run on the stack of the one who gives.
    private static TaskCompletionSource NewWaiter() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
