using System.Collections.Concurrent;

namespace HmsOps.Observe;

/// <summary>What this room refused since the start, by door and reason: <c>hms_refused_total</c>. Safe for concurrent use.</summary>
public sealed class Refusals
{
    private readonly ConcurrentDictionary<(string Door, string Reason), long> _counts = new();

    /// <summary>Counts refused items.</summary>
    public void Count(string door, string reason, long items = 1) => _counts.AddOrUpdate((door, reason), items, (_, n) => n + items);

    /// <summary>The counts, sorted by door and reason.</summary>
    public IReadOnlyList<(string Door, string Reason, long Count)> All =>
        [.. _counts.Select(c => (c.Key.Door, c.Key.Reason, c.Value)).Order()];
}
