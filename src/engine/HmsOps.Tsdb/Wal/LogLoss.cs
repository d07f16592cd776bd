using System.Globalization;
using HmsOps.Disk;
using HmsOps.Tsdb.Blocks;

namespace HmsOps.Tsdb.Wal;

/// <summary>Frames that a replay wanted and did not find.</summary>
/// <param name="From">The first item that is missing.</param>
/// <param name="To">The first that is there again.</param>
/// <param name="After">Arrival of what came before; null when nothing did.</param>
/// <param name="Before">Arrival of what came after.</param>
internal readonly record struct LogGap(long From, long To, long? After, long Before);

/// <summary>What damage to the log cost, in sentences: so many samples and observations, and when they had come.</summary>
internal static class LogLoss
{
    private const int GapsMax = 16; // named one by one; of more the sum

    /// <summary>Items in frames that are missing.</summary>
    public static long Missing(IReadOnlyList<LogGap> gaps) => gaps.Sum(gap => gap.To - gap.From);

    public static IEnumerable<LogFinding> Of(IReadOnlyList<LogGap> gaps, long leaned, LogRecovery log, string folder)
    {
        foreach (var gap in gaps.Take(GapsMax))
            yield return Said(gap, folder);
        if (gaps.Count > GapsMax)
            yield return Finding(0, null, string.Create(CultureInfo.InvariantCulture, $"The log of {folder} lacks {gaps.Count - GapsMax} more stretches; {Missing(gaps)} items in all."));
        if (leaned > 0)
            yield return Finding(0, null, string.Create(CultureInfo.InvariantCulture, $"{leaned} more items of the log of {folder} lean on ones that are missing, and are left out."));
        if (gaps.Count == 0 && leaned == 0 && log.Findings.Any(finding => finding.Kind is LogFindingKind.Skipped or LogFindingKind.MissingSegment))
            yield return Finding(0, null, $"Nothing is lost by the damage to the log of {folder}: a checkpoint has what was there.");
    }

    private static LogFinding Said(LogGap gap, string folder)
    {
        var when = gap.After is { } after ? $"between {BlockWarnings.Instant(after)} and {BlockWarnings.Instant(gap.Before)}" : $"up to {BlockWarnings.Instant(gap.Before)}";
        return Finding(gap.From, gap.To, string.Create(CultureInfo.InvariantCulture,
            $"The log of {folder} lacks {gap.To - gap.From} items, {gap.From} to {gap.To - 1}, which came {when}. What of them was in a block by then is there."));
    }

    private static LogFinding Finding(long from, long? to, string sentence) => new(LogFindingKind.Skipped, "log", 0, 0, from, to, null, sentence);
}
