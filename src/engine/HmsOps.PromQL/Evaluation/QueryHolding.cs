namespace HmsOps.PromQL.Evaluation;

/// <summary>The memory a query holds: out of the pool of all, and on its asker's account, where there is one. What the answer takes stays on the account. Safe for concurrent use.</summary>
internal sealed class QueryHolding(PromPool? pool, PromAccount? account) : IDisposable
{
    private long _bytes;
    private long _answer;

    /// <summary>Bytes there are for all queries; null where nobody counts.</summary>
    public long? BytesMax => pool?.BytesMax;

    /// <summary>Bytes that are held now.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whose account it is on.</summary>
    public PromAccount? Account => account;

    /// <summary>False when there are no more.</summary>
    public bool TryTake(long bytes)
    {
        if (pool?.TryTake(bytes) == false)
            return false;
        Interlocked.Add(ref _bytes, bytes);
        account?.Hold(bytes);
        return true;
    }

    /// <summary>As much of what was taken is the answer's.</summary>
    public void KeepForAnswer(long bytes) => Interlocked.Add(ref _answer, bytes);

    public void Dispose()
    {
        var (all, kept) = (Interlocked.Exchange(ref _bytes, 0), account is null ? 0 : Volatile.Read(ref _answer));
        Give(all - kept);
        if (kept > 0)
            account?.GiveBackAtLast(() => Give(kept));
    }

    private void Give(long bytes)
    {
        pool?.Give(bytes);
        account?.Hold(-bytes);
    }
}
