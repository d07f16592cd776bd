namespace HmsOps.PromQL.Caching;

/// <summary>Of which times a step of an expression depends, besides those before it.</summary>
/// <param name="Ahead">How far behind a step it looks: negative offsets, and what is smoothed.</param>
/// <param name="PinnedTo">The newest time that <c>@</c> has it look at; the smallest there is when it has none.</param>
internal sealed record Dependence(long Ahead, long PinnedTo)
{
    private static readonly Dependence None = new(0, long.MinValue);

    /// <summary>Null where a step depends on where the query begins or ends, so that the same step is another one in another query.</summary>
    public static Dependence? Of(PromExpression expression, PromLimits limits) => Of(expression.Root, (long)limits.LookBack.TotalMilliseconds);

    private static Dependence? Of(PromNode node, long lookBack)
    {
        switch (node)
        {
            case PromNode.Call { Function: "start" or "end" or "range" }:
            case PromNode.Selector { OffsetBy: not null } or PromNode.Window { RangeBy: not null }:
            case PromNode.Subquery { OffsetBy: not null } or PromNode.Subquery { RangeBy: not null } or PromNode.Subquery { StepBy: not null }:
            case PromNode.Selector { Moment: { Kind: not PromMomentKind.Written } } or PromNode.Subquery { Moment: { Kind: not PromMomentKind.Written } }:
                return null;
            case PromNode.Selector selector:
                var beyond = selector.Edges == PromEdges.Smoothed ? lookBack : 0;
                return Shifted(new Dependence(beyond, long.MinValue), selector.OffsetMs, selector.Moment);
            case PromNode.Subquery subquery:
                return Of(subquery.Operand, lookBack) is { } inner ? Shifted(inner, subquery.OffsetMs, subquery.Moment) : null;
        }
        var all = None;
        foreach (var child in node.Children)
        {
            if (Of(child, lookBack) is not { } one)
                return null;
            all = new Dependence(Math.Max(all.Ahead, one.Ahead), Math.Max(all.PinnedTo, one.PinnedTo));
        }
        return all;
    }

    private static Dependence Shifted(Dependence of, long offset, PromMoment? moment) => moment is null
        ? of with { Ahead = Math.Max(0, of.Ahead - offset) }
        : new Dependence(0, Math.Max(of.PinnedTo, moment.Ms - offset + of.Ahead));
}
