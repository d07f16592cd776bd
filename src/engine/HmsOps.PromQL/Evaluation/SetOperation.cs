using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary><c>and</c>, <c>or</c>, <c>unless</c>: which samples stay, by whether the other side has a series of the same signature at that step.</summary>
internal static class SetOperation
{
    public static List<Column> Evaluate(EvaluationRun run, PromNode.Binary node, PromMatching matching, List<Column> left, List<Column> right)
    {
        var signature = MetricLabels.Signature(matching);
        var columns = new ColumnSet(run, node.At);
        if (node.Op == PromOperator.Or)
        {
            foreach (var series in left)
                columns.Add(series);
            Filter(run, node, right, Presence(left, signature, run.Grid.Steps), signature, wanted: false, columns);
        }
        else
        {
            Filter(run, node, left, Presence(right, signature, run.Grid.Steps), signature, wanted: node.Op == PromOperator.And, columns);
        }
        return columns.Columns;
    }

    // For each signature, the steps at which a series has it.
    private static Dictionary<Labels, bool[]> Presence(List<Column> vector, LabelChoice signature, int steps)
    {
        var presence = new Dictionary<Labels, bool[]>();
        foreach (var series in vector)
        {
            var key = signature.Of(series.Labels);
            if (!presence.TryGetValue(key, out var present))
                presence.Add(key, present = new bool[steps]);
            for (var step = 0; step < steps; step++)
                present[step] |= series.Has(step);
        }
        return presence;
    }

    private static void Filter(
        EvaluationRun run, PromNode.Binary node, List<Column> vector, Dictionary<Labels, bool[]> presence, LabelChoice signature, bool wanted, ColumnSet into)
    {
        foreach (var series in vector)
        {
            var present = presence.GetValueOrDefault(signature.Of(series.Labels));
            if (present is null)
            {
                if (!wanted)
                    into.Add(series);
                continue;
            }
            var kept = run.Column(series.Labels, series.DropsName, node.At);
            for (var step = 0; step < run.Grid.Steps; step++)
            {
                if (series.Has(step) && present[step] == wanted)
                    kept.Copy(series, step);
            }
            into.Add(kept);
        }
    }
}
