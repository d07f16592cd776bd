using HmsOps.Tsdb.Blocks;

namespace HmsOps.Tsdb.Sealing;

/// <summary>
/// Which blocks are worth merging. A day's blocks become one when the day is sealed to its end; what came late for a day after that is merged in when it has settled.
/// Many small ones of the same window are merged at any time, so that a backfill does not leave thousands.
/// </summary>
internal static class MergePlan
{
    /// <summary>So many blocks of one window are merged at once.</summary>
    public const int ManyBlocks = 8;

    private static readonly TimeSpan RestsFor = TimeSpan.FromHours(1);

    /// <summary>The next blocks to make one of; null when there are none.</summary>
    /// <param name="blocks">Those there are.</param>
    /// <param name="horizon">Up to which time everything is sealed.</param>
    /// <param name="now">The time now.</param>
    /// <param name="lengthMax">No wider window than this: a block goes when all in it is past retention, so it must not span much of it.</param>
    /// <param name="all">Also what could wait.</param>
    public static MergeOrder? Next(IReadOnlyList<BlockInfo> blocks, long horizon, DateTimeOffset now, long lengthMax, bool all)
    {
        foreach (var length in SealingWindow.All)
        {
            if (length > lengthMax && length > SealingWindow.Hours)
                break;
            foreach (var within in blocks.Where(block => LengthOf(block) <= length).GroupBy(block => SealingWindow.At(block.From, length)).OrderBy(group => group.Key.From))
            {
                var window = within.Key;
                var found = within.ToArray();
                if (found.Length > 1 && IsDue(window, found, horizon, now, all))
                    return new MergeOrder(window, [.. found.OrderBy(block => block.Identity.Id)]);
            }
        }
        return null;
    }

    /// <summary>The length of the window that a block keeps to.</summary>
    public static long LengthOf(BlockInfo block) => SealingWindow.All[Math.Clamp(block.Identity.Level, 1, SealingWindow.All.Length) - 1];

    private static bool IsDue(SealingWindow window, BlockInfo[] found, long horizon, DateTimeOffset now, bool all)
    {
        var widest = found.Count(block => LengthOf(block) == window.Length);
        if (window.Length >= SealingWindow.Month)
            return widest > 0 && (all || found.Length >= ManyBlocks || IsSettled(window, found, horizon, now)); // days alone stay days
        if (all || found.Length >= ManyBlocks)
            return window.Length == SealingWindow.Hours || window.To < horizon || widest > 0;
        if (window.Length == SealingWindow.Hours || window.To >= horizon)
            return false;
        return widest == 0 || IsSettled(window, found, horizon, now);
    }

    // A day after its end little comes any more, and an hour after the last block came what it came with is over.
    private static bool IsSettled(SealingWindow window, BlockInfo[] found, long horizon, DateTimeOffset now) =>
        horizon > window.To && horizon - window.To > SealingWindow.Day && found.All(block => now - block.Identity.Made >= RestsFor);
}

/// <summary>Blocks to merge, and the window they lie in.</summary>
internal sealed record MergeOrder(SealingWindow Window, IReadOnlyList<BlockInfo> Blocks);
