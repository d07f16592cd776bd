using System.Buffers;
using System.Numerics;
using System.Text;
using HmsOps.Series;

namespace HmsOps.Tsdb.Index;

/// <summary>
/// Finds the series that satisfy matchers. Each matcher is compared with the values of its label, never with series; the rarest then names the candidates,
/// and each further one is the cheaper of two: looking into the label records of the candidates, or walking the postings of its values.
/// </summary>
internal sealed class SeriesSelector(LabelTable labels, LabelRecords records)
{
    // Nanoseconds on the reference machine, to be compared with each other: a record looked into (two cache misses), the posting of a
    // value opened, an id met in a posting, 64 bits of a bitmap walked a few times.
    private const long RecordCost = 100;
    private const long ValueCost = 50;
    private const long PostedCost = 2;
    private const long WordCost = 3;

    private readonly MatchedValues _matched = new(labels);

    /// <summary>The ids below a limit whose series satisfy every matcher, ascending.</summary>
    public int[] Select(int limit, IReadOnlyList<Matcher> matchers, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(matchers);
        var conditions = new List<LabelCondition>(matchers.Count);
        foreach (var matcher in matchers)
        {
            if (!TryResolve(matcher, conditions, cancellationToken))
                return [];
        }
        conditions.Sort((a, b) => (a.Excludes, a.Series).CompareTo((b.Excludes, b.Series)));
        var words = (limit + 63) / 64;
        var map = ArrayPool<ulong>.Shared.Rent(words);
        var other = ArrayPool<ulong>.Shared.Rent(words);
        try
        {
            return Narrow(limit, conditions, map.AsSpan(0, words), other.AsSpan(0, words), cancellationToken);
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(map);
            ArrayPool<ulong>.Shared.Return(other);
        }
    }

    // False when nothing can match. A matcher that every series satisfies adds no condition.
    private bool TryResolve(Matcher matcher, List<LabelCondition> conditions, CancellationToken cancellationToken)
    {
        var matchesEmpty = matcher.Matches(ReadOnlySpan<byte>.Empty);
        var name = labels.FindName(Encoding.UTF8.GetBytes(matcher.Name));
        if (name < 0)
            return matchesEmpty;
        if (_matched.Of(name, matcher, matchesEmpty, cancellationToken) is not { } condition)
            return matchesEmpty;
        conditions.Add(condition);
        return true;
    }

    private int[] Narrow(
        int limit, List<LabelCondition> conditions, Span<ulong> map, Span<ulong> other, CancellationToken cancellationToken)
    {
        List<int>? few = null; // the candidates, once they are few; until then they are the bits of the map
        var at = 0;
        if (conditions.Count == 0 || conditions[0].Excludes)
            Fill(map, limit);
        else if (PostingsCost(conditions[at++], words: 0) < map.Length * WordCost)
            few = IdsOf(conditions[0], limit, cancellationToken);
        else
            Mark(map, conditions[0], limit, cancellationToken);
        for (; at < conditions.Count; at++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var condition = conditions[at];
            var cost = PostingsCost(condition, map.Length);
            if (few is null && CountOf(map) * RecordCost < cost)
                few = IdsOf(map);
            if (few is not null && few.Count * RecordCost < cost)
            {
                Keep(few, condition);
                continue;
            }
            if (few is not null)
                Mark(map, few);
            few = null;
            if (condition.Excludes)
            {
                Unmark(map, condition, limit, cancellationToken);
                continue;
            }
            Mark(other, condition, limit, cancellationToken);
            for (var i = 0; i < map.Length; i++)
                map[i] &= other[i];
        }
        return [.. few ?? IdsOf(map)];
    }

    private static long PostingsCost(LabelCondition condition, int words) =>
        (condition.Series * PostedCost) + (condition.Values * ValueCost) + (words * WordCost);

    // Looks into the record of each candidate; which place of a record holds the label, its keyset says.
    private void Keep(List<int> ids, LabelCondition condition)
    {
        var places = new int[records.KeysetCount]; // 0: not looked up yet; −1: has no such label; else place + 1
        var kept = 0;
        for (var i = 0; i < ids.Count; i++)
        {
            var record = records.Read(ids[i]);
            var place = places[record.Keyset];
            if (place == 0)
                places[record.Keyset] = place = PlaceOf(record.Keyset, condition.Name);
            if ((place > 0 && condition.Has(record.At(place - 1))) != condition.Excludes)
                ids[kept++] = ids[i];
        }
        ids.RemoveRange(kept, ids.Count - kept);
    }

    private int PlaceOf(int keyset, int name)
    {
        var place = 1;
        for (var names = records.Names(keyset); names.Left > 0; place++)
        {
            if (names.Next() == name)
                return place;
        }
        return -1;
    }

    private List<int> IdsOf(LabelCondition condition, int limit, CancellationToken cancellationToken)
    {
        var ids = new List<int>((int)condition.Series);
        for (var ordinal = condition.Next(0); ordinal >= 0; ordinal = condition.Next(ordinal + 1))
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var runs = RunsOf(condition.Name, ordinal, limit); runs.MoveNext();)
            {
                for (var id = runs.Start; id < runs.End; id++)
                    ids.Add(id);
            }
        }
        if (condition.Values > 1)
            ids.Sort(); // no series has two values of one label, so none is there twice
        return ids;
    }

    private void Mark(Span<ulong> map, LabelCondition condition, int limit, CancellationToken cancellationToken)
    {
        map.Clear();
        for (var ordinal = condition.Next(0); ordinal >= 0; ordinal = condition.Next(ordinal + 1))
        {
            if (ordinal % 256 == 0)
                cancellationToken.ThrowIfCancellationRequested();
            for (var runs = RunsOf(condition.Name, ordinal, limit); runs.MoveNext();)
                SetRun(map, runs.Start, runs.End);
        }
    }

    private void Unmark(Span<ulong> map, LabelCondition condition, int limit, CancellationToken cancellationToken)
    {
        for (var ordinal = condition.Next(0); ordinal >= 0; ordinal = condition.Next(ordinal + 1))
        {
            if (ordinal % 256 == 0)
                cancellationToken.ThrowIfCancellationRequested();
            for (var runs = RunsOf(condition.Name, ordinal, limit); runs.MoveNext();)
                ClearRun(map, runs.Start, runs.End);
        }
    }

    private Posting.Runs RunsOf(int name, int ordinal, int limit) =>
        labels.PostingOf(labels.HandleOf(name, ordinal)).Below(limit, labels.Chunks);

    private static void Mark(Span<ulong> map, List<int> ids)
    {
        map.Clear();
        foreach (var id in ids)
            map[id >> 6] |= 1UL << id;
    }

    private static void Fill(Span<ulong> map, int limit)
    {
        map.Clear();
        if (limit > 0)
            SetRun(map, 0, limit);
    }

    private static void SetRun(Span<ulong> map, int start, int end)
    {
        var (first, last) = (start >> 6, (end - 1) >> 6);
        var (head, tail) = (ulong.MaxValue << start, ulong.MaxValue >> (-end & 63));
        if (first == last)
        {
            map[first] |= head & tail;
            return;
        }
        map[first] |= head;
        map[(first + 1)..last].Fill(ulong.MaxValue);
        map[last] |= tail;
    }

    private static void ClearRun(Span<ulong> map, int start, int end)
    {
        var (first, last) = (start >> 6, (end - 1) >> 6);
        var (head, tail) = (ulong.MaxValue << start, ulong.MaxValue >> (-end & 63));
        if (first == last)
        {
            map[first] &= ~(head & tail);
            return;
        }
        map[first] &= ~head;
        map[(first + 1)..last].Clear();
        map[last] &= ~tail;
    }

    private static long CountOf(ReadOnlySpan<ulong> map)
    {
        var count = 0L;
        foreach (var word in map)
            count += BitOperations.PopCount(word);
        return count;
    }

    private static List<int> IdsOf(ReadOnlySpan<ulong> map)
    {
        var ids = new List<int>((int)CountOf(map));
        for (var i = 0; i < map.Length; i++)
        {
            for (var word = map[i]; word != 0; word &= word - 1)
                ids.Add((i << 6) + BitOperations.TrailingZeroCount(word));
        }
        return ids;
    }
}
