using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>The samples of one series while they are put together. Buffers are kept from series to series. One owner.</summary>
internal sealed class SampleColumns
{
    private long[] _times = [];
    private double[] _values = [];
    private NativeHistogram?[] _histograms = [];
    private long[] _starts = [];
    private bool _hasHistograms;
    private bool _hasStarts;

    public int Count { get; private set; }

    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    public void Clear()
    {
        if (_hasHistograms)
            _histograms.AsSpan(0, Count).Clear(); // keeps nothing alive
        (Count, _hasHistograms, _hasStarts) = (0, false, false);
    }

    public SeriesView View(Labels labels) => new(
        labels, Times, _values.AsSpan(0, Count), _hasHistograms ? _histograms.AsSpan(0, Count) : [], _hasStarts ? _starts.AsSpan(0, Count) : []);

    /// <summary>Room for values at the end, that count once they are <see cref="Take"/>n.</summary>
    public Span<double> RoomForValues(int samples)
    {
        EnsureRoom(samples);
        return _values.AsSpan(Count, samples);
    }

    /// <summary>Room for histograms at the end, that count once they are <see cref="Take"/>n.</summary>
    public Span<NativeHistogram> RoomForHistograms(int samples)
    {
        EnsureRoom(samples);
        if (!_hasHistograms)
        {
            if (_histograms.Length < _times.Length)
                _histograms = new NativeHistogram?[_times.Length];
            _hasHistograms = true;
        }
        return _histograms.AsSpan(Count, samples)!;
    }

    /// <summary>Takes of what was put into the room the samples from one place to another, with their times.</summary>
    public void Take(ReadOnlySpan<long> times, int from, int to, bool isHistogram, long start)
    {
        var length = to - from;
        if (isHistogram)
        {
            var room = _histograms.AsSpan(Count, times.Length);
            room[from..to].CopyTo(room);
            room[length..].Clear();
            _values.AsSpan(Count, length).Clear();
        }
        else
        {
            _values.AsSpan(Count + from, length).CopyTo(_values.AsSpan(Count));
            if (_hasHistograms)
                _histograms.AsSpan(Count, length).Clear();
        }
        times[from..to].CopyTo(_times.AsSpan(Count));
        TakeStarts(length, start);
        Count += length;
    }

    /// <summary>Takes back room that was filled in part, or not as it should be.</summary>
    public void TakeNone(int samples, bool isHistogram)
    {
        if (isHistogram)
            _histograms.AsSpan(Count, samples).Clear();
    }

    /// <summary>Adds samples of another view.</summary>
    public void Add(SeriesView view, int from, int to)
    {
        var length = to - from;
        EnsureRoom(length);
        view.Times[from..to].CopyTo(_times.AsSpan(Count));
        view.Values[from..to].CopyTo(_values.AsSpan(Count));
        if (!view.Histograms.IsEmpty)
            view.Histograms[from..to].CopyTo(RoomForHistograms(length)!);
        else if (_hasHistograms)
            _histograms.AsSpan(Count, length).Clear();
        if (!view.Starts.IsEmpty)
        {
            BeginStarts();
            view.Starts[from..to].CopyTo(_starts.AsSpan(Count));
        }
        else if (_hasStarts)
        {
            _starts.AsSpan(Count, length).Clear();
        }
        Count += length;
    }

    /// <summary>Cuts out the samples from one time to another, both included.</summary>
    public void CutOut(long from, long to)
    {
        var first = Times.LowerBound(from);
        var last = to == long.MaxValue ? Count : Times.LowerBound(to + 1);
        if (first >= last)
            return;
        Close(_times, first, last);
        Close(_values, first, last);
        if (_hasStarts)
            Close(_starts, first, last);
        if (_hasHistograms)
        {
            Close(_histograms, first, last);
            _histograms.AsSpan(Count - (last - first), last - first).Clear();
        }
        Count -= last - first;
    }

    private void Close<T>(T[] column, int first, int last) => column.AsSpan(last, Count - last).CopyTo(column.AsSpan(first));

    private void TakeStarts(int length, long start)
    {
        if (start != 0)
            BeginStarts();
        if (_hasStarts)
            _starts.AsSpan(Count, length).Fill(start);
    }

    private void BeginStarts()
    {
        if (_hasStarts)
            return;
        if (_starts.Length < _times.Length)
            _starts = new long[_times.Length];
        _starts.AsSpan(0, Count).Clear();
        _hasStarts = true;
    }

    private void EnsureRoom(int samples)
    {
        if (Count + samples <= _times.Length)
            return;
        var capacity = Math.Max(1024, Math.Max(Count + samples, _times.Length * 2));
        Array.Resize(ref _times, capacity);
        Array.Resize(ref _values, capacity);
        if (_hasHistograms)
            Array.Resize(ref _histograms, capacity);
        if (_hasStarts)
            Array.Resize(ref _starts, capacity);
    }
}

/// <summary>Searching in columns of times.</summary>
internal static class TimeSearch
{
    /// <summary>The first place whose time is not before a given one.</summary>
    public static int LowerBound(this ReadOnlySpan<long> times, long time)
    {
        var at = times.BinarySearch(time);
        return at < 0 ? ~at : at;
    }
}
