namespace HmsOps.Present.Api.Prometheus;

/// <summary>How many queries run at once: as many as the limits say. Up to 64 more wait, each at most 5 s; whoever comes then is told to come later.</summary>
internal sealed class QueryGate(TimeProvider time, int atOnce) : IDisposable
{
    private const int WaitingMax = 64;

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _running = new(atOnce);
    private int _waiting;

    /// <summary>A place to run in; null when there is none. Dispose it to give it back.</summary>
    public async Task<IDisposable?> EnterAsync(CancellationToken cancellationToken)
    {
        if (_running.Wait(0, CancellationToken.None))
            return new Place(_running);
        try
        {
            if (Interlocked.Increment(ref _waiting) > WaitingMax)
                return null;
            using var late = new CancellationTokenSource(WaitMax, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
            try
            {
                await _running.WaitAsync(either.Token);
                return new Place(_running);
            }
            catch (OperationCanceledException) when (late.IsCancellationRequested)
            {
                return null;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Dispose() => _running.Dispose();

    private sealed class Place(SemaphoreSlim running) : IDisposable
    {
        public void Dispose() => running.Release();
    }
}
