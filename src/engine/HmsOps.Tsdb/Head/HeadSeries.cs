using HmsOps.Series;
using HmsOps.Tsdb.Observations;

namespace HmsOps.Tsdb.Head;

/// <summary>What a series holds.</summary>
internal enum SeriesKind
{
    Float = 0,
    Observed = 1,
}

/// <summary>
/// One series: its columns, and what the writer remembers of it. Columns only ever grow at their end or are replaced, so a
/// <see cref="SeriesCut"/> taken under the head's lock stays true without it. Owned by the holder of the store's turn.
/// </summary>
internal sealed class HeadSeries(Labels labels, SeriesKind kind)
{
    private const int FirstCapacity = 4;

    private long[] _times = [];
    private double[] _values = [];
    private NativeHistogram[] _histograms = [];
    private int _start;
    private int _end;

    public Labels Labels { get; } = labels;

    public SeriesKind Kind { get; } = kind;

    /// <summary>The fold of an observed series; null for floats and before the first declaration is applied.</summary>
    public OpenHistogram? Open { get; set; }

    /// <summary>Readers can see it.</summary>
    public bool IsListed { get; set; }

    /// <summary>The number the current epoch of the log gave it, valid when <see cref="DeclaredIn"/> is that epoch.</summary>
    public int LogId { get; set; }

    /// <summary>The epoch of the log in which it was last declared; 0: none.</summary>
    public long DeclaredIn { get; set; }

    /// <summary>The batch that staged samples for it, and the newest of them, while that batch is being read.</summary>
    public long StagedIn { get; set; }

    /// <summary>See <see cref="StagedIn"/>.</summary>
    public long StagedTime { get; set; }

    /// <summary>See <see cref="StagedIn"/>.</summary>
    public long StagedBits { get; set; }

    public int Count => _end - _start;

    public bool IsEmpty => _end == _start;

    /// <summary>Time of the newest sample; <see cref="long.MinValue"/> when there is none.</summary>
    public long Newest => IsEmpty ? long.MinValue : _times[_end - 1];

    public NativeHistogram NewestHistogram => _histograms[_end - 1];

    public void Append(long time, double value)
    {
        EnsureRoom();
        _times[_end] = time;
        _values[_end++] = value;
    }

    /// <summary>Appends a histogram; answers what it weighs.</summary>
    public long Append(long time, NativeHistogram histogram)
    {
        var repeated = !IsEmpty && ReferenceEquals(NewestHistogram, histogram);
        EnsureRoom();
        _times[_end] = time;
        _histograms[_end++] = histogram;
        return repeated ? 1 : Weight(histogram);
    }

    /// <summary>The bits stored at a time; false when there is no sample at that time.</summary>
    public bool TryFind(long time, out long bits)
    {
        var at = Array.BinarySearch(_times, _start, Count, time);
        bits = at < 0 ? 0 : BitConverter.DoubleToInt64Bits(_values[at]);
        return at >= 0;
    }

    public SeriesCut Cut() => new(Labels, _times, _values, _histograms, _start, _end);

    /// <summary>Drops samples before a time; answers how many and what they weighed.</summary>
    public (int Samples, long Weight) DropBefore(long time)
    {
        var at = Array.BinarySearch(_times, _start, Count, time);
        var keep = at < 0 ? ~at : at;
        var dropped = keep - _start;
        if (dropped == 0)
            return default;
        var weight = Kind == SeriesKind.Float ? dropped : WeightOf(_start, keep);
        _start = keep;
        if (Count < _times.Length / 2)
            Move(Math.Max(Count, FirstCapacity));
        return (dropped, weight);
    }

    // A histogram shared by several samples is weighed with the last of them, so weights add up however the series is cut.
    private long WeightOf(int from, int to)
    {
        var weight = 0L;
        for (var i = from; i < to; i++)
            weight += i + 1 < _end && ReferenceEquals(_histograms[i], _histograms[i + 1]) ? 1 : Weight(_histograms[i]);
        return weight;
    }

    private static long Weight(NativeHistogram histogram) => 8 + histogram.Positive.Count + histogram.Negative.Count;

    private void EnsureRoom()
    {
        if (_end == _times.Length)
            Move(Math.Max(FirstCapacity, Count + Count / 2));
    }

    private void Move(int capacity)
    {
        _times = Moved(_times, capacity);
        if (Kind == SeriesKind.Float)
            _values = Moved(_values, capacity);
        else
            _histograms = Moved(_histograms, capacity);
        _end -= _start;
        _start = 0;
    }

    private T[] Moved<T>(T[] column, int capacity)
    {
        var moved = new T[capacity];
        Array.Copy(column, _start, moved, 0, Count);
        return moved;
    }
}

/// <summary>The samples of a series at one instant. Immutable: what is appended later lies beyond its end.</summary>
internal readonly record struct SeriesCut(
    Labels Labels, long[] Times, double[] Values, NativeHistogram[] Histograms, int Start, int End)
{
    /// <summary>Where the samples of <c>[from, to]</c> lie.</summary>
    public (int Start, int End) Range(long from, long to)
    {
        var first = Array.BinarySearch(Times, Start, End - Start, from);
        first = first < 0 ? ~first : first;
        var last = Array.BinarySearch(Times, first, End - first, to);
        return (first, last < 0 ? ~last : last + 1);
    }
}
