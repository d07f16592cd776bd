using HmsOps.Series;

namespace HmsOps.Observe.Tests.Cluster.Reading;

/// <summary>Series as a test lists them, one a line: <c>up{job="a"} 0:1 15000:2</c>; times in milliseconds.</summary>
internal sealed class ListedSeries : ISeriesSource
{
    private readonly List<Listed> _series;

    public ListedSeries(params IEnumerable<string> lines)
        : this(lines.Select(Read))
    {
    }

    public ListedSeries(IEnumerable<Listed> series)
    {
        _series = [.. series];
        _series.Sort((a, b) => Labels.CompareRows(a.Labels, b.Labels));
    }

    /// <summary>What was asked, in order.</summary>
    public List<Selection> Asked { get; } = [];

    public static Labels LabelsOf(string text)
    {
        var open = text.IndexOf('{', StringComparison.Ordinal);
        var name = open < 0 ? text : text[..open];
        var rest = open < 0 ? [] : text[(open + 1)..^1].Split(',').Select(pair => pair.Split('=')).Select(pair => (pair[0], pair[1].Trim('"')));
        return Labels.From([("__name__", name), .. rest]);
    }

    public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken)
    {
        Asked.Add(selection);
        return new Cursor([.. Found(selection)], selection, budget);
    }

    public IReadOnlyList<Labels> Series(Selection selection, int most, CancellationToken cancellationToken) => [.. Found(selection).Select(series => series.Labels).Take(most)];

    public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken) => LabelLists.NamesOf(Series(selection, int.MaxValue, cancellationToken));

    public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken) => LabelLists.ValuesOf(name, Series(selection, int.MaxValue, cancellationToken));

    private IEnumerable<Listed> Found(Selection selection) => _series
        .Where(series => selection.Matchers.All(matcher => matcher.Matches(series.Labels)))
        .Select(series => series with { Samples = [.. series.Samples.Where(sample => sample.Time >= selection.From && sample.Time <= selection.To)] })
        .Where(series => series.Samples.Count > 0);

    private static Listed Read(string line)
    {
        var parts = line.Split(' ');
        return new Listed(
            LabelsOf(parts[0]),
            [.. parts[1..].Select(sample => sample.Split(':')).Select(pair => new Sample(long.Parse(pair[0]), double.Parse(pair[1], System.Globalization.CultureInfo.InvariantCulture)))]);
    }

    /// <summary>One sample: a number, or a histogram.</summary>
    internal sealed record Sample(long Time, double Value, NativeHistogram? Histogram = null);

    /// <summary>One series, its samples in the order of time.</summary>
    internal sealed record Listed(Labels Labels, IReadOnlyList<Sample> Samples);

    private sealed class Cursor(List<Listed> series, Selection selection, QueryBudget budget) : SeriesCursor
    {
        private int _at = -1;

        public override SeriesView Current => new(
            series[_at].Labels, series[_at].Samples.Select(sample => sample.Time).ToArray(), series[_at].Samples.Select(sample => sample.Value).ToArray(),
            series[_at].Samples.Any(sample => sample.Histogram is not null) ? series[_at].Samples.Select(sample => sample.Histogram).ToArray() : []);

        public override bool MoveNext()
        {
            if (++_at >= series.Count)
                return false;
            budget.Charge(series[_at].Samples.Count, selection);
            return true;
        }
    }
}
