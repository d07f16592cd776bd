using HmsOps.PromQL.Tests.Notation;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Reading;

/// <summary>Series that can be walked in as many parts as are asked for, and notes what was opened.</summary>
public sealed class PartedSource(IReadOnlyList<SeriesNotation.Line> lines) : ISeriesSource
{
    private readonly SeriesNotation.Line[] _inRows = [.. lines.Order(Comparer<SeriesNotation.Line>.Create((a, b) => Labels.CompareRows(a.Labels, b.Labels)))];

    /// <summary>The walks that were opened, the parts of one as one.</summary>
    public List<Selection> Opened { get; } = [];

    public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken) => SelectParts(selection, 1, budget, cancellationToken)[0];

    public IReadOnlyList<SeriesCursor> SelectParts(Selection selection, int partsMax, QueryBudget budget, CancellationToken cancellationToken)
    {
        Opened.Add(selection);
        SeriesNotation.Line[] found = [.. _inRows.Where(line => selection.Matchers.All(matcher => matcher.Matches(line.Labels)))];
        return [.. Enumerable.Range(0, partsMax).Select(part =>
            new LiteralSource(found[(found.Length * part / partsMax)..(found.Length * (part + 1) / partsMax)]).Select(selection, budget, cancellationToken))];
    }

    public IReadOnlyList<Labels> Series(Selection selection, int most, CancellationToken cancellationToken) => throw new NotSupportedException("These tests read samples.");

    public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken) => throw new NotSupportedException("These tests read samples.");

    public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken) => throw new NotSupportedException("These tests read samples.");
}
