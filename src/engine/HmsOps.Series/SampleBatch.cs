namespace HmsOps.Series;

/// <summary>
/// Samples on their way into a store, as columns. The producer owns it and may <see cref="Clear"/> and fill it again once
/// <see cref="ISeriesSink.AppendAsync"/> has completed; the store copies what it keeps.
/// </summary>
public sealed class SampleBatch
{
    private readonly List<Labels> _series = [];
    private readonly List<long> _times = [];
    private readonly List<double> _values = [];

    /// <summary>Samples in the batch.</summary>
    public int Count => _series.Count;

    /// <summary>The series of sample <paramref name="index"/>.</summary>
    public Labels Series(int index) => _series[index];

    /// <summary>The time of sample <paramref name="index"/>, milliseconds since 1970.</summary>
    public long Time(int index) => _times[index];

    /// <summary>The value of sample <paramref name="index"/>.</summary>
    public double Value(int index) => _values[index];

    /// <summary>Adds a sample.</summary>
    public void Add(Labels series, long time, double value)
    {
        _series.Add(series);
        _times.Add(time);
        _values.Add(value);
    }

    /// <summary>Empties the batch for another round.</summary>
    public void Clear()
    {
        _series.Clear();
        _times.Clear();
        _values.Clear();
    }
}
