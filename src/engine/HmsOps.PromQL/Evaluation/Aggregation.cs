using HmsOps.PromQL.Histograms;
using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>Folds series into groups: each series is added to its group's accumulators, a cell a step. Sums are compensated, so the order in which series come is no matter.</summary>
internal static class Aggregation
{
    /// <summary>Whether it needs no more of its series than what they are folded into.</summary>
    public static bool Folds(PromNode.Aggregate node) => node.Op is not
        (PromAggregation.TopK or PromAggregation.BottomK or PromAggregation.LimitK or PromAggregation.LimitRatio or PromAggregation.CountValues);

    /// <summary>Of columns.</summary>
    public static List<Column> Evaluate(EvaluationRun run, PromNode.Aggregate node)
    {
        if (node.Op == PromAggregation.CountValues)
            return ValueCounts.Evaluate(run, node);
        if (!Folds(node))
            return SeriesChoice.Evaluate(run, node);
        var labels = MetricLabels.Group(node);
        var groups = new Groups(run, node, node.Parameter is null ? null : run.Evaluate(node.Parameter)[0]);
        foreach (var member in run.Evaluate(node.Operand))
            groups.Of(labels.Of(member.Labels)).Add(member, member.DropsName);
        return groups.Results();
    }
}

/// <summary>Folds series as they are read, and keeps none.</summary>
internal sealed class GroupTaker(EvaluationRun run, PromNode.Aggregate node, Column? parameter) : SeriesTaker
{
    private readonly LabelChoice _labels = MetricLabels.Group(node);
    private readonly Groups _groups = new(run, node, parameter);
    private readonly Cells _cells = new(run.Grid.Steps);

    public override bool InAnyOrder => true;

    public override Cells Begin(SeriesWalk walk, bool dropsName)
    {
        _cells.Clear();
        return _cells;
    }

    public override void End(SeriesWalk walk, bool dropsName)
    {
        if (!_cells.IsEmpty)
            _groups.Of(walk.Project(_labels)).Add(_cells, dropsName);
    }

    public override void Join(SeriesTaker other) => _groups.Join(((GroupTaker)other)._groups);

    public override List<Column> Result() => _groups.Results();
}

/// <summary>The groups of one aggregation.</summary>
internal sealed class Groups(EvaluationRun run, PromNode.Aggregate node, Column? parameter)
{
    private const int CellBytes = 32; // those of the widest accumulator

    private readonly Dictionary<Labels, GroupFold> _byLabels = [];
    private readonly List<(Labels Labels, GroupFold Fold)> _inOrder = [];

    public GroupFold Of(Labels labels)
    {
        if (_byLabels.TryGetValue(labels, out var group))
            return group;
        if (_inOrder.Count == run.SeriesMax)
            throw new PromEvaluationException(node.At, $"the aggregation makes more than {run.SeriesMax} groups{run.Context.Found()}. Group by fewer labels, or add matchers that narrow it.") { Limit = "series_limit" };
        run.HoldCells(CellBytes, node.At);
        group = Fold(labels);
        _byLabels.Add(labels, group);
        _inOrder.Add((labels, group));
        return group;
    }

    public void Join(Groups others)
    {
        foreach (var (labels, fold) in others._inOrder)
            Of(labels).Join(fold);
    }

    public List<Column> Results()
    {
        var columns = new ColumnSet(run, node.At);
        foreach (var (_, group) in _inOrder)
            columns.Add(group.Result());
        return columns.Columns;
    }

    private GroupFold Fold(Labels labels) => node.Op switch
    {
        PromAggregation.Sum => new SumFold(run, node, labels),
        PromAggregation.Avg => new AvgFold(run, node, labels),
        PromAggregation.Count => new CountFold(run, node, labels),
        PromAggregation.Group => new PresenceFold(run, node, labels),
        PromAggregation.Stddev or PromAggregation.Stdvar => new DeviationFold(run, node, labels),
        PromAggregation.Quantile => new QuantileFold(run, node, labels, parameter!), // the parser sees to it
        _ => new ExtremeFold(run, node, labels),
    };
}

/// <summary>The accumulators of one group, a cell a step.</summary>
internal abstract class GroupFold(EvaluationRun run, PromNode.Aggregate node, Labels labels)
{
    private bool _dropsName;

    protected int Steps { get; } = run.Grid.Steps;

    public void Add(Cells member, bool dropsName)
    {
        _dropsName |= dropsName;
        for (var step = 0; step < member.Steps; step++)
        {
            run.CheckAt(step);
            if (!member.Has(step))
                continue;
            if (member.HistogramAt(step) is { } histogram)
                Add(step, histogram);
            else
                Add(step, member.Values[step]);
        }
    }

    /// <summary>Adds what another worker folded of the same group.</summary>
    public void Join(GroupFold other)
    {
        _dropsName |= other._dropsName;
        JoinCells(other);
    }

    public Column Result()
    {
        var column = run.Column(labels, _dropsName, node.At);
        for (var step = 0; step < Steps; step++)
        {
            run.CheckAt(step);
            Finish(step, column);
        }
        return column;
    }

    protected abstract void Add(int step, double value);

    protected abstract void Add(int step, NativeHistogram histogram);

    /// <summary>Adds the cells of a fold of the same kind.</summary>
    protected abstract void JoinCells(GroupFold other);

    protected abstract void Finish(int step, Column into);

    /// <summary>Pays for a histogram that is kept.</summary>
    protected void Hold(NativeHistogram histogram) => run.Hold(histogram, node.At);

    // Nothing where there is no sum.
    protected void Set(Column into, int step, NativeHistogram histogram, HistogramSum sum)
    {
        if (run.Notes.Settle(sum, node.Operand.At, "", "aggregation"))
            into.Set(step, histogram);
    }

    protected void Mixed() => run.Notes.Warn(node.Operand.At, "encountered a mix of histograms and floats for aggregation");

    protected void Ignored() => run.Notes.Inform(node.Operand.At, $"ignored histogram in {Printer.Name(node.Op)} aggregation");
}

internal sealed class SumFold(EvaluationRun run, PromNode.Aggregate node, Labels labels) : GroupFold(run, node, labels)
{
    private readonly CompensatedSum[] _sums = new CompensatedSum[run.Grid.Steps];
    private readonly bool[] _hasNumber = new bool[run.Grid.Steps];
    private HistogramSum?[]? _histograms;

    protected override void Add(int step, double value)
    {
        if (_hasNumber[step])
            _sums[step].Add(value);
        else
            _sums[step] = new CompensatedSum(value);
        _hasNumber[step] = true;
    }

    protected override void Add(int step, NativeHistogram histogram)
    {
        _histograms ??= new HistogramSum?[Steps];
        if (_histograms[step] is { } sum)
        {
            sum.Add(histogram);
            return;
        }
        Hold(histogram);
        _histograms[step] = HistogramSum.Of(histogram);
    }

    protected override void JoinCells(GroupFold other)
    {
        var sums = (SumFold)other;
        for (var step = 0; step < Steps; step++)
        {
            if (sums._hasNumber[step] && _hasNumber[step])
                _sums[step].Add(sums._sums[step]);
            else if (sums._hasNumber[step])
                (_sums[step], _hasNumber[step]) = (sums._sums[step], true);
            if (sums._histograms?[step] is not { } more)
                continue;
            _histograms ??= new HistogramSum?[Steps];
            _histograms[step] = _histograms[step]?.Join(more) ?? more;
        }
    }

    protected override void Finish(int step, Column into)
    {
        var histogram = _histograms?[step];
        if (histogram is not null && _hasNumber[step])
            Mixed();
        else if (histogram is not null)
            Set(into, step, histogram.ToHistogram(), histogram);
        else if (_hasNumber[step])
            into.Set(step, _sums[step].Total);
    }
}

internal sealed class AvgFold(EvaluationRun run, PromNode.Aggregate node, Labels labels) : GroupFold(run, node, labels)
{
    private readonly CompensatedMean[] _means = new CompensatedMean[run.Grid.Steps];
    private List<NativeHistogram>?[]? _histograms;

    protected override void Add(int step, double value) => _means[step].Add(value);

    protected override void Add(int step, NativeHistogram histogram)
    {
        Hold(histogram);
        ((_histograms ??= new List<NativeHistogram>?[Steps])[step] ??= []).Add(histogram);
    }

    protected override void JoinCells(GroupFold other)
    {
        var means = (AvgFold)other;
        for (var step = 0; step < Steps; step++)
        {
            _means[step].Add(means._means[step]);
            if (means._histograms?[step] is { } more)
                ((_histograms ??= new List<NativeHistogram>?[Steps])[step] ??= []).AddRange(more);
        }
    }

    protected override void Finish(int step, Column into)
    {
        var histograms = _histograms?[step];
        var hasNumber = _means[step].Count > 0;
        if (histograms is not null && hasNumber)
            Mixed();
        else if (histograms is not null)
            Set(into, step, HistogramSum.Mean(histograms, out var sum), sum);
        else if (hasNumber)
            into.Set(step, _means[step].Value);
    }
}

internal sealed class CountFold(EvaluationRun run, PromNode.Aggregate node, Labels labels) : GroupFold(run, node, labels)
{
    private readonly int[] _counts = new int[run.Grid.Steps];

    protected override void Add(int step, double value) => _counts[step]++;

    protected override void Add(int step, NativeHistogram histogram) => _counts[step]++;

    protected override void JoinCells(GroupFold other)
    {
        for (var step = 0; step < Steps; step++)
            _counts[step] += ((CountFold)other)._counts[step];
    }

    protected override void Finish(int step, Column into)
    {
        if (_counts[step] > 0)
            into.Set(step, _counts[step]);
    }
}

/// <summary>The smallest or largest number; NaN only where there is nothing else.</summary>
internal sealed class ExtremeFold(EvaluationRun run, PromNode.Aggregate node, Labels labels) : GroupFold(run, node, labels)
{
    private readonly double[] _extremes = new double[run.Grid.Steps];
    private readonly bool[] _hasNumber = new bool[run.Grid.Steps];
    private readonly bool _isMax = node.Op == PromAggregation.Max;

    protected override void Add(int step, double value)
    {
        var extreme = _extremes[step];
        if (!_hasNumber[step] || double.IsNaN(extreme) || (_isMax ? value > extreme : value < extreme))
            _extremes[step] = value;
        _hasNumber[step] = true;
    }

    protected override void Add(int step, NativeHistogram histogram) => Ignored();

    protected override void JoinCells(GroupFold other)
    {
        var extremes = (ExtremeFold)other;
        for (var step = 0; step < Steps; step++)
        {
            if (extremes._hasNumber[step])
                Add(step, extremes._extremes[step]);
        }
    }

    protected override void Finish(int step, Column into)
    {
        if (_hasNumber[step])
            into.Set(step, _extremes[step]);
    }
}
