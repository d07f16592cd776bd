using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// Several walks in the order of rows as one. A series that only one of them has is handed through as it is; of one that several have the
/// columns are merged by time, and of samples at the same time that of the earlier walk in the list counts. Owns the walks.
/// </summary>
internal sealed class MergedCursor : SeriesCursor
{
    private readonly IReadOnlyList<SeriesCursor> _cursors;
    private readonly Labels[] _labels; // where each walk stands
    private readonly PriorityQueue<int, int> _next; // the walks that are not at their end, by where they stand, then by their place
    private readonly List<int> _standing = []; // the walks that stand on the current series, by their place
    private readonly List<int> _at = []; // of each of those how far its samples are merged
    private readonly SampleColumns _merged = new();

    public MergedCursor(IReadOnlyList<SeriesCursor> cursors)
    {
        _cursors = cursors;
        _labels = new Labels[cursors.Count];
        _next = new PriorityQueue<int, int>(cursors.Count, Comparer<int>.Create(ByRow));
        for (var i = 0; i < cursors.Count; i++)
            _standing.Add(i); // none has been moved yet
    }

    /// <inheritdoc/>
    public override SeriesView Current => _standing.Count == 1 ? _cursors[_standing[0]].Current : _merged.View(_labels[_standing[0]]);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings => [.. _cursors.SelectMany(cursor => cursor.Warnings)];

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        foreach (var i in _standing)
            Move(i);
        _standing.Clear();
        if (!_next.TryDequeue(out var first, out _))
            return false;
        _standing.Add(first);
        while (_next.TryPeek(out var next, out _) && _labels[next] == _labels[first])
            _standing.Add(_next.Dequeue());
        if (_standing.Count > 1)
            Merge();
        return true;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var cursor in _cursors)
            cursor.Dispose();
        base.Dispose();
    }

    private int ByRow(int a, int b)
    {
        var order = Labels.CompareRows(_labels[a], _labels[b]);
        return order != 0 ? order : a.CompareTo(b);
    }

    private void Move(int i)
    {
        if (!_cursors[i].MoveNext())
            return;
        _labels[i] = _cursors[i].Current.Labels;
        _next.Enqueue(i, i);
    }

    // Stretches, not samples: from the walk with the oldest next sample everything older than what any other has next.
    private void Merge()
    {
        _merged.Clear();
        _at.Clear();
        foreach (var _ in _standing)
            _at.Add(0);
        while (TryFindOldest(out var oldest, out var time, out var before))
        {
            var view = _cursors[_standing[oldest]].Current;
            var end = before is null ? view.Times.Length : Math.Max(_at[oldest] + 1, view.Times.LowerBound(before.Value));
            _merged.Add(view, _at[oldest], end);
            _at[oldest] = end;
            SkipAt(time, oldest);
        }
    }

    /// <summary>The walk with the oldest next sample, the earliest in the list of several; and the oldest time that any other has next.</summary>
    private bool TryFindOldest(out int oldest, out long time, out long? before)
    {
        (oldest, time, before) = (-1, long.MaxValue, null);
        for (var i = 0; i < _standing.Count; i++)
        {
            var times = _cursors[_standing[i]].Current.Times;
            if (_at[i] == times.Length)
                continue;
            var next = times[_at[i]];
            if (oldest < 0)
                (oldest, time) = (i, next);
            else if (next < time)
                (oldest, time, before) = (i, next, time);
            else
                before = Math.Min(before ?? next, next);
        }
        return oldest >= 0;
    }

    private void SkipAt(long time, int taken)
    {
        for (var i = 0; i < _standing.Count; i++)
        {
            var times = _cursors[_standing[i]].Current.Times;
            if (i != taken && _at[i] < times.Length && times[_at[i]] == time)
                _at[i]++;
        }
    }
}
