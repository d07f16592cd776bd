using System.Runtime.InteropServices;

namespace HmsOps.Series;

/// <summary>
/// Samples on their way into a store, as columns: the series of the batch, each by its key, and the samples, each with the place of its series.
/// The producer owns it and may <see cref="Clear"/> and fill it again once <see cref="ISeriesSink.AppendAsync"/> has completed; the store copies
/// what it keeps. Filling a batch that was filled before allocates nothing.
/// </summary>
/// <remarks>
/// A key is the label set in the form of <see cref="Labels.Bytes"/>. A way in may give it as its sender wrote it (unsorted, with empty values, lying
/// in the body of the request): a store that knows the bytes has found its series, and only for new bytes does it read and check labels. Or the
/// key is what the store answered before, see <see cref="Identities"/>.
/// </remarks>
public sealed class SampleBatch
{
    private const int FirstCapacity = 256;

    private Key[] _keys = [];
    private UInt128[] _identities = [];
    private byte[] _own = [];
    private int _ownLength;
    private ReadOnlyMemory<byte> _body;

    private int[] _series = [];
    private long[] _times = [];
    private double[] _values = [];
    private NativeHistogram?[] _histograms = [];
    private long[] _starts = [];
    private bool _hasHistograms;
    private bool _hasStarts;

    /// <summary>Samples in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Series in the batch. One may be there twice.</summary>
    public int SeriesCount { get; private set; }

    /// <summary>Of each sample, the place of its series.</summary>
    public ReadOnlySpan<int> SampleSeries => _series.AsSpan(0, Count);

    /// <summary>Of each sample its time, milliseconds since 1970.</summary>
    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    /// <summary>Of each sample its value; of a histogram 0.</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    /// <summary>Of each sample its histogram, null for a float; empty when all are floats.</summary>
    public ReadOnlySpan<NativeHistogram?> Histograms => _hasHistograms ? _histograms.AsSpan(0, Count) : [];

    /// <summary>Of each sample when what it counts began to be counted, 0 if unknown; empty when none is known.</summary>
    public ReadOnlySpan<long> Starts => _hasStarts ? _starts.AsSpan(0, Count) : [];

    /// <summary>
    /// Of each series what the store knows it by, filled by the store; zero where it was refused. Given back in <see cref="AddSeries(UInt128)"/>
    /// it spares the labels, for as long as the store lives and remembers the series.
    /// </summary>
    public Span<UInt128> Identities => _identities.AsSpan(0, SeriesCount);

    /// <summary>Exemplars that came with the samples.</summary>
    public List<Exemplar> Exemplars { get; } = [];

    /// <summary>What was said about metrics.</summary>
    public List<MetricMetadata> Metadata { get; } = [];

    /// <summary>The bytes that keys of <see cref="AddSeries(int, int)"/> lie in. They must not change until the batch is cleared.</summary>
    public void Borrow(ReadOnlyMemory<byte> body) => _body = body;

    /// <summary>Adds a series; answers its place.</summary>
    public int AddSeries(Labels labels) => AddSeries(labels.Bytes);

    /// <summary>Adds a series by label bytes, which are copied; answers its place.</summary>
    public int AddSeries(ReadOnlySpan<byte> key)
    {
        if (_ownLength + key.Length > _own.Length)
            Array.Resize(ref _own, Math.Max(FirstCapacity, Math.Max(_own.Length * 2, _ownLength + key.Length)));
        key.CopyTo(_own.AsSpan(_ownLength));
        var place = Add(new Key(KeyKind.Own, _ownLength, key.Length));
        _ownLength += key.Length;
        return place;
    }

    /// <summary>Adds a series by label bytes that lie in the borrowed body; answers its place.</summary>
    public int AddSeries(int offset, int length) => Add(new Key(KeyKind.Body, offset, length));

    /// <summary>Adds a series by what the store knows it by; answers its place. If the store has forgotten it: refused as <c>unknown_series</c>.</summary>
    public int AddSeries(UInt128 identity)
    {
        var place = Add(new Key(KeyKind.Identity, 0, 0));
        _identities[place] = identity;
        return place;
    }

    /// <summary>True when a series was added by what the store knows it by.</summary>
    public bool IsByIdentity(int series) => _keys[series].Kind == KeyKind.Identity;

    /// <summary>The label bytes of a series; empty when it was added by what the store knows it by.</summary>
    public ReadOnlyMemory<byte> KeyOf(int series)
    {
        var key = _keys[series];
        return key.Kind switch
        {
            KeyKind.Own => _own.AsMemory(key.Offset, key.Length),
            KeyKind.Body => _body.Slice(key.Offset, key.Length),
            _ => default,
        };
    }

    /// <summary>Adds a float sample of a series of this batch.</summary>
    /// <param name="series">The place of its series.</param>
    /// <param name="time">Milliseconds since 1970.</param>
    /// <param name="value">Any float64, bit for bit.</param>
    /// <param name="start">When what it counts began to be counted; 0 if unknown.</param>
    public void Add(int series, long time, double value, long start = 0)
    {
        EnsureRoom();
        (_series[Count], _times[Count], _values[Count]) = (series, time, value);
        if (_hasHistograms)
            _histograms[Count] = null;
        AddStart(start);
        Count++;
    }

    /// <summary>Adds a histogram sample of a series of this batch.</summary>
    public void Add(int series, long time, NativeHistogram histogram, long start = 0)
    {
        ArgumentNullException.ThrowIfNull(histogram);
        EnsureRoom();
        (_series[Count], _times[Count], _values[Count]) = (series, time, 0);
        if (!_hasHistograms)
            Begin(ref _histograms, ref _hasHistograms);
        _histograms[Count] = histogram;
        AddStart(start);
        Count++;
    }

    /// <summary>Adds a series and a float sample of it.</summary>
    public void Add(Labels series, long time, double value) => Add(AddSeries(series), time, value);

    /// <summary>Empties the batch for another round, and lets go of the body.</summary>
    public void Clear()
    {
        if (_hasHistograms)
            _histograms.AsSpan(0, Count).Clear();
        (Count, SeriesCount, _ownLength, _body) = (0, 0, 0, default);
        (_hasHistograms, _hasStarts) = (false, false);
        Exemplars.Clear();
        Metadata.Clear();
    }

    private void AddStart(long start)
    {
        if (start != 0 && !_hasStarts)
            Begin(ref _starts, ref _hasStarts);
        if (_hasStarts)
            _starts[Count] = start;
    }

    // A column that most batches do not have begins with its first value.
    private void Begin<T>(ref T[] column, ref bool has)
    {
        if (column.Length < _times.Length)
            column = new T[_times.Length];
        else
            column.AsSpan(0, Count).Clear();
        has = true;
    }

    private int Add(Key key)
    {
        if (SeriesCount == _keys.Length)
        {
            var capacity = Math.Max(FirstCapacity, SeriesCount * 2);
            Array.Resize(ref _keys, capacity);
            Array.Resize(ref _identities, capacity);
        }
        _keys[SeriesCount] = key;
        _identities[SeriesCount] = default;
        return SeriesCount++;
    }

    private void EnsureRoom()
    {
        if (Count < _times.Length)
            return;
        var capacity = Math.Max(FirstCapacity, Count * 2);
        Array.Resize(ref _series, capacity);
        Array.Resize(ref _times, capacity);
        Array.Resize(ref _values, capacity);
        if (_hasHistograms)
            Array.Resize(ref _histograms, capacity);
        if (_hasStarts)
            Array.Resize(ref _starts, capacity);
    }

    private enum KeyKind
    {
        Own,
        Body,
        Identity,
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Key(KeyKind Kind, int Offset, int Length);
}

/// <summary>One observation that stands for many, usually with the id of a trace.</summary>
/// <param name="Series">The place in the batch of the series it belongs to.</param>
/// <param name="Labels">Its own labels, as <c>trace_id</c>.</param>
/// <param name="Time">Milliseconds since 1970.</param>
/// <param name="Value">What was observed.</param>
public readonly record struct Exemplar(int Series, Labels Labels, long Time, double Value);

/// <summary>What a metric's maker says about it.</summary>
/// <param name="Metric">The metric's family name.</param>
/// <param name="Type">As OpenMetrics names it: <c>counter</c>, <c>gauge</c>, <c>histogram</c>, <c>gaugehistogram</c>, <c>summary</c>, <c>info</c>, <c>stateset</c>, <c>unknown</c>.</param>
/// <param name="Unit">The base unit, empty if none was said.</param>
/// <param name="Help">A sentence, empty if none was said.</param>
public sealed record MetricMetadata(string Metric, string Type, string Unit, string Help);
