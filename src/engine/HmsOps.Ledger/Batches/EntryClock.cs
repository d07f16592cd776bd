namespace HmsOps.Ledger.Batches;

/// <summary>
/// The clock of entries: max(wall clock, previous entry + 100 ns), so a wall clock that steps back never makes an entry older than the one
/// before it. On disk a time is nanoseconds since 1970; a tick of .NET is 100 of them.
/// </summary>
internal static class EntryClock
{
    private const long NanosecondsPerTick = 100;

    public static DateTimeOffset Next(DateTimeOffset wall, DateTimeOffset? previous)
    {
        var now = wall.ToUniversalTime();
        return previous is { } last && now <= last ? last.AddTicks(1) : now;
    }

    public static DateTimeOffset Nth(DateTimeOffset first, int n) => first.AddTicks(n);

    public static long ToNanoseconds(DateTimeOffset time) => checked((time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * NanosecondsPerTick);

    public static bool TryFromNanoseconds(long nanoseconds, out DateTimeOffset time)
    {
        time = default;
        if (nanoseconds < 0 || nanoseconds % NanosecondsPerTick != 0)
            return false;
        time = DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / NanosecondsPerTick);
        return true;
    }
}
