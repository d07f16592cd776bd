namespace HmsOps.PromQL;

/// <summary>A parsed expression: its text and its tree. Made by <see cref="PromParser.Parse(string)"/>; immutable, safe to share.</summary>
public sealed class PromExpression
{
    internal PromExpression(string text, PromNode root)
    {
        Text = text;
        Root = root;
        var selections = Selections(root).ToArray();
        MetricNames = [.. selections.Select(s => s.Series.MetricName).OfType<string>().Distinct()];
        var reach = selections.Select(s => Math.Max(s.RangeMs, (long)PromLimits.Default.LookBack.TotalMilliseconds) + s.Series.OffsetMs);
        Reach = TimeSpan.FromMilliseconds(Math.Max(0, reach.DefaultIfEmpty(0).Max()));
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
    /// plus offset.
    /// </summary>
    public TimeSpan Reach { get; }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static IEnumerable<(PromNode.Selector Series, long RangeMs)> Selections(PromNode node) => node switch
    {
        PromNode.Selector s => [(s, 0)],
        PromNode.Window w => [(w.Series, w.RangeMs)],
        _ => node.Children.SelectMany(Selections),
    };
}
