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
        var counts = new Dictionary<(Labels Labels, bool DropsName), Column>(); // the value's label may be one of the group's, and takes its place
        var byValue = new Dictionary<(Labels Group, string Value), Labels>();
        var groups = new List<Column>();
        foreach (var series in run.Evaluate(node.Operand))
        {
            var group = grouping.Of(series.Labels);
            for (var step = 0; step < run.Grid.Steps; step++)
            {
                run.CheckAt(step);
                if (!series.Has(step))
                    continue;
                var value = series.HistogramAt(step) is { } histogram ? HistogramText.Of(histogram) : NumberText.Plain(series.Values[step]);
                if (!byValue.TryGetValue((group, value), out var labels))
                {
                    labels = isLeftOut ? group : LabelsBuilder.From(group).Set(label, value).Build();
                    run.Context.HoldBytes(Weights.OfText(value), node.At);
                    byValue.Add((group, value), labels);
                }
                var key = (labels, DropsName: series.DropsName && label != "__name__");
                if (!counts.TryGetValue(key, out var column))
                {
                    column = run.Column(labels, key.DropsName, node.At);
                    counts.Add(key, column);
                    groups.Add(column);
                }
                column.Set(step, column.Has(step) ? column.Values[step] + 1 : 1);
            }
        }
        return groups;
    }
}
