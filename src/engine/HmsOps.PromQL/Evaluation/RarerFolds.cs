using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary><c>group</c>.</summary>
internal sealed class PresenceFold(EvaluationRun run, PromNode.Aggregate node, Labels labels) : GroupFold(run, node, labels)
{
    private readonly bool[] _isThere = new bool[run.Grid.Steps];

    protected override void Add(int step, double value) => _isThere[step] = true;

    protected override void Add(int step, NativeHistogram histogram) => _isThere[step] = true;

    protected override void JoinCells(GroupFold other)
    {
        for (var step = 0; step < Steps; step++)
            _isThere[step] |= ((PresenceFold)other)._isThere[step];
    }

    protected override void Finish(int step, Column into)
    {
        if (_isThere[step])
            into.Set(step, 1);
    }
}

/// <summary><c>stddev</c> and <c>stdvar</c>, by Welford; NaN once a number is not finite.</summary>
internal sealed class DeviationFold(EvaluationRun run, PromNode.Aggregate node, Labels labels) : GroupFold(run, node, labels)
{
    private readonly (double Count, double Mean, double Squares)[] _moments = new (double, double, double)[run.Grid.Steps];
    private readonly bool _isVariance = node.Op == PromAggregation.Stdvar;

    protected override void Add(int step, double value)
    {
        ref var of = ref _moments[step];
        of.Count++;
        if (of.Count == 1)
        {
            (of.Mean, of.Squares) = (value, double.IsFinite(value) ? 0 : double.NaN);
            return;
        }
        var delta = value - of.Mean;
        of.Mean += delta / of.Count;
        of.Squares += delta * (value - of.Mean);
    }

    protected override void Add(int step, NativeHistogram histogram) => Ignored();

    // As Chan, Golub and LeVeque (1979) join variances of parts.
    protected override void JoinCells(GroupFold other)
    {
        for (var step = 0; step < Steps; step++)
        {
            ref var of = ref _moments[step];
            var more = ((DeviationFold)other)._moments[step];
            if (more.Count == 0)
                continue;
            var count = of.Count + more.Count;
            var delta = more.Mean - of.Mean;
            of = of.Count == 0 ? more : (count, of.Mean + (delta * more.Count / count), of.Squares + more.Squares + (delta * delta * of.Count * more.Count / count));
        }
    }

    protected override void Finish(int step, Column into)
    {
        if (_moments[step] is not { Count: > 0 } of)
            return;
        var variance = of.Squares / of.Count;
        into.Set(step, _isVariance ? variance : Math.Sqrt(variance));
    }
}

/// <summary><c>quantile</c>: keeps the numbers of its group.</summary>
internal sealed class QuantileFold(EvaluationRun run, PromNode.Aggregate node, Labels labels, Column quantile) : GroupFold(run, node, labels)
{
    private readonly EvaluationRun _run = run;
    private readonly SourceRange _at = node.Parameter?.At ?? node.At;
    private readonly SourceRange _operandAt = node.Operand.At;
    private readonly List<double>?[] _numbers = new List<double>?[run.Grid.Steps];

    protected override void Add(int step, double value)
    {
        if (_numbers[step] is not { } numbers)
            _numbers[step] = numbers = [];
        if (numbers.Count == numbers.Capacity)
            _run.HoldNumbers(Math.Max(4, numbers.Count), _operandAt); // what the list grows by
        numbers.Add(value);
    }

    protected override void Add(int step, NativeHistogram histogram) => Ignored();

    protected override void JoinCells(GroupFold other)
    {
        for (var step = 0; step < Steps; step++)
        {
            if (((QuantileFold)other)._numbers[step] is { } more)
                (_numbers[step] ??= []).AddRange(more);
        }
    }

    protected override void Finish(int step, Column into)
    {
        if (_numbers[step] is not { } numbers)
            return;
        _run.Check(); // they are put in order
        var q = quantile.Values[step];
        if (q is double.NaN or < 0 or > 1)
            _run.Notes.QuantileOutOfRange(_at, q);
        into.Set(step, Quantiles.OfNumbers(q, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(numbers)));
    }
}
