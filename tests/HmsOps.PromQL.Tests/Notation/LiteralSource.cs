using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Notation;

/// <summary>Series as a test writes them down.</summary>
public sealed class LiteralSource : ISeriesSource
{
    private readonly List<SeriesNotation.Line> _lines;

    public LiteralSource(IEnumerable<SeriesNotation.Line> lines) =>
        _lines = [.. lines.Order(Comparer<SeriesNotation.Line>.Create((a, b) => Labels.CompareRows(a.Labels, b.Labels)))];

    public LiteralSource(long intervalMs, params IEnumerable<string> lines)
        : this(lines.Select(l => SeriesNotation.Read(l, intervalMs)))
    {
    }

    public IReadOnlyList<SeriesNotation.Line> Lines => _lines;

    /// <summary>How often series were asked for, and what.</summary>
    public List<Selection> Asked { get; } = [];

    /// <summary>What every walk says it had to leave out.</summary>
    public IReadOnlyList<string> LeftOut { get; set; } = [];

    /// <summary>Called before each series is handed out.</summary>
    public Action BeforeSeries { get; set; } = () => { };

    public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken)
    {
        Asked.Add(selection);
        return new Cursor(this, [.. Found(selection)], selection, budget);
    }

    public IReadOnlyList<Labels> Series(Selection selection, int most, CancellationToken cancellationToken) => [.. Found(selection).Select(l => l.Labels).Take(most)];

    public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken) =>
        LabelLists.NamesOf(Series(selection, int.MaxValue, cancellationToken));

    public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken) =>
        LabelLists.ValuesOf(name, Series(selection, int.MaxValue, cancellationToken));

    private IEnumerable<SeriesNotation.Line> Found(Selection selection) => _lines
        .Where(l => selection.Matchers.All(m => m.Matches(l.Labels)))
        .Select(l => l with { Samples = [.. l.Samples.Where(s => s.Time >= selection.From && s.Time <= selection.To)] })
        .Where(l => l.Samples.Count > 0);

    private sealed class Cursor(LiteralSource source, List<SeriesNotation.Line> lines, Selection selection, QueryBudget budget) : SeriesCursor
    {
        private int _at = -1;

        public override SeriesView Current
        {
            get
            {
                var samples = lines[_at].Samples;
                var histograms = samples.Any(s => s.Histogram is not null) ? samples.Select(s => s.Histogram).ToArray() : [];
                var starts = samples.Any(s => s.Start != 0) ? samples.Select(s => s.Start).ToArray() : [];
                return new SeriesView(lines[_at].Labels, samples.Select(s => s.Time).ToArray(), samples.Select(s => s.Value).ToArray(), histograms, starts);
            }
        }

        public override IReadOnlyList<string> Warnings => source.LeftOut;

        public override bool MoveNext()
        {
            if (++_at >= lines.Count)
                return false;
            source.BeforeSeries();
            budget.Charge(lines[_at].Samples.Count, selection);
            return true;
        }
    }
}
