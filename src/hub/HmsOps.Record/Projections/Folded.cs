using System.Collections.Immutable;

namespace HmsOps.Record.Projections;

/// <summary>What every fold does to one of its items.</summary>
internal static class Folded
{
    /// <summary>With one item changed; the same where there is no such item, for an entry may speak of what this ledger never had.</summary>
    public static ImmutableSortedDictionary<TKey, TItem> Change<TKey, TItem>(this ImmutableSortedDictionary<TKey, TItem> all, TKey key, Func<TItem, TItem> change)
        where TKey : notnull =>
        all.TryGetValue(key, out var known) ? all.SetItem(key, change(known)) : all;
}
