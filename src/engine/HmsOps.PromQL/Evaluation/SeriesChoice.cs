using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary><c>topk</c>, <c>bottomk</c>, <c>limitk</c> and <c>limit_ratio</c>: which samples of a group stay, step by step. The series keep their labels.</summary>
internal sealed class SeriesChoice
{
    private readonly EvaluationRun _run;
    private readonly PromNode.Aggregate _node;
    private readonly Column _parameter;
    private readonly List<(double Value, int Member)> _best = [];

    private SeriesChoice(EvaluationRun run, PromNode.Aggregate node, Column parameter) => (_run, _node, _parameter) = (run, node, parameter);

    public static List<Column> Evaluate(EvaluationRun run, PromNode.Aggregate node)
    {
        var choice = new SeriesChoice(run, node, run.Evaluate(node.Parameter!)[0]); // the parser sees to it
        choice.RefuseNoNumber();
        var grouping = MetricLabels.Group(node);
        var isSorted = run.Grid.Steps == 1 && node.Op is PromAggregation.TopK or PromAggregation.BottomK;
        var chosen = new List<Column>();
        foreach (var group in run.Evaluate(node.Operand).GroupBy(series => grouping.Of(series.Labels)))
        {
            var kept = choice.Choose([.. group]).Where(series => !series.IsEmpty);
            chosen.AddRange(isSorted ? kept.Order(Comparer<Column>.Create((a, b) => ColumnOrder.ByValue(a.Values[0], b.Values[0], node.Op == PromAggregation.TopK))) : kept);
        }
        return chosen;
    }

    private Column[] Choose(Column[] members)
    {
        var kept = Array.ConvertAll(members, member => _run.Column(member.Labels, member.DropsName, _node.At));
        for (var step = 0; step < _run.Grid.Steps; step++)
        {
            _run.Context.Ct.ThrowIfCancellationRequested();
            if (_node.Op == PromAggregation.LimitRatio)
                TakePart(members, kept, step);
            else if (_node.Op == PromAggregation.LimitK)
                TakeFirst(members, kept, step, Count(step));
            else
                TakeBest(members, kept, step, Count(step));
        }
        return kept;
    }

    private static void TakeFirst(Column[] members, Column[] kept, int step, long count)
    {
        for (var i = 0; i < members.Length && count > 0; i++)
        {
            if (!members[i].Has(step))
                continue;
            kept[i].Copy(members[i], step);
            count--;
        }
    }

    private void TakeBest(Column[] members, Column[] kept, int step, long count)
    {
        _best.Clear();
        for (var i = 0; i < members.Length; i++)
        {
            if (members[i].HasNumber(step))
                _best.Add((members[i].Values[step], i));
            else if (members[i].Has(step))
                _run.Notes.Inform(_node.At, $"ignored histogram in {Printer.Name(_node.Op)} aggregation");
        }
        var isTop = _node.Op == PromAggregation.TopK;
        _best.Sort((a, b) => ColumnOrder.ByValue(a.Value, b.Value, isTop) is not 0 and var order ? order : a.Member.CompareTo(b.Member));
        for (var i = 0; i < _best.Count && i < count; i++)
            kept[_best[i].Member].Copy(members[_best[i].Member], step);
    }

    // A series is in or out by its labels, at every step alike: r and r - 1 have all of them between them, and none in common.
    private void TakePart(Column[] members, Column[] kept, int step)
    {
        var ratio = _parameter.Values[step];
        var capped = Math.Clamp(ratio, -1, 1);
        if (capped != ratio)
            _run.Notes.Warn(_node.Parameter!.At, $"ratio value should be between -1 and 1, got {NumberText.Short(ratio)}, capping to {NumberText.Short(capped)}");
        for (var i = 0; i < members.Length; i++)
        {
            var place = (uint)members[i].Labels.GetHashCode() / (uint.MaxValue + 1.0);
            if (members[i].Has(step) && (capped >= 0 ? place < capped : place >= 1 + capped))
                kept[i].Copy(members[i], step);
        }
    }

    private void RefuseNoNumber()
    {
        if (Array.Exists(_parameter.Values, double.IsNaN))
            throw new PromEvaluationException(_node.Parameter!.At, _node.Op == PromAggregation.LimitRatio ? "the ratio is NaN; expected a number from -1 to 1" : "the number of series is NaN; expected a number");
    }

    private long Count(int step) => _parameter.Values[step] switch
    {
        >= long.MaxValue => throw new PromEvaluationException(_node.Parameter!.At, $"the number of series is {NumberText.Short(_parameter.Values[step])}, which overflows; expected at most 2^63"),
        <= long.MinValue => throw new PromEvaluationException(_node.Parameter!.At, $"the number of series is {NumberText.Short(_parameter.Values[step])}, which overflows; expected at least -2^63"),
        <= 0 => 0,
        var count => (long)count,
    };
}
