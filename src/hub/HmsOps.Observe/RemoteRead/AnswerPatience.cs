namespace HmsOps.Observe.RemoteRead;

/// <summary>How long another store may be silent: until it begins to answer, and between two parts of an answer. Safe for concurrent use.</summary>
internal sealed class AnswerPatience(TimeSpan span, TimeProvider time)
{
    /// <summary>Waits for the other store, no longer than that.</summary>
    /// <exception cref="TimeoutException">It was silent for so long, or did not take the connection in its time.</exception>
    public async Task<T> WithinAsync<T>(Func<CancellationToken, Task<T>> what, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(span, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await what(either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // The client has limits of its own, that for a connection among them, and says so in the same way.
            throw new TimeoutException(late.IsCancellationRequested ? $"nothing, or not enough, came within {span.TotalSeconds:0} s" : e.InnerException?.Message ?? e.Message, e);
        }
    }
}
