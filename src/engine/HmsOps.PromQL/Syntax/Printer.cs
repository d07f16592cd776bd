using HmsOps.Series;

namespace HmsOps.PromQL.Syntax;

/// <summary>Prints a tree as PromQL. Parentheses are nodes of the tree, so none are added.</summary>
internal static class Printer
{
    public static string Print(PromNode node) => node switch
    {
        PromNode.Number n => n.IsDuration ? Literals.Duration((long)Math.Round(n.Value * 1000)) : Literals.Number(n.Value),
        PromNode.Text t => LabelNames.Quote(t.Value),
        PromNode.Selector s => Matchers(s) + Offset(s),
        PromNode.Window w => $"{Matchers(w.Series)}[{Literals.Duration(w.RangeMs)}]{Offset(w.Series)}",
        PromNode.Paren p => $"({Print(p.Inner)})",
        PromNode.Unary u => (u.IsMinus ? "-" : "+") + Print(u.Operand),
        PromNode.Binary b => $"{Print(b.Left)} {b.Op.Sign()}{(b.ReturnsBool ? " bool" : "")}{Matching(b.Matching)} {Print(b.Right)}",
        PromNode.Aggregate a => $"{Name(a.Op)}{Grouping(a)}({Print(a.Operand)})",
        PromNode.Call c => $"{c.Function}({string.Join(", ", c.Arguments.Select(Print))})",
        _ => "…", // a hole: seen in a debugger only
    };

    public static string Name(PromAggregation op) => op.ToString().ToLowerInvariant();

    private static string Matchers(PromNode.Selector selector)
    {
        var name = selector.MetricName is { Length: > 0 } n && selector.Matchers.Count(m => m.Name == "__name__") == 1 ? n : null;
        var bare = name is not null && CanStandBare(name);
        var inside = selector.Matchers
            .Where(m => name is null || m.Name != "__name__")
            .Select(m => m.ToString())
            .ToList();
        if (name is not null && !bare)
            inside.Insert(0, LabelNames.Quote(name));
        return (bare ? name : "") + (bare && inside.Count == 0 ? "" : $"{{{string.Join(", ", inside)}}}");
    }

    // A name that is also a number or an operator between operands has to be quoted.
    private static bool CanStandBare(string name) =>
        LabelNames.IsLegacyMetricName(name)
        && !Functions.Reserved.Contains(name.ToLowerInvariant())
        && !name.Equals("inf", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("nan", StringComparison.OrdinalIgnoreCase);

    private static string Offset(PromNode.Selector selector) => selector.OffsetMs == 0 ? "" : $" offset {Literals.Duration(selector.OffsetMs)}";

    private static string Matching(PromMatching? matching) => matching is null || (!matching.On && matching.Labels.Count == 0)
        ? ""
        : $" {(matching.On ? "on" : "ignoring")} ({Labels(matching.Labels)})";

    private static string Grouping(PromNode.Aggregate aggregate) => !aggregate.Without && aggregate.Grouping.Count == 0
        ? ""
        : $" {(aggregate.Without ? "without" : "by")} ({Labels(aggregate.Grouping)}) ";

    private static string Labels(IReadOnlyList<string> labels) =>
        string.Join(", ", labels.Select(l => LabelNames.IsLegacyLabelName(l) ? l : LabelNames.Quote(l)));
}
