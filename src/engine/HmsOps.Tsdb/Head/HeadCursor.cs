using HmsOps.Series;

namespace HmsOps.Tsdb.Head;

/// <summary>Walks cuts of series, leaving out those without samples in the range. Holds no lock; copies nothing.</summary>
internal sealed class HeadCursor(SeriesCut[] cuts, Selection selection, long from, QueryBudget budget, CancellationToken cancellationToken)
    : SeriesCursor
{
    // Values of histogram samples, which have none: one column of zeros for the whole walk.
    private double[] _none = [];
    private int _at = -1;
    private int _start;
    private int _end;

    /// <inheritdoc/>
    public override SeriesView Current
    {
        get
        {
            var cut = cuts[_at];
            var length = _end - _start;
            var times = cut.Times.AsSpan(_start, length);
            return cut.Histograms.Length == 0
                ? new SeriesView(cut.Labels, times, cut.Values.AsSpan(_start, length), [])
                : new SeriesView(cut.Labels, times, _none.AsSpan(0, length), cut.Histograms.AsSpan(_start, length));
        }
    }

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (++_at < cuts.Length)
        {
            (_start, _end) = cuts[_at].Range(from, selection.To);
            if (_start == _end)
                continue;
            budget.Charge(_end - _start, selection);
            if (cuts[_at].Histograms.Length > 0 && _none.Length < _end - _start)
                _none = new double[_end - _start];
            return true;
        }
        return false;
    }
}
