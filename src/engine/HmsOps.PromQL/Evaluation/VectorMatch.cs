using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// Arithmetic and comparison between two vectors, one to one: series with the same signature are partners. Signatures are made once a
/// series; whether a signature has two series on a side is asked at each step, as series come and go.
/// </summary>
internal sealed class VectorMatch
{
    private readonly EvaluationRun _run;
    private readonly PromNode.Binary _node;
    private readonly PromMatching _matching;
    private readonly Dictionary<Labels, Group> _groups = [];
    private readonly ColumnSet _results;

    private VectorMatch(EvaluationRun run, PromNode.Binary node, PromMatching matching)
    {
        (_run, _node, _matching) = (run, node, matching);
        _results = new ColumnSet(run, node.At);
    }

    public static List<Column> Evaluate(EvaluationRun run, PromNode.Binary node, PromMatching matching, List<Column> left, List<Column> right)
    {
        var match = new VectorMatch(run, node, matching);
        var signature = MetricLabels.Signature(matching);
        foreach (var series in left)
            match.GroupOf(signature.Of(series.Labels)).Left.Add(series);
        foreach (var series in right)
            match.GroupOf(signature.Of(series.Labels)).Right.Add(series);
        var hasLeft = Presence(left, run.Grid.Steps);
        foreach (var group in match._groups.Values)
            match.Combine(group, hasLeft);
        return match._results.Columns;
    }

    private Group GroupOf(Labels signature)
    {
        if (!_groups.TryGetValue(signature, out var group))
            _groups.Add(signature, group = new Group(signature));
        return group;
    }

    private void Combine(Group group, bool[] hasLeft)
    {
        if (group.Right.Count == 0)
            return;
        var rightAt = OneAtEachStep(group, hasLeft);
        var leftAt = new Column?[_run.Grid.Steps];
        foreach (var left in group.Left)
        {
            var result = _run.Column(ResultLabels(left.Labels), left.DropsName || _node.ReturnsBool, _node.At);
            for (var step = 0; step < _run.Grid.Steps; step++)
            {
                if (rightAt[step] is not { } right || !PairwiseOperation.TryAt(_run, _node.At, _node.Op, _node.ReturnsBool, left, right, keeps: left, result, step))
                    continue;
                if (leftAt[step] is { } first)
                    throw TooMany("left", group, first, left);
                leftAt[step] = left;
            }
            _results.Add(result);
        }
    }

    // Two series on the right with one signature are an error even if nothing on the left has it, as long as there is a left side.
    private Column?[] OneAtEachStep(Group group, bool[] hasLeft)
    {
        var rightAt = new Column?[_run.Grid.Steps];
        foreach (var right in group.Right)
        {
            for (var step = 0; step < _run.Grid.Steps; step++)
            {
                if (!right.Has(step))
                    continue;
                if (rightAt[step] is { } first && hasLeft[step])
                    throw TooMany("right", group, first, right);
                rightAt[step] = right;
            }
        }
        return rightAt;
    }

    private static bool[] Presence(List<Column> vector, int steps)
    {
        var present = new bool[steps];
        foreach (var series in vector)
        {
            for (var step = 0; step < steps; step++)
                present[step] |= series.Has(step);
        }
        return present;
    }

    private Labels ResultLabels(Labels left)
    {
        var kept = _node.Op.IsComparison() ? left : MetricLabels.Nameless.Of(left);
        return (_matching.On ? LabelChoice.Only(_matching.Labels) : LabelChoice.Without(_matching.Labels)).Of(kept);
    }

    private PromEvaluationException TooMany(string side, Group group, Column first, Column second) => new(
        _node.At,
        $"found several series on the {side} of {_node.Op.Sign()} for the match group {group.Signature}: {first.Labels} and {second.Labels}; "
        + (side == "right"
            ? "many-to-many matching not allowed: matching labels must be unique on one side"
            : "many-to-one matching (group_left) is not in this version: match on a label that tells them apart, or aggregate first"));

    private sealed record Group(Labels Signature)
    {
        public List<Column> Left { get; } = [];

        public List<Column> Right { get; } = [];
    }
}
