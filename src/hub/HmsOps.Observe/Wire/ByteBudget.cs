namespace HmsOps.Observe.Wire;

/// <summary>How many bytes the requests at one door may hold at once: what does not fit is refused and comes again, the hub stays in memory. Safe for concurrent use.</summary>
public sealed class ByteBudget(long bytesMax)
{
    private long _taken;

    /// <summary>All there is.</summary>
    public long BytesMax => bytesMax;

    /// <summary>What is held now.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Takes a share; false when there is not as much left.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= bytesMax)
            return true;
        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    /// <summary>Gives a share back.</summary>
    public void Give(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
