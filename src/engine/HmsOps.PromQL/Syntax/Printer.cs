using HmsOps.Series;

namespace HmsOps.PromQL.Syntax;

/// <summary>Prints a tree as PromQL. Parentheses are nodes of the tree, so none are added.</summary>
internal static class Printer
{
    public static string Print(PromNode node) => node switch
    {
        PromNode.Number n => n.IsDuration ? Literals.Duration((long)Math.Round(n.Value * 1000)) : Literals.Number(n.Value),
        PromNode.Text t => LabelNames.Quote(t.Value),
        PromNode.Selector s => $"{Matchers(s)}{Edges(s)}{Moment(s.Moment)}{Offset(s.OffsetMs, s.OffsetBy)}",
        PromNode.Window w => $"{Matchers(w.Series)}[{Duration(w.RangeMs, w.RangeBy)}]{Edges(w.Series)}{Moment(w.Series.Moment)}{Offset(w.Series.OffsetMs, w.Series.OffsetBy)}",
        PromNode.Subquery q => $"{Print(q.Operand)}{Tail(q)}",
        PromNode.Paren p => $"({Print(p.Inner)})",
        PromNode.Unary u => (u.IsMinus ? "-" : "+") + Print(u.Operand),
        PromNode.Binary b => $"{Print(b.Left)} {Middle(b)} {Print(b.Right)}",
        PromNode.Aggregate a => $"{Head(a)}({(a.Parameter is { } parameter ? $"{Print(parameter)}, " : "")}{Print(a.Operand)})",
        PromNode.Call c => $"{c.Function}({string.Join(", ", c.Arguments.Select(Print))})",
        _ => "…", // a hole: seen in a debugger only
    };

    public static string Name(PromAggregation op) => Functions.Aggregations.First(known => known.Value.Op == op).Key;

    /// <summary>What stands before the parenthesis of an aggregation.</summary>
    public static string Head(PromNode.Aggregate aggregate) => $"{Name(aggregate.Op)}{Grouping(aggregate)}";

    /// <summary>What stands between the sides of an operator, itself in the middle.</summary>
    public static string Middle(PromNode.Binary binary) => $"{binary.Op.Sign()}{(binary.ReturnsBool ? " bool" : "")}{Matching(binary.Matching)}";

    /// <summary>What stands behind the expression of a subquery.</summary>
    public static string Tail(PromNode.Subquery subquery) =>
        $"[{Duration(subquery.RangeMs, subquery.RangeBy)}:{(subquery.StepMs == 0 && subquery.StepBy is null ? "" : Duration(subquery.StepMs, subquery.StepBy))}]{Moment(subquery.Moment)}{Offset(subquery.OffsetMs, subquery.OffsetBy)}";

    private static string Matchers(PromNode.Selector selector)
    {
        if (selector.ChoosesLabels)
            return $"{{{string.Join(", ", selector.Matchers)}}}";
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

    private static string Duration(long milliseconds, PromNode? by) => by is null ? Literals.Duration(milliseconds) : Print(by);

    // An expression stands in parentheses, which are its own, behind a sign, or is a call; else what follows it would be read as more of it.
    private static string Offset(long milliseconds, PromNode? by) => by is not null ? $" offset {Print(by)}"
        : milliseconds == 0 ? ""
        : $" offset {Literals.Duration(milliseconds)}";

    private static string Moment(PromMoment? moment) => moment switch
    {
        null => "",
        { Kind: PromMomentKind.Start } => " @ start()",
        { Kind: PromMomentKind.End } => " @ end()",
        _ => $" @ {(moment.Ms / 1000m).ToString(System.Globalization.CultureInfo.InvariantCulture)}",
    };

    private static string Edges(PromNode.Selector selector) => selector.Edges == PromEdges.Plain ? "" : $" {selector.Edges.ToString().ToLowerInvariant()}";

    private static string Matching(PromMatching? matching)
    {
        if (matching is null)
            return "";
        var on = !matching.On && matching.Labels.Count == 0 && matching.Many == PromMany.None ? "" : $" {(matching.On ? "on" : "ignoring")} ({Labels(matching.Labels)})";
        var many = matching.Many == PromMany.None ? "" : $" {(matching.Many == PromMany.Left ? "group_left" : "group_right")} ({Labels(matching.Include)})";
        return on + many + Fill(matching);
    }

    private static string Fill(PromMatching matching) => (matching.FillLeft, matching.FillRight) switch
    {
        (null, null) => "",
        ({ } left, null) => $" fill_left({Literals.Number(left)})",
        (null, { } right) => $" fill_right({Literals.Number(right)})",
        ({ } left, { } right) when left.Equals(right) => $" fill({Literals.Number(left)})",
        ({ } left, { } right) => $" fill_left({Literals.Number(left)}) fill_right({Literals.Number(right)})",
    };

    private static string Grouping(PromNode.Aggregate aggregate) => !aggregate.Without && aggregate.Grouping.Count == 0
        ? ""
        : $" {(aggregate.Without ? "without" : "by")} ({Labels(aggregate.Grouping)}) ";

    private static string Labels(IReadOnlyList<string> labels) =>
        string.Join(", ", labels.Select(l => LabelNames.IsLegacyLabelName(l) ? l : LabelNames.Quote(l)));
}
