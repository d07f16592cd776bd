using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>The samples of one series as columns that grow, and are used again for the next. One owner.</summary>
internal sealed class SampleColumns
{
    private const int FirstCapacity = 256;

    private long[] _times = [];
    private double[] _values = [];
    private NativeHistogram?[] _histograms = [];
    private long[] _starts = [];
    private bool _hasHistograms;
    private bool _hasStarts;
    private bool _isOutOfOrder;

    public int Count { get; private set; }

    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    public ReadOnlySpan<NativeHistogram?> Histograms => _hasHistograms ? _histograms.AsSpan(0, Count) : [];

    public ReadOnlySpan<long> Starts => _hasStarts ? _starts.AsSpan(0, Count) : [];

    public void Clear()
    {
        if (_hasHistograms)
            _histograms.AsSpan(0, Count).Clear();
        if (_hasStarts)
            _starts.AsSpan(0, Count).Clear();
        (Count, _hasHistograms, _hasStarts, _isOutOfOrder) = (0, false, false, false);
    }

    public void Add(long time, double value, NativeHistogram? histogram, long start = 0)
    {
        if (Count == _times.Length)
            Grow(Count + 1);
        _isOutOfOrder |= Count > 0 && time <= _times[Count - 1];
        (_times[Count], _values[Count]) = (time, value);
        if (histogram is not null)
        {
            _histograms[Count] = histogram;
            _hasHistograms = true;
        }
        if (start != 0)
        {
            _starts[Count] = start;
            _hasStarts = true;
        }
        Count++;
    }

    /// <summary>Adds samples of a batch that belong to one series.</summary>
    public void Add(SampleBatch batch, int from, int to)
    {
        var times = batch.Times;
        var values = batch.Values;
        var histograms = batch.Histograms;
        for (var i = from; i < to; i++)
            Add(times[i], values[i], histograms.IsEmpty ? null : histograms[i]);
    }

    /// <summary>Puts the samples in the order of time, each time once: of two at the same the later added counts.</summary>
    public void Settle()
    {
        if (!_isOutOfOrder)
            return;
        var order = new int[Count];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        var times = _times;
        Array.Sort(order, (a, b) => times[a] != times[b] ? times[a].CompareTo(times[b]) : a.CompareTo(b));
        var sorted = new SampleColumns();
        for (var i = 0; i < order.Length; i++)
        {
            var at = order[i];
            if (i + 1 == order.Length || _times[at] != _times[order[i + 1]])
                sorted.Add(_times[at], _values[at], _hasHistograms ? _histograms[at] : null, _hasStarts ? _starts[at] : 0);
        }
        (_times, _values, _histograms, _starts) = (sorted._times, sorted._values, sorted._histograms, sorted._starts);
        (Count, _isOutOfOrder) = (sorted.Count, false);
    }

    /// <summary>The samples of two sides in the order of time; where both have one at the same time, the first side's.</summary>
    public void Merge(in SeriesView first, in SeriesView second)
    {
        Clear();
        var (i, j) = (0, 0);
        while (i < first.Times.Length || j < second.Times.Length)
        {
            var takesFirst = j == second.Times.Length || (i < first.Times.Length && first.Times[i] <= second.Times[j]);
            if (takesFirst && j < second.Times.Length && first.Times[i] == second.Times[j])
                j++;
            if (takesFirst)
                Add(first, i++);
            else
                Add(second, j++);
        }
    }

    public SeriesView View(Labels labels) => new(labels, Times, Values, Histograms, Starts);

    private void Add(in SeriesView from, int at) =>
        Add(from.Times[at], from.Values[at], from.Histograms.IsEmpty ? null : from.Histograms[at], from.Starts.IsEmpty ? 0 : from.Starts[at]);

    // The columns that few series have grow with the others, so that a series may have its first histogram anywhere.
    private void Grow(int count)
    {
        var capacity = Math.Max(Math.Max(FirstCapacity, 2 * _times.Length), count);
        Array.Resize(ref _times, capacity);
        Array.Resize(ref _values, capacity);
        Array.Resize(ref _histograms, capacity);
        Array.Resize(ref _starts, capacity);
    }
}
