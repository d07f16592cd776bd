using HmsOps.Tsdb.Head;

namespace HmsOps.Tsdb.Sealing;

/// <summary>
/// Which windows the samples lie in that are to be sealed: found from the bounds of tails and pieces and the times of late samples, nothing is decoded.
/// A window may turn out to be empty.
/// </summary>
internal sealed class SealPlan
{
    private const int SeriesTogether = 256;

    private readonly long _until;
    private readonly SortedSet<SealingWindow> _windows = new(Comparer<SealingWindow>.Create((a, b) => a.From != b.From ? a.From.CompareTo(b.From) : b.Length.CompareTo(a.Length)));
    private SealingWindow _last;

    private SealPlan(long until) => _until = until;

    /// <summary>The windows, oldest first.</summary>
    /// <param name="head">Where the samples are.</param>
    /// <param name="cut">What is to be sealed of it.</param>
    public static IReadOnlyCollection<SealingWindow> Of(SeriesHead head, SealCut cut)
    {
        var plan = new SealPlan(cut.Until);
        if (cut.From != long.MinValue)
            plan.AddStretch(cut.From, cut.Until - 1);
        for (var id = 0; id < head.Index.Count; id += SeriesTogether)
        {
            lock (head.Lock)
            {
                for (var at = id; at < Math.Min(id + SeriesTogether, head.Index.Count); at++)
                    plan.Add(head, at, cut);
            }
        }
        return plan._windows;
    }

    private void Add(SeriesHead head, int id, SealCut cut)
    {
        ref readonly var record = ref head.Record(id);
        if (!record.Is(SeriesMarks.Listed))
            return;
        if (cut.From == long.MinValue)
        {
            if (record.Count > 0)
                AddStretch(record.First, head.NewestOf(id, record));
            for (var handle = record.Newest; handle != 0;)
            {
                var piece = Piece.Read(head.Arena[handle]);
                AddStretch(piece.First, piece.Last);
                handle = piece.Older;
            }
        }
        if (!record.Is(SeriesMarks.HasLate) || head.LateOf(id) is not { } late)
            return;
        foreach (var sample in late.All())
        {
            if (sample.Time >= _until)
                break;
            if (sample.Batch <= cut.Batch)
                AddStretch(sample.Time, sample.Time);
        }
    }

    private void AddStretch(long from, long to)
    {
        to = Math.Min(to, _until - 1);
        while (from <= to)
        {
            if (_last.Length == 0 || from < _last.From || from > _last.EndWithin(_until))
                _windows.Add(_last = SealingWindow.Of(from, _until));
            from = _last.EndWithin(_until) + 1;
        }
    }
}

/// <summary>What of the head is sealed: the samples in order of time from one time to before another, and the late ones before it that came up to a batch.</summary>
internal readonly record struct SealCut(long From, long Until, long Batch);
