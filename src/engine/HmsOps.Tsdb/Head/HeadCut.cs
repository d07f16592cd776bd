using System.Buffers;
using HmsOps.Series;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// The series that match, in the order of rows or of ids, and how far each had come at one instant. Only that is noted under the lock, some bytes a series; what
/// they hold is fetched as it is read, and what came after the instant is left out.
/// </summary>
internal sealed class HeadCut : IDisposable
{
    private const int TriesWithoutLock = 3;

    private HeadCut(SeriesHead head, int[] ids, uint[] ends, int count, long batch) => (Head, Ids, Ends, Count, Batch) = (head, ids, ends, count, batch);

    /// <summary>The head whose ids they are.</summary>
    public SeriesHead Head { get; }

    /// <summary>The ids; rented, the first <see cref="Count"/> are there.</summary>
    public int[] Ids { get; }

    /// <summary>Of each, the position of the sample after its last.</summary>
    public uint[] Ends { get; }

    public int Count { get; }

    /// <summary>The newest batch that late samples are seen of.</summary>
    public long Batch { get; }

    /// <summary>Notes the instant; with a batch, late samples that came after it are left out. Whoever needs no order of rows is spared the sorting.</summary>
    public static HeadCut Of(SeriesHead head, IReadOnlyList<Matcher> matchers, CancellationToken cancellationToken, long? batch = null, bool inRows = true)
    {
        for (var attempt = 0; ; attempt++)
        {
            // Series that come while we match are no matter, unless their first batch is in before the instant is noted.
            var known = head.Index.Count;
            var ids = Match(head, matchers, inRows, cancellationToken);
            lock (head.Lock)
            {
                if (head.Index.Count == known)
                    return Note(head, ids, batch);
                if (attempt == TriesWithoutLock)
                    return Note(head, Match(head, matchers, inRows, cancellationToken), batch);
            }
        }
    }

    /// <summary>The same series in several cuts, one after the other, of so many at least; this cut is theirs then. Or itself, where there are too few.</summary>
    public IReadOnlyList<HeadCut> Split(int partsMax, int leastSeries)
    {
        var parts = Math.Clamp(Count / leastSeries, 1, partsMax);
        if (parts == 1)
            return [this];
        var cuts = new HeadCut[parts];
        for (var part = 0; part < parts; part++)
        {
            var (from, to) = ((int)((long)Count * part / parts), (int)((long)Count * (part + 1) / parts));
            var ids = ArrayPool<int>.Shared.Rent(to - from);
            var ends = ArrayPool<uint>.Shared.Rent(to - from);
            Ids.AsSpan(from, to - from).CopyTo(ids);
            Ends.AsSpan(from, to - from).CopyTo(ends);
            cuts[part] = new HeadCut(Head, ids, ends, to - from, Batch);
        }
        Dispose();
        return cuts;
    }

    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(Ids);
        ArrayPool<uint>.Shared.Return(Ends);
    }

    private static int[] Match(SeriesHead head, IReadOnlyList<Matcher> matchers, bool inRows, CancellationToken cancellationToken)
    {
        var ids = head.Index.Select(matchers, cancellationToken);
        if (inRows)
            head.Index.SortRows(ids);
        return ids;
    }

    private static HeadCut Note(SeriesHead head, int[] matching, long? batch)
    {
        var ids = ArrayPool<int>.Shared.Rent(matching.Length);
        var ends = ArrayPool<uint>.Shared.Rent(matching.Length);
        var count = 0;
        foreach (var id in matching)
        {
            ref readonly var record = ref head.Record(id);
            if (!record.Is(SeriesMarks.Listed))
                continue;
            (ids[count], ends[count]) = (id, record.Next);
            count++;
        }
        return new HeadCut(head, ids, ends, count, Math.Min(head.Batch, batch ?? long.MaxValue));
    }
}
