using HmsOps.Series;

namespace HmsOps.App.Verbs.Query;

/// <summary>
/// Who is who in a chart. Its order is that of the lines at their right ends, from the top down, so that they are told apart without colours too. Labels that all series
/// share are said once, above.
/// </summary>
internal sealed class ChartLegend
{
    private const int Shown = 12;
    private const int Figures = 4;
    private const string Indent = "  ";
    private const string Sign = "━━ ";

    public ChartLegend(IReadOnlyList<AnswerSeries> series, QueryOrder order, ChartPaper paper)
    {
        var seen = series.Where(one => one.Samples.Count > 0).ToList();
        Order = [.. seen.OrderByDescending(one => Rank(one, order.When)).ThenBy(one => one.Labels, Comparer<Labels>.Create(Labels.Compare))];
        Lines = [.. LinesOf(order, paper)];
    }

    /// <summary>The series in the legend's order.</summary>
    public IReadOnlyList<AnswerSeries> Order { get; }

    /// <summary>The legend's lines.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>The ink of a series by its place in the order.</summary>
    public static int Ink(int place) => Math.Min(place, ChartPaper.InksOfTheirOwn) + 1;

    private IEnumerable<string> LinesOf(QueryOrder order, ChartPaper paper)
    {
        var shared = Order.Count > 1 ? SharedBy(Order) : Labels.Empty;
        if (!shared.IsEmpty)
            yield return CellText.Fit(CellText.Safe(shared.ToString()), paper.Cells);
        var shown = Order.Take(Shown).ToList();
        var values = shown.Select(one => LastOf(one)).ToList();
        var valueWidth = values.Max(value => CellText.Width(value));
        var sign = paper.HasColour ? Sign : "";
        var room = Math.Max(Figures, paper.Cells - Indent.Length - sign.Length - Indent.Length - valueWidth);
        var names = shown.Select(one => CellText.Fit(NameOf(one, shared, order), room)).ToList();
        var nameWidth = names.Max(name => CellText.Width(name));
        for (var i = 0; i < shown.Count; i++)
            yield return $"{Indent}{(sign.Length > 0 ? paper.Inked(Ink(i), sign) : "")}{CellText.Left(names[i], nameWidth)}{Indent}{CellText.Right(values[i], valueWidth)}";
        if (Order.Count > Shown)
            yield return $"{Indent}and {Order.Count - Shown} more";
    }

    // What has no number at its end stands below what has one.
    private static double Rank(AnswerSeries series, QueryTimes when) =>
        series.Samples[^1] is { Histogram: null } last && when.To - last.At < when.Step && !double.IsNaN(last.Value) ? last.Value : double.NegativeInfinity;

    private static string LastOf(AnswerSeries series) =>
        series.Samples[^1].Histogram?.ToString() ?? ShortNumber.Rounded(series.Samples[^1].Value, Figures);

    private static string NameOf(AnswerSeries series, Labels shared, QueryOrder order)
    {
        var name = Without(series.Labels, shared);
        if (!name.IsEmpty)
            return CellText.Safe(name.ToString());
        return shared.IsEmpty ? CellText.Safe(string.Join(' ', order.Expression.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))) : "{}";
    }

    private static Labels SharedBy(IReadOnlyList<AnswerSeries> series)
    {
        var shared = new LabelsBuilder();
        foreach (var label in series[0].Labels)
        {
            var (name, value) = (label.Name.ToArray(), label.Value.ToArray());
            if (series.All(one => one.Labels.Get(name).SequenceEqual(value)))
                shared.Set(name, value);
        }
        return shared.Build();
    }

    private static Labels Without(Labels labels, Labels shared)
    {
        var left = LabelsBuilder.From(labels);
        foreach (var label in shared)
            left.Remove(label.Name);
        return left.Build();
    }
}
