using HmsOps.PromQL.Syntax;

namespace HmsOps.PromQL;

/// <summary>A parsed expression: its text and its tree. Made by <see cref="PromParser.Parse(string)"/>; immutable, safe to share.</summary>
public sealed class PromExpression
{
    internal PromExpression(string text, PromNode root)
    {
        Text = text;
        Root = root;
        MetricNames = [.. Selectors(root).Select(s => s.MetricName).OfType<string>().Distinct()];
        Reach = TimeSpan.FromMilliseconds(Math.Max(0, ReachOf(root)));
    }

    /// <summary>The text it was parsed from.</summary>
    public string Text { get; }

    /// <summary>The tree.</summary>
    public PromNode Root { get; }

    /// <summary>What it yields.</summary>
    public PromType Type => Root.Type;

    /// <summary>The metrics its selectors name, each once, in the order written. Patterns over names are not among them.</summary>
    public IReadOnlyList<string> MetricNames { get; }

    /// <summary>
    /// How far before its time of evaluation it may read: the most, over its selectors, of range (or look-back of 5 minutes, if longer)
    /// plus offset, and of the subqueries around them. A selector pinned to a time by <c>@</c>, and durations that only a query makes numbers, do not count.
    /// </summary>
    public TimeSpan Reach { get; }

    /// <summary>What an expression of type <see cref="PromType.Text"/> says.</summary>
    public string LiteralText => TextOf(Root);

    /// <summary>The expression laid out for people, over several lines where it is long.</summary>
    public string Laid() => Layout.Of(Root);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static IEnumerable<PromNode.Selector> Selectors(PromNode node) => node is PromNode.Selector selector ? [selector] : node.Children.SelectMany(Selectors);

    private static string TextOf(PromNode node) => node switch
    {
        PromNode.Text text => text.Value,
        PromNode.Paren paren => TextOf(paren.Inner),
        _ => throw new InvalidOperationException($"{node} is no text."),
    };

    private static long ReachOf(PromNode node)
    {
        var lookBack = (long)PromLimits.Default.LookBack.TotalMilliseconds;
        return node switch
        {
            PromNode.Selector { Moment: not null } or PromNode.Window { Series.Moment: not null } or PromNode.Subquery { Moment: not null } => 0,
            PromNode.Selector s => lookBack + s.OffsetMs,
            PromNode.Window { Series.Edges: not PromEdges.Plain } w => w.RangeMs + lookBack + w.Series.OffsetMs,
            PromNode.Window w => Math.Max(w.RangeMs, lookBack) + w.Series.OffsetMs,
            PromNode.Subquery q => q.RangeMs + q.OffsetMs + ReachOf(q.Operand),
            _ => node.Children.Select(ReachOf).DefaultIfEmpty(0).Max(),
        };
    }
}
