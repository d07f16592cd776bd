namespace HmsOps.Tsdb.Sealing;

/// <summary>Wakes one waiter; set while nobody waits, it wakes the next at once. Works under virtual time.</summary>
internal sealed class Signal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _waiter;
    private bool _isSet;

    public void Set()
    {
        TaskCompletionSource? waiter;
        lock (_lock)
        {
            waiter = _waiter;
            _isSet = waiter is null;
            _waiter = null;
        }
        waiter?.TrySetResult();
    }

    /// <summary>Completes when the signal is set, which it takes back. One waiter at a time.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter;
        lock (_lock)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_isSet)
            {
                _isSet = false;
                return;
            }
            waiter = _waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        using var leaving = cancellationToken.UnsafeRegister(_ => waiter.TrySetCanceled(cancellationToken), null);
        await waiter.Task;
    }
}
