namespace HmsOps.Tsdb.Sealing;

/// <summary>
/// The windows of time that blocks keep to: two hours, a day, and for history that came late 32 days and 1,024 days, all counted from 1970 in UTC. A narrower
/// one lies in one wider, so merging never crosses a border.
/// </summary>
/// <param name="From">Its first millisecond.</param>
/// <param name="Length">Its length in milliseconds.</param>
internal readonly record struct SealingWindow(long From, long Length)
{
    public const long Hours = 2 * 3_600_000L;
    public const long Day = 24 * 3_600_000L;
    public const long Month = 32 * Day;
    public const long Era = 32 * Month;

    private static readonly long[] Lengths = [Hours, Day, Month, Era];

    /// <summary>The lengths, narrowest first; the place of one is a block's level, counted from 1.</summary>
    public static ReadOnlySpan<long> All => Lengths;

    /// <summary>Its last millisecond.</summary>
    public long To => From > long.MaxValue - Length ? long.MaxValue : From + Length - 1;

    /// <summary>The window of a length that a time lies in.</summary>
    public static SealingWindow At(long time, long length) => new(FloorOf(time, length), length);

    /// <summary>The window in which a sample is sealed: the older it is, the wider, so that a century of history is dozens of blocks and not a hundred thousand.</summary>
    public static SealingWindow Of(long time, long until) => At(time, LengthFor((Int128)until - time));

    /// <summary>The first of its window's times.</summary>
    public static long FloorOf(long time, long length)
    {
        var into = ((time % length) + length) % length;
        return time < long.MinValue + into ? long.MinValue : time - into;
    }

    /// <summary>The level of blocks that keep to it.</summary>
    public int Level => Array.IndexOf(Lengths, Length) + 1;

    /// <summary>The last time that is sealed with the others of this window: older ones are in wider ones.</summary>
    public long EndWithin(long until)
    {
        var limit = Length switch
        {
            Era => until - Era - 1,
            Month => until - Month - 1,
            Day => until - Day - 1,
            _ => until - 1,
        };
        return Math.Min(To, limit);
    }

    private static long LengthFor(Int128 age) => age switch
    {
        _ when age > Era => Era,
        _ when age > Month => Month,
        _ when age > Day => Day,
        _ => Hours,
    };
}
