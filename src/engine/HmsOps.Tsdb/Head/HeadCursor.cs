using System.Buffers;
using HmsOps.Series;
using HmsOps.Tsdb.Index;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// Walks the series of a cut, leaving out those without samples in the range. Holds no lock while it decodes or hands out; what it hands out lies in
/// columns of its own that are used again for the next series.
/// </summary>
/// <param name="cut">Which series, as of when.</param>
/// <param name="selection">What is asked; its end bounds all.</param>
/// <param name="from">The oldest late sample that is handed out.</param>
/// <param name="orderedFrom">The oldest sample that came in order of time and is handed out; what is older is sealed.</param>
/// <param name="budget">What may be touched; null for the store's own walks.</param>
/// <param name="cancellationToken">Ends the walk.</param>
internal sealed class HeadCursor(
    HeadCut cut, Selection selection, long from, long orderedFrom, QueryBudget? budget, CancellationToken cancellationToken)
    : SeriesCursor
{
    private readonly SeriesCopy _copy = new();
    private long[] _times = ArrayPool<long>.Shared.Rent(256);
    private double[] _values = ArrayPool<double>.Shared.Rent(256);
    private NativeHistogram?[] _histograms = [];
    private long[] _starts = [];
    private bool _hasHistograms;
    private bool _hasStarts;
    private int _next;
    private int _inCopy;
    private int _id = -1;
    private Labels? _labels;
    private readonly Dictionary<LabelChoice, LabelGroups> _groups = [];
    private int _begin;
    private int _end;
    private bool _isDisposed;

    /// <summary>The id of the series the walk stands on.</summary>
    public int Id => _id;

    /// <inheritdoc/>
    public override SeriesView Current => new(
        this,
        _times.AsSpan(_begin, _end - _begin),
        _values.AsSpan(_begin, _end - _begin),
        _hasHistograms ? _histograms.AsSpan(_begin, _end - _begin) : [],
        _hasStarts ? _starts.AsSpan(_begin, _end - _begin) : []);

    /// <inheritdoc/>
    public override Labels Labels => _labels ??= cut.Head.Index.LabelsOf(_id);

    /// <inheritdoc/>
    public override Labels Project(LabelChoice choice)
    {
        ArgumentNullException.ThrowIfNull(choice);
        if (!_groups.TryGetValue(choice, out var groups))
            _groups.Add(choice, groups = cut.Head.Index.Groups(choice));
        return groups.Of(_id);
    }

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (_inCopy < _copy.Count || FillCopy())
        {
            Decode(_copy[_inCopy++]);
            if (_begin == _end)
                continue;
            budget?.Charge(_end - _begin, selection);
            return true;
        }
        return false;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        cut.Dispose();
        _copy.Dispose();
        ArrayPool<long>.Shared.Return(_times);
        ArrayPool<double>.Shared.Return(_values);
        (_times, _values) = ([], []);
        base.Dispose();
    }

    private bool FillCopy()
    {
        cancellationToken.ThrowIfCancellationRequested();
        _next += _copy.Count;
        _inCopy = 0;
        _copy.Fill(cut.Head, cut, _next, from, orderedFrom, selection.To);
        return _copy.Count > 0;
    }

    private void Decode(in SeriesCopy.Copied series)
    {
        (_id, _labels, _begin, _end) = (series.Id, null, 0, 0);
        (_hasHistograms, _hasStarts) = (false, false);
        var total = series.Tail + series.LateEnd - series.Late;
        var inside = 0L;
        for (var at = series.Pieces; at < series.PiecesEnd; at++)
        {
            var piece = _copy.Piece(at);
            total += piece.Piece.Count;
            if (piece.Piece.First >= orderedFrom && piece.Piece.Last <= selection.To)
                inside += piece.Visible;
        }
        // Nothing is decoded that the budget would refuse anyway.
        if (budget is not null && inside > budget.SamplesMax - budget.Samples)
            budget.Charge(inside, selection);
        EnsureRoom(total);
        for (var at = series.PiecesEnd - 1; at >= series.Pieces; at--)
            Decode(_copy.Piece(at));
        if (series.Tail > 0)
            DecodeTail(series);
        Trim();
        if (series.LateEnd > series.Late)
            Merge(series);
    }

    private void Decode(in SeriesCopy.CopiedPiece copied)
    {
        var piece = copied.Piece;
        var bytes = _copy.Bytes(copied.At);
        if (piece.Is(PieceMarks.Histograms))
        {
            NeedHistograms();
            // A column of references takes what is never null where it may be null; only nulls are read as floats.
            piece.ReadHistograms(bytes, _histograms.AsSpan(_end, piece.Count)!);
            _values.AsSpan(_end, piece.Count).Clear();
        }
        else
        {
            piece.ReadValues(bytes, _values.AsSpan(_end, piece.Count));
            NoHistograms(piece.Count);
        }
        piece.ReadTimes(bytes, _times.AsSpan(_end, piece.Count));
        Began(piece.Start, piece.Count);
        _end += copied.Visible;
    }

    private void DecodeTail(in SeriesCopy.Copied series)
    {
        if (series.Record.Is(SeriesMarks.HasHistograms))
        {
            NeedHistograms();
            for (var i = 0; i < series.Tail; i++)
                (_times[_end + i], _histograms[_end + i]) = _copy.Histogram(series.Histograms + i);
            _values.AsSpan(_end, series.Tail).Clear();
        }
        else
        {
            var slot = series.Record.Slot == 0 ? default : _copy.Bytes(series.Slot);
            FloatTail.ReadTimes(series.Record, slot, _times.AsSpan(_end, series.Tail));
            FloatTail.ReadValues(series.Record, slot, _values.AsSpan(_end, series.Tail));
            NoHistograms(series.Tail);
        }
        Began(series.Record.Start, series.Tail);
        _end += series.Tail;
    }

    private void Trim()
    {
        var times = _times.AsSpan(0, _end);
        var begin = times.BinarySearch(orderedFrom);
        _begin = begin < 0 ? ~begin : begin;
        var end = times.BinarySearch(selection.To);
        _end = Math.Max(_begin, end < 0 ? ~end : end + 1);
    }

    // From the end, so that no sample is written over before it was moved.
    private void Merge(in SeriesCopy.Copied series)
    {
        var late = series.LateEnd - 1;
        var (read, write) = (_end - 1, _end - 1 + (series.LateEnd - series.Late));
        var end = write + 1;
        for (; late >= series.Late; write--)
        {
            if (read >= _begin && _times[read] > _copy.Late(late).Time)
                Move(read--, write);
            else
                Put(_copy.Late(late--), write, end);
        }
        _end = end;
    }

    private void Move(int from, int to)
    {
        (_times[to], _values[to]) = (_times[from], _values[from]);
        if (_hasHistograms)
            _histograms[to] = _histograms[from];
        if (_hasStarts)
            _starts[to] = _starts[from];
    }

    private void Put(in LateSample sample, int at, int end)
    {
        (_times[at], _values[at]) = (sample.Time, sample.Value);
        if (sample.Histogram is not null && !_hasHistograms)
            Begin(ref _histograms, ref _hasHistograms, end);
        if (sample.Start != 0 && !_hasStarts)
            Begin(ref _starts, ref _hasStarts, end);
        if (_hasHistograms)
            _histograms[at] = sample.Histogram;
        if (_hasStarts)
            _starts[at] = sample.Start;
    }

    private void NeedHistograms()
    {
        if (!_hasHistograms)
            Begin(ref _histograms, ref _hasHistograms, _end);
    }

    private void NoHistograms(int count)
    {
        if (_hasHistograms)
            _histograms.AsSpan(_end, count).Clear();
    }

    private void Began(long start, int count)
    {
        if (start != 0 && !_hasStarts)
            Begin(ref _starts, ref _hasStarts, _end);
        if (_hasStarts)
            _starts.AsSpan(_end, count).Fill(start);
    }

    // A column that most series do not have begins with the first that does; before it there was nothing.
    private void Begin<T>(ref T[] column, ref bool has, int before)
    {
        if (column.Length < _times.Length)
            column = new T[_times.Length];
        column.AsSpan(0, before).Clear();
        has = true;
    }

    private void EnsureRoom(int samples)
    {
        if (samples <= _times.Length)
            return;
        ArrayPool<long>.Shared.Return(_times);
        ArrayPool<double>.Shared.Return(_values);
        _times = ArrayPool<long>.Shared.Rent(samples);
        _values = ArrayPool<double>.Shared.Rent(_times.Length);
    }
}
