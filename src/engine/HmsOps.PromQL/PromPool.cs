namespace HmsOps.PromQL;

/// <summary>How many points all queries may hold at a time together: what each may is no bound when many come at once. Safe for concurrent use.</summary>
/// <param name="pointsMax">Eight bytes each.</param>
public sealed class PromPool(long pointsMax)
{
    private long _taken;

    /// <summary>How many there may be.</summary>
    public long PointsMax => pointsMax;

    /// <summary>How many are held now.</summary>
    public long Points => Volatile.Read(ref _taken);

    internal bool TryTake(long points)
    {
        if (Interlocked.Add(ref _taken, points) <= pointsMax)
            return true;
        Interlocked.Add(ref _taken, -points);
        return false;
    }

    internal void Give(long points) => Interlocked.Add(ref _taken, -points);
}
