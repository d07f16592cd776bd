namespace HmsOps.PromQL;

/// <summary>How much memory all queries may hold at a time together: what each may is no bound when many come at once. Safe for concurrent use.</summary>
/// <param name="bytesMax">How many bytes.</param>
public sealed class PromPool(long bytesMax)
{
    private long _taken;

    /// <summary>How many bytes there may be.</summary>
    public long BytesMax => bytesMax;

    /// <summary>How many are held now.</summary>
    public long Bytes => Volatile.Read(ref _taken);

    internal bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= bytesMax)
            return true;
        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    internal void Give(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
