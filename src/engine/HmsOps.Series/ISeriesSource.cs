namespace HmsOps.Series;

/// <summary>Where facts come out: the embedded store, a cluster, recorded history, a literal test source. Safe for concurrent use.</summary>
public interface ISeriesSource
{
    /// <summary>
    /// Opens a walk over the series that satisfy every matcher, with their samples in <c>[From, To]</c>, in label order. What is read
    /// is one consistent state: a batch appended meanwhile is seen whole or not at all.
    /// </summary>
    SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken);

    /// <summary>Label sets of series that have samples in the range.</summary>
    IReadOnlyList<Labels> Series(Selection selection, CancellationToken cancellationToken);
}

/// <summary>What to read.</summary>
/// <param name="Matchers">All must hold.</param>
/// <param name="From">First millisecond, inclusive.</param>
/// <param name="To">Last millisecond, inclusive.</param>
public sealed record Selection(IReadOnlyList<Matcher> Matchers, long From, long To);

/// <summary>
/// What one query may use. A store charges samples as it hands them out; over the limit it throws <see cref="QueryBudgetException"/>.
/// One query, one budget, one thread at a time.
/// </summary>
public sealed class QueryBudget(long samplesMax)
{
    /// <summary>Samples that may be touched.</summary>
    public long SamplesMax { get; } = samplesMax;

    /// <summary>Samples touched so far.</summary>
    public long Samples { get; private set; }

    /// <summary>Charges samples of one selection.</summary>
    /// <exception cref="QueryBudgetException">The budget is spent.</exception>
    public void Charge(long samples, Selection selection)
    {
        Samples += samples;
        if (Samples > SamplesMax)
            throw new QueryBudgetException($"The query touches more than {SamplesMax} samples. Narrow {{{string.Join(", ", selection.Matchers)}}} or its range.");
    }
}

/// <summary>A query asked for more than it may use. The message names what to narrow.</summary>
public sealed class QueryBudgetException(string message) : Exception(message);

/// <summary>A walk over series, one at a time. The spans of <see cref="Current"/> are valid until the next move. Not thread-safe.</summary>
public abstract class SeriesCursor : IDisposable
{
    /// <summary>The series the walk stands on.</summary>
    public abstract SeriesView Current { get; }

    /// <summary>Goes to the next series.</summary>
    public abstract bool MoveNext();

    /// <summary>Gives back what the walk holds.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}

/// <summary>
/// The samples of one series, in time order. A sample is a histogram where <see cref="Histograms"/> holds one, else the float in
/// <see cref="Values"/>. <see cref="Histograms"/> is empty when the whole series is floats.
/// </summary>
public readonly ref struct SeriesView(
    Labels labels, ReadOnlySpan<long> times, ReadOnlySpan<double> values, ReadOnlySpan<NativeHistogram?> histograms)
{
    /// <summary>Which series.</summary>
    public Labels Labels { get; } = labels;

    /// <summary>Times in milliseconds, ascending.</summary>
    public ReadOnlySpan<long> Times { get; } = times;

    /// <summary>Values, one a time.</summary>
    public ReadOnlySpan<double> Values { get; } = values;

    /// <summary>Histograms, one a time, or empty.</summary>
    public ReadOnlySpan<NativeHistogram?> Histograms { get; } = histograms;
}
