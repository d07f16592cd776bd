using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary><c>count_values</c>: of each value there is in a group, how many series have it; the value becomes a label.</summary>
internal static class ValueCounts
{
    public static List<Column> Evaluate(EvaluationRun run, PromNode.Aggregate node)
    {
        var label = LabelFunctions.NewLabel(node.Parameter!, "count_values"); // the parser sees to both
        var grouping = MetricLabels.Group(node);
        var isLeftOut = node.Without && node.Grouping.Contains(label); // then values are not told apart
        var counts = new Dictionary<(Labels Group, string Value), Column>();
        var groups = new List<Column>();
        foreach (var series in run.Evaluate(node.Operand))
        {
            var group = grouping.Of(LabelsBuilder.From(series.Labels).Set(label, "").Build()); // what is counted takes the place of what was there
            for (var step = 0; step < run.Grid.Steps; step++)
            {
                if (!series.Has(step))
                    continue;
                var value = series.HistogramAt(step) is { } histogram ? HistogramText.Of(histogram) : NumberText.Plain(series.Values[step]);
                value = isLeftOut ? "" : value;
                if (!counts.TryGetValue((group, value), out var column))
                {
                    column = run.Column(LabelsBuilder.From(group).Set(label, value).Build(), dropsName: series.DropsName && label != "__name__", node.At);
                    counts.Add((group, value), column);
                    groups.Add(column);
                }
                column.Set(step, column.Has(step) ? column.Values[step] + 1 : 1);
            }
        }
        return groups;
    }
}
