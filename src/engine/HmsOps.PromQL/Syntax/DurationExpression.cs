namespace HmsOps.PromQL.Syntax;

/// <summary>
/// A duration that is worked out: <c>[5m + step()]</c>, <c>offset (2 * range())</c>. Numbers are seconds. What does not depend on the query is worked out where it
/// is read; the rest when the query's step and range are known.
/// </summary>
internal static class DurationExpression
{
    /// <summary>The first part that no duration may have; null when there is none.</summary>
    public static PromNode? Stranger(PromNode node) => node switch
    {
        PromNode.Number => null,
        PromNode.Paren paren => Stranger(paren.Inner),
        PromNode.Unary unary => Stranger(unary.Operand),
        PromNode.Binary { Op: PromOperator.Add or PromOperator.Subtract or PromOperator.Multiply or PromOperator.Divide or PromOperator.Modulo or PromOperator.Power } binary
            => Stranger(binary.Left) ?? Stranger(binary.Right),
        PromNode.Call { Function: "step" or "range" } => null,
        PromNode.Call { Function: "min_of" or "max_of" } call => Stranger(call.Arguments[0]) ?? Stranger(call.Arguments[1]),
        _ => node,
    };

    /// <summary>True when it says something else for another query.</summary>
    public static bool IsOfQuery(PromNode node) => node is PromNode.Call { Function: "step" or "range" } || node.Children.Any(IsOfQuery);

    /// <summary>Its seconds.</summary>
    public static double Seconds(PromNode node, double step, double range) => node switch
    {
        PromNode.Number number => number.Value,
        PromNode.Paren paren => Seconds(paren.Inner, step, range),
        PromNode.Unary unary => unary.IsMinus ? -Seconds(unary.Operand, step, range) : Seconds(unary.Operand, step, range),
        PromNode.Binary binary => Of(binary.Op, Seconds(binary.Left, step, range), Seconds(binary.Right, step, range)),
        PromNode.Call { Function: "step" } => step,
        PromNode.Call { Function: "range" } => range,
        PromNode.Call { Function: "min_of" } call => Math.Min(Seconds(call.Arguments[0], step, range), Seconds(call.Arguments[1], step, range)),
        PromNode.Call call => Math.Max(Seconds(call.Arguments[0], step, range), Seconds(call.Arguments[1], step, range)),
        _ => throw new System.Diagnostics.UnreachableException($"{node} is no duration, and was refused when it was read."),
    };

    private static double Of(PromOperator op, double x, double y) => op switch
    {
        PromOperator.Add => x + y,
        PromOperator.Subtract => x - y,
        PromOperator.Multiply => x * y,
        PromOperator.Divide => x / y,
        PromOperator.Modulo => x % y,
        _ => Math.Pow(x, y),
    };
}
