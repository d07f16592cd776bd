using System.Buffers;
using HmsOps.Series;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// The series that match, in the order of rows or of ids, and how far each had come at one instant. Only that is noted under the lock, some bytes a series; what
/// they hold is fetched as it is read, and what came after the instant is left out.
/// </summary>
internal sealed class HeadCut : IDisposable
{
    private HeadCut(SeriesHead head, int[] ids, uint[] ends, int count, long batch) => (Head, Ids, Ends, Count, Batch) = (head, ids, ends, count, batch);

    /// <summary>The head whose ids they are.</summary>
    public SeriesHead Head { get; }

    /// <summary>The ids; rented, the first <see cref="Count"/> are there.</summary>
    public int[] Ids { get; }

    /// <summary>Of each, the position of the sample after its last.</summary>
    public uint[] Ends { get; }

    public int Count { get; private set; }

    /// <summary>The newest batch that late samples are seen of.</summary>
    public long Batch { get; }

    /// <summary>Notes the instant; with a batch, late samples that came after it are left out. Whoever needs no order of rows is spared the sorting.</summary>
    public static HeadCut Of(SeriesHead head, IReadOnlyList<Matcher> matchers, CancellationToken cancellationToken, long? batch = null, bool inRows = true)
    {
        // Matching takes as long as the asker likes, so never under the lock: what comes meanwhile is noted unseen, and matched after.
        var known = head.Index.Count;
        var ids = head.Index.Select(matchers, known, cancellationToken);
        if (inRows)
            head.Index.SortRows(ids, cancellationToken);
        HeadCut cut;
        int matched;
        lock (head.Lock)
            (cut, matched) = Note(head, ids, known, batch);
        if (cut.Count == matched)
            return cut;
        try
        {
            cut.MatchRest(matched, matchers, cancellationToken);
            if (inRows)
                cut.PutInRows(matched);
            return cut;
        }
        catch
        {
            cut.Dispose();
            throw;
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

    // What matched, and behind it all that came since; with how many of them matched.
    private static (HeadCut Cut, int Matched) Note(SeriesHead head, int[] matching, int known, long? batch)
    {
        var most = matching.Length + head.Index.Count - known;
        var ids = ArrayPool<int>.Shared.Rent(most);
        var ends = ArrayPool<uint>.Shared.Rent(most);
        var count = 0;
        foreach (var id in matching)
            Add(id);
        var matched = count;
        for (var id = known; id < head.Index.Count; id++)
            Add(id);
        return (new HeadCut(head, ids, ends, count, Math.Min(head.Batch, batch ?? long.MaxValue)), matched);

        void Add(int id)
        {
            ref readonly var record = ref head.Record(id);
            if (record.Is(SeriesMarks.Listed))
                (ids[count], ends[count++]) = (id, record.Next);
        }
    }

    private void MatchRest(int from, IReadOnlyList<Matcher> matchers, CancellationToken cancellationToken)
    {
        var (noted, count) = (Count, from);
        for (var i = from; i < noted; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var labels = Head.Index.LabelsOf(Ids[i]);
            if (matchers.All(matcher => matcher.Matches(labels)))
                (Ids[count], Ends[count++]) = (Ids[i], Ends[i]);
        }
        Count = count;
    }

    // The first are in order; the rest, which are few, take their places among them, the last first.
    private void PutInRows(int first)
    {
        var rest = new (int Id, uint End)[Count - first];
        for (var i = 0; i < rest.Length; i++)
            rest[i] = (Ids[first + i], Ends[first + i]);
        Array.Sort(rest, (a, b) => Head.Index.CompareRows(a.Id, b.Id));
        for (var (next, end) = (rest.Length - 1, first); next >= 0; next--)
        {
            var place = PlaceOf(rest[next].Id, end);
            Array.Copy(Ids, place, Ids, place + next + 1, end - place);
            Array.Copy(Ends, place, Ends, place + next + 1, end - place);
            (Ids[place + next], Ends[place + next]) = rest[next];
            end = place;
        }
    }

    // How many of the first come before it.
    private int PlaceOf(int id, int count)
    {
        var (from, to) = (0, count);
        while (from < to)
        {
            var middle = (from + to) / 2;
            if (Head.Index.CompareRows(Ids[middle], id) < 0)
                from = middle + 1;
            else
                to = middle;
        }
        return from;
    }
}
