using System.Runtime.ExceptionServices;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>
/// Work beside a thread that waits for it: a query is worked out by one thread from its beginning to its end, and the network answers whenever it does. What the work throws is thrown to who waits.
/// Disposing ends the work and waits until it has ended, so nothing goes on behind a query's back.
/// </summary>
internal sealed class Errand : IDisposable
{
    private readonly CancellationTokenSource _stopping;
    private readonly SemaphoreSlim _ended = new(0, 1);
    private readonly Task _work;
    private Exception? _failure;

    public Errand(ClusterDoor door, Func<CancellationToken, Task> work, CancellationToken cancellationToken, Action? whenEnded = null)
    {
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _work = door.Start(() => RunAsync(work, whenEnded));
    }

    /// <summary>Waits until the work is done.</summary>
    public void Wait(CancellationToken cancellationToken)
    {
        _ended.WaitAsync(cancellationToken).GetAwaiter().GetResult(); // by way of a task, as a batch is waited for
        _ended.Release();
        ThrowIfFailed(cancellationToken);
    }

    /// <summary>Throws what the work threw. It has ended.</summary>
    public void ThrowIfFailed(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _work.Wait(CancellationToken.None); // it has been told to end, and throws nothing
        _stopping.Dispose();
        _ended.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task> work, Action? whenEnded)
    {
        try
        {
            await work(_stopping.Token);
        }
        catch (Exception e) // it is thrown again on the thread that waits, whatever it is
        {
            _failure = e;
        }
        _ended.Release();
        whenEnded?.Invoke();
    }
}
