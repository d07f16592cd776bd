using HmsOps.PromQL.Syntax;

namespace HmsOps.PromQL.Evaluation;

/// <summary>Puts numbers where a query's own times stand in its expression: <c>@ start()</c>, <c>[5m + step()]</c>. What is evaluated then has times alone.</summary>
internal sealed class TimeResolver
{
    private readonly QueryTimes _times;

    private TimeResolver(QueryTimes times) => _times = times;

    public static PromNode Of(PromNode root, QueryTimes times) => new TimeResolver(times).Resolved(root);

    private PromNode Resolved(PromNode node) => node switch
    {
        PromNode.Selector selector => Resolved(selector),
        PromNode.Window window => window with { Series = Resolved(window.Series), RangeMs = Range(window.RangeBy) ?? window.RangeMs, RangeBy = null },
        PromNode.Subquery subquery => subquery with
        {
            Operand = Resolved(subquery.Operand),
            RangeMs = Range(subquery.RangeBy) ?? subquery.RangeMs,
            RangeBy = null,
            StepMs = Range(subquery.StepBy) ?? subquery.StepMs,
            StepBy = null,
            OffsetMs = Milliseconds(subquery.OffsetBy) ?? subquery.OffsetMs,
            OffsetBy = null,
            Moment = Resolved(subquery.Moment),
        },
        PromNode.Paren paren => paren with { Inner = Resolved(paren.Inner) },
        PromNode.Unary unary => unary with { Operand = Resolved(unary.Operand) },
        PromNode.Binary binary => binary with { Left = Resolved(binary.Left), Right = Resolved(binary.Right) },
        PromNode.Aggregate aggregate => aggregate with { Operand = Resolved(aggregate.Operand), Parameter = aggregate.Parameter is { } parameter ? Resolved(parameter) : null },
        PromNode.Call call => call with { Arguments = [.. call.Arguments.Select(Resolved)] },
        _ => node,
    };

    private PromNode.Selector Resolved(PromNode.Selector selector) => selector with
    {
        OffsetMs = Milliseconds(selector.OffsetBy) ?? selector.OffsetMs,
        OffsetBy = null,
        Moment = Resolved(selector.Moment),
    };

    private PromMoment? Resolved(PromMoment? moment) => moment switch
    {
        { Kind: PromMomentKind.Start } => new PromMoment(PromMomentKind.Written, _times.From),
        { Kind: PromMomentKind.End } => new PromMoment(PromMomentKind.Written, _times.To),
        _ => moment,
    };

    private long? Range(PromNode? by)
    {
        var milliseconds = Milliseconds(by);
        return milliseconds is null or > 0
            ? milliseconds
            : throw new PromEvaluationException(by!.At, $"the duration {by} comes to {Literals.Duration(milliseconds.Value)} here; expected at least 1ms");
    }

    private long? Milliseconds(PromNode? by)
    {
        if (by is null)
            return null;
        return Literals.TryMilliseconds(DurationExpression.Seconds(by, _times.Step, _times.Range), out var milliseconds)
            ? milliseconds
            : throw new PromEvaluationException(by.At, $"the duration {by} is out of range here; expected at most 292y");
    }
}
