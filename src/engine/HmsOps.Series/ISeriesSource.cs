using System.Text;

namespace HmsOps.Series;

/// <summary>Where facts come out: the embedded store, a cluster, recorded history, a literal test source. Safe for concurrent use.</summary>
public interface ISeriesSource
{
    /// <summary>
    /// Opens a walk over the series that satisfy every matcher, with their samples in <c>[From, To]</c>, in the order of
    /// <see cref="Labels.CompareRows"/> unless <see cref="Selection.InAnyOrder"/> says otherwise. What is read is one consistent state: a batch appended meanwhile is seen whole or not at all.
    /// </summary>
    SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken);

    /// <summary>
    /// Opens several walks, each over a share of the series and to be walked by a thread of its own, all of the same state; in order, the second begins behind
    /// where the first ends. Or one, where the source has no more, or there are too few series to share.
    /// </summary>
    IReadOnlyList<SeriesCursor> SelectParts(Selection selection, int partsMax, QueryBudget budget, CancellationToken cancellationToken) => [Select(selection, budget, cancellationToken)];

    /// <summary>Label sets of series that have samples in the range, the first of them in the order of rows; what is behind the most that are wanted is not looked at more than need be.</summary>
    IReadOnlyList<Labels> Series(Selection selection, int most, CancellationToken cancellationToken);

    /// <summary>Names of labels of series that have samples in the range, in the order of their bytes.</summary>
    IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken);

    /// <summary>Values of one label of series that have samples in the range, in the order of their bytes.</summary>
    IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken);
}

/// <summary>What to read.</summary>
/// <param name="Matchers">All must hold.</param>
/// <param name="From">First millisecond, inclusive.</param>
/// <param name="To">Last millisecond, inclusive.</param>
public sealed record Selection(IReadOnlyList<Matcher> Matchers, long From, long To)
{
    /// <summary>Who reads folds all of them: a source that has them in some other order need not sort.</summary>
    public bool InAnyOrder { get; init; }
}

/// <summary>
/// What one query may use. A store charges samples as it hands them out; over the limit it throws <see cref="QueryBudgetException"/>.
/// One query, one budget. Its threads may charge at the same time.
/// </summary>
public sealed class QueryBudget(long samplesMax)
{
    private long _samples;

    /// <summary>Samples that may be touched.</summary>
    public long SamplesMax { get; } = samplesMax;

    /// <summary>Samples touched so far.</summary>
    public long Samples => Volatile.Read(ref _samples);

    /// <summary>Charges samples of one selection.</summary>
    /// <exception cref="QueryBudgetException">The budget is spent.</exception>
    public void Charge(long samples, Selection selection)
    {
        if (Interlocked.Add(ref _samples, samples) > SamplesMax)
            throw new QueryBudgetException($"The query touches more than {SamplesMax} samples. Narrow {{{string.Join(", ", selection.Matchers)}}} or its range.");
    }
}

/// <summary>A query asked for more than it may use. The message names what to narrow.</summary>
public sealed class QueryBudgetException(string message) : Exception(message)
{
    /// <summary>The name of the limit it is over, to be counted by: <c>sample_limit</c>, <c>pattern_limit</c>.</summary>
    public string Limit { get; init; } = "sample_limit";
}

/// <summary>A source cannot answer: what it asks for its series does not answer, or refuses. The message says who, what was asked, what came, and what to do.</summary>
public abstract class SourceUnavailableException(string message, Exception? cause) : Exception(message, cause);

/// <summary>Answers every source can make of its series, when it has nothing better.</summary>
public static class LabelLists
{
    private const char FirstSurrogate = '\ud800';

    /// <summary>Names of labels of some series, in the order of their bytes.</summary>
    public static IReadOnlyList<string> NamesOf(IEnumerable<Labels> series)
    {
        ArgumentNullException.ThrowIfNull(series);
        var names = new SortedSet<string>(Utf8Order);
        foreach (var labels in series)
        {
            foreach (var label in labels)
                names.Add(Encoding.UTF8.GetString(label.Name));
        }
        return [.. names];
    }

    /// <summary>Values of a label of some series, in the order of their bytes.</summary>
    public static IReadOnlyList<string> ValuesOf(string name, IEnumerable<Labels> series)
    {
        ArgumentNullException.ThrowIfNull(series);
        var values = new SortedSet<string>(Utf8Order);
        foreach (var labels in series)
        {
            if (labels.Text(name) is { Length: > 0 } value)
                values.Add(value);
        }
        return [.. values];
    }

    /// <summary>What is in any of several lists, once, in the order of bytes. Lists that are in that order are merged.</summary>
    public static IReadOnlyList<string> Union(IReadOnlyList<IReadOnlyList<string>> lists)
    {
        ArgumentNullException.ThrowIfNull(lists);
        IReadOnlyList<string> all = [];
        foreach (var list in lists.Where(list => list.Count > 0))
            all = all.Count == 0 ? InOrder(list) : Merged(all, InOrder(list));
        return all;
    }

    /// <summary>Series that are in any of several lists, once, in the order of rows. Each list is in that order, and read no further than what is taken asks for.</summary>
    public static IEnumerable<Labels> UnionOfRows(IEnumerable<IEnumerable<Labels>> lists)
    {
        ArgumentNullException.ThrowIfNull(lists);
        var ahead = new PriorityQueue<IEnumerator<Labels>, Labels>(Labels.RowOrder);
        try
        {
            foreach (var list in lists)
                Advance(list.GetEnumerator());
            for (Labels? last = null; ahead.TryDequeue(out var list, out var labels); last = labels)
            {
                Advance(list);
                if (labels != last)
                    yield return labels;
            }
        }
        finally
        {
            foreach (var (list, _) in ahead.UnorderedItems)
                list.Dispose();
        }

        void Advance(IEnumerator<Labels> list)
        {
            if (list.MoveNext())
                ahead.Enqueue(list, list.Current);
            else
                list.Dispose();
        }
    }

    private static IReadOnlyList<string> InOrder(IReadOnlyList<string> list)
    {
        for (var i = 1; i < list.Count; i++)
        {
            if (Compare(list[i - 1], list[i]) >= 0)
                return [.. new SortedSet<string>(list, Utf8Order)];
        }
        return list;
    }

    private static List<string> Merged(IReadOnlyList<string> one, IReadOnlyList<string> other)
    {
        var merged = new List<string>(Math.Max(one.Count, other.Count));
        for (var (i, j) = (0, 0); i < one.Count || j < other.Count;)
        {
            var order = i == one.Count ? 1 : j == other.Count ? -1 : Compare(one[i], other[j]);
            merged.Add(order <= 0 ? one[i] : other[j]);
            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }
        return merged;
    }

    private static readonly Comparer<string> Utf8Order = Comparer<string>.Create(Compare);

    // As their UTF-8 compares: code units above the surrogates stand for characters that come before theirs.
    private static int Compare(string a, string b)
    {
        var common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
            return a.Length - b.Length;
        var (x, y) = (a[common], b[common]);
        var isReversed = char.IsSurrogate(x) != char.IsSurrogate(y) && x >= FirstSurrogate && y >= FirstSurrogate;
        return isReversed ? y - x : x - y;
    }
}

/// <summary>A walk over series, one at a time. The spans of <see cref="Current"/> are valid until the next move. Not thread-safe.</summary>
public abstract class SeriesCursor : IDisposable
{
    /// <summary>The series the walk stands on.</summary>
    public abstract SeriesView Current { get; }

    /// <summary>The labels of the series the walk stands on.</summary>
    public virtual Labels Labels => Current.Labels;

    /// <summary>Some of those labels. A walk that knows how series are named answers the same object for all that are alike in them, and makes no more of the others.</summary>
    public virtual Labels Project(LabelChoice choice)
    {
        ArgumentNullException.ThrowIfNull(choice);
        return choice.Of(Labels);
    }

    /// <summary>Goes to the next series.</summary>
    public abstract bool MoveNext();

    /// <summary>What the walk had to leave out so far because stored bytes are damaged, in sentences for people. Whole once the walk has ended.</summary>
    public virtual IReadOnlyList<string> Warnings => [];

    /// <summary>Gives back what the walk holds.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}

/// <summary>
/// The samples of one series, in time order. A sample is a histogram where <see cref="Histograms"/> holds one, else the float in
/// <see cref="Values"/>. <see cref="Histograms"/> is empty when the whole series is floats.
/// </summary>
public readonly ref struct SeriesView
{
    private readonly SeriesCursor? _walk;
    private readonly Labels _labels;

    /// <summary>Samples of a series whose labels are at hand.</summary>
    public SeriesView(Labels labels, ReadOnlySpan<long> times, ReadOnlySpan<double> values, ReadOnlySpan<NativeHistogram?> histograms, ReadOnlySpan<long> starts = default)
        : this(null, labels, times, values, histograms, starts)
    {
    }

    /// <summary>Samples of the series a walk stands on, which makes its labels when they are asked for.</summary>
    public SeriesView(SeriesCursor walk, ReadOnlySpan<long> times, ReadOnlySpan<double> values, ReadOnlySpan<NativeHistogram?> histograms, ReadOnlySpan<long> starts)
        : this(walk, Labels.Empty, times, values, histograms, starts)
    {
    }

    private SeriesView(
        SeriesCursor? walk, Labels labels, ReadOnlySpan<long> times, ReadOnlySpan<double> values, ReadOnlySpan<NativeHistogram?> histograms, ReadOnlySpan<long> starts)
    {
        _walk = walk;
        _labels = labels;
        Times = times;
        Values = values;
        Histograms = histograms;
        Starts = starts;
    }

    /// <summary>Which series.</summary>
    public Labels Labels => _walk?.Labels ?? _labels;

    /// <summary>Times in milliseconds, ascending.</summary>
    public ReadOnlySpan<long> Times { get; }

    /// <summary>Values, one a time.</summary>
    public ReadOnlySpan<double> Values { get; }

    /// <summary>Histograms, one a time, or empty.</summary>
    public ReadOnlySpan<NativeHistogram?> Histograms { get; }

    /// <summary>When what a sample counts began to be counted, 0 if unknown, one a time; or empty, when none is known.</summary>
    public ReadOnlySpan<long> Starts { get; }

    /// <summary>Some of its labels: <see cref="SeriesCursor.Project"/>.</summary>
    public Labels Project(LabelChoice choice)
    {
        ArgumentNullException.ThrowIfNull(choice);
        return _walk?.Project(choice) ?? choice.Of(_labels);
    }

    /// <summary>Other samples of the same series.</summary>
    public SeriesView With(ReadOnlySpan<long> times, ReadOnlySpan<double> values, ReadOnlySpan<NativeHistogram?> histograms, ReadOnlySpan<long> starts) =>
        new(_walk, _labels, times, values, histograms, starts);

    /// <summary>The samples from one place to before another.</summary>
    public SeriesView Part(int from, int to) => With(
        Times[from..to], Values[from..to], Histograms.IsEmpty ? [] : Histograms[from..to], Starts.IsEmpty ? [] : Starts[from..to]);
}
