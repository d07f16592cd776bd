using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// Arithmetic and comparison between two vectors: series with the same signature are partners, one to one, or many to one where that is written. Signatures are
/// made once a series; whether a signature has two series on a side is asked at each step, as series come and go.
/// </summary>
internal sealed class VectorMatch
{
    private readonly EvaluationRun _run;
    private readonly PromNode.Binary _node;
    private readonly PromMatching _matching;
    private readonly bool _manyAreRight;
    private readonly (double? Many, double? One) _fill;
    private readonly Dictionary<Labels, Group> _groups = [];
    private readonly ColumnSet _results;

    private VectorMatch(EvaluationRun run, PromNode.Binary node, PromMatching matching)
    {
        (_run, _node, _matching) = (run, node, matching);
        _manyAreRight = matching.Many == PromMany.Right;
        _fill = (matching.FillLeft, matching.FillRight); // with group_right too: left is who has many there, as Prometheus 3.14 has it
        _results = new ColumnSet(run, node.At);
    }

    public static List<Column> Evaluate(EvaluationRun run, PromNode.Binary node, PromMatching matching, List<Column> left, List<Column> right)
    {
        var match = new VectorMatch(run, node, matching);
        var (many, one) = match._manyAreRight ? (right, left) : (left, right);
        var signature = MetricLabels.Signature(matching);
        foreach (var series in many)
            match.GroupOf(signature.Of(series.Labels)).Many.Add(series);
        foreach (var series in one)
            match.GroupOf(signature.Of(series.Labels)).One.Add(series);
        var hasMany = Presence(many, run.Grid.Steps);
        foreach (var group in match._groups.Values)
            match.Combine(group, hasMany);
        return match._results.Columns;
    }

    private Group GroupOf(Labels signature)
    {
        if (!_groups.TryGetValue(signature, out var group))
            _groups.Add(signature, group = new Group(signature));
        return group;
    }

    private void Combine(Group group, bool[] hasMany)
    {
        var oneAt = OneAtEachStep(group, hasMany);
        var matchedAt = new Column?[_run.Grid.Steps];
        foreach (var series in group.Many)
            Combine(group, series, oneAt, matchedAt);
        if (_fill.Many is { } fill && group.One.Count > 0)
            CombineFilled(group, oneAt, fill);
    }

    private void Combine(Group group, Column series, Column?[] oneAt, Column?[] matchedAt)
    {
        var results = new Dictionary<Labels, Column>(); // by what the partner lends, which may change as partners come and go
        var filling = _fill.One is { } fill ? Filling(group, fill) : null;
        for (var step = 0; step < _run.Grid.Steps; step++)
        {
            _run.CheckAt(step);
            if (!series.Has(step) || (oneAt[step] ?? filling) is not { } partner)
                continue;
            if (_matching.Many == PromMany.None && matchedAt[step] is { } first)
                throw TooMany(isMany: true, group, first, series); // whether a comparison keeps them or not
            matchedAt[step] = series;
            var labels = ResultLabels(series.Labels, partner.Labels);
            if (!results.TryGetValue(labels, out var result))
                results.Add(labels, result = _run.Column(labels, series.DropsName || _node.ReturnsBool || !_node.Op.KeepsName(), _node.At));
            TryAt(series, partner, result, step);
        }
        foreach (var result in results.Values)
            _results.Add(result);
    }

    // Where only the one is there, a series that has nothing but the labels that match stands for the many.
    private void CombineFilled(Group group, Column?[] oneAt, double fill)
    {
        var filling = Filling(group, fill);
        var results = new Dictionary<Labels, Column>();
        for (var step = 0; step < _run.Grid.Steps; step++)
        {
            _run.Check(); // it looks at all the many
            if (oneAt[step] is not { } partner || group.Many.Exists(series => series.Has(step)))
                continue;
            var labels = ResultLabels(filling.Labels, partner.Labels);
            if (!results.TryGetValue(labels, out var result))
                results.Add(labels, result = _run.Column(labels, dropsName: true, _node.At));
            TryAt(filling, partner, result, step);
        }
        foreach (var result in results.Values)
            _results.Add(result);
    }

    private bool TryAt(Column many, Column one, Column into, int step) => _manyAreRight
        ? PairwiseOperation.TryAt(_run, _node.At, _node.Op, _node.ReturnsBool, one, many, keeps: one, into, step)
        : PairwiseOperation.TryAt(_run, _node.At, _node.Op, _node.ReturnsBool, many, one, keeps: many, into, step);

    private Column Filling(Group group, double value)
    {
        if (group.Fillings.TryGetValue(value, out var known))
            return known;
        var column = _run.Column(group.Signature, dropsName: false, _node.At);
        for (var step = 0; step < _run.Grid.Steps; step++)
            column.Set(step, value);
        return group.Fillings[value] = column;
    }

    // Two series on the side of the one with one signature are an error even if nothing on the other has it, as long as there is another side.
    private Column?[] OneAtEachStep(Group group, bool[] hasMany)
    {
        _run.Check();
        var oneAt = new Column?[_run.Grid.Steps];
        foreach (var one in group.One)
        {
            for (var step = 0; step < _run.Grid.Steps; step++)
            {
                if (!one.Has(step))
                    continue;
                if (oneAt[step] is { } first && hasMany[step])
                    throw TooMany(isMany: false, group, first, one);
                oneAt[step] = one;
            }
        }
        return oneAt;
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

    private Labels ResultLabels(Labels many, Labels one)
    {
        var kept = _node.Op.KeepsName() ? many : MetricLabels.Nameless.Of(many);
        if (_matching.Many == PromMany.None)
            return (_matching.On ? LabelChoice.Only(_matching.Labels) : LabelChoice.Without(_matching.Labels)).Of(kept);
        if (_matching.Include.Count == 0)
            return kept;
        var builder = LabelsBuilder.From(kept);
        foreach (var name in _matching.Include)
            builder.Set(name, one.Text(name));
        return builder.Build();
    }

    private PromEvaluationException TooMany(bool isMany, Group group, Column first, Column second) => new(
        _node.At,
        $"found several series on the {(isMany == _manyAreRight ? "right" : "left")} of {_node.Op.Sign()} for the match group {group.Signature}: {first.Labels} and {second.Labels}; "
        + (isMany
            ? "many-to-one matching must be explicit (group_left/group_right): write it, match on a label that tells them apart, or aggregate first"
            : "many-to-many matching not allowed: matching labels must be unique on one side"));

    private sealed record Group(Labels Signature)
    {
        public List<Column> Many { get; } = [];

        public List<Column> One { get; } = [];

        public Dictionary<double, Column> Fillings { get; } = [];
    }
}
