using System.Security.Cryptography;
using System.Text;
using HmsOps.PromQL;
using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Quantities;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Rules;

/// <summary>Metric rules, bound by their table and compiled: pure, file by file.</summary>
internal static class MetricRuleReader
{
    private const int ResolveParts = 6; // the last sixth of the window: 30 s of 3 m, so that "back to 112 ms" comes a minute after the cure
    private static readonly TimeSpan ResolveMin = TimeSpan.FromSeconds(15); // pushed series arrive every few seconds

    /// <summary>One rule from its node; null when it cannot be one, and the findings say why.</summary>
    public static RuleDraft? Read(BoundRecord record, Findings findings)
    {
        if (!record.TryGet(MetricRuleShape.Metric, out var path) || !record.TryGet(MetricRuleShape.Threshold, out var written))
            return null;
        var window = record.Get(MetricRuleShape.Window, MetricRuleShape.WindowDefault);
        var macros = new Macros(path.Name, record.Get(MetricRuleShape.Where, []), record.Get(MetricRuleShape.By, ["service"]));
        var threshold = Bound(written, path, record.At(MetricRuleShape.Threshold), findings);
        var value = Compile(path, macros, window, record.At(MetricRuleShape.Metric), findings);
        var (resolve, end) = ResolveOf(record, path, macros, window, findings);
        if (threshold is not { } bound || value is null)
            return null;

        var source = findings.Source;
        var name = record.Get(MetricRuleShape.Name, path.Name);
        var text = TextOf(record.Node, source);
        var (line, column) = source.Locate(record.Node.Start);
        var rule = new Rule
        {
            Id = Hash($"{source.File}\0\0{name}\00")[..16], // file, no group in this notation, name, the first of its name: a second is refused
            Citation = $"{source.File}#{name}@{Hash(text)[..6]}",
            Name = name,
            Metric = path.Name,
            Value = value,
            Op = record.Get(MetricRuleShape.Op, Comparison.Greater),
            Threshold = bound,
            Unit = path.Unit.Name,
            Window = path.Statistic == Statistic.Last ? null : WrittenOf(record, window),
            For = record.Get(MetricRuleShape.For, TimeSpan.Zero),
            KeepFiringFor = record.Get(MetricRuleShape.KeepFiringFor, MetricRuleShape.KeepFiringForDefault),
            Resolve = resolve,
            ResolveBound = end,
            OnNoData = record.Get(MetricRuleShape.OnNoData, OnNoData.Keep),
            Severity = record.Get(MetricRuleShape.Severity, "high"),
            Action = record.Get(MetricRuleShape.Action, null!), // null is "only pages", as the property says
            Notify = [.. record.Get(MetricRuleShape.Notify, []).Distinct()],
            Runbook = record.Get(MetricRuleShape.Runbook, null!), // null is "has none"
            Source = new SourceSpan(source.File, line, column),
            Text = text,
        };
        return new RuleDraft(rule, PlaceOf(record.Node), PlaceOf(record.At(MetricRuleShape.Action)), PlaceOf(record.At(MetricRuleShape.Notify)),
            PlaceOf(record.At(MetricRuleShape.Runbook)), PlaceOf(record.At(MetricRuleShape.For)));

        Place PlaceOf(YamlNode node) => Place.Of(node, source);
    }

    /// <summary>Says which rules of a file have one name: neither can be taken, for a verdict names its rule.</summary>
    public static void RefuseTwins(IReadOnlyList<(BoundRecord Record, RuleDraft Draft)> rules, Findings findings)
    {
        foreach (var (record, draft) in rules.GroupBy(rule => rule.Draft.Rule.Name).Where(twins => twins.Count() > 1).SelectMany(twins => twins))
        {
            var at = record.At(record.TryGet(MetricRuleShape.Name, out _) ? MetricRuleShape.Name : MetricRuleShape.Metric);
            findings.Error("E046", at, $"two rules of this file are called '{Findings.Shorten(draft.Rule.Name)}'.", "Give each a 'name:' of its own.");
        }
    }

    private static double? Bound(Quantity written, MetricPath path, YamlNode at, Findings findings)
    {
        var unit = path.Unit;
        if (written.In(unit) is not { } bound)
        {
            findings.Error(
                "E042", at, $"{written} is {written.Unit.Counts}, and {path.Name} is {unit.Counts}{(unit.Name.Length > 0 ? $" in {unit.Name}" : "")}.",
                $"Write {unit.Counts}, such as '{new Quantity(1000, unit)}'.");
            return null;
        }
        if (!double.IsFinite(bound))
        {
            findings.Error("E044", at, $"{written} is too large a number.", "Write a number such as 1000.");
            return null;
        }
        if (unit.Dimension == Dimension.None && written.Unit.Dimension != Dimension.None)
            findings.Warning("W203", at, $"the name {path.Name} tells no unit; {written} is taken as the number {new Quantity(bound, MetricUnit.None)}.", "End the metric's name in its unit, such as _ms or _bytes, or write the bare number.");
        return bound;
    }

    private static (PromExpression? Value, ResolveBound? Bound) ResolveOf(BoundRecord record, MetricPath path, Macros macros, TimeSpan window, Findings findings)
    {
        var last = TimeSpan.FromSeconds(Math.Ceiling(window.TotalSeconds / ResolveParts));
        var recent = last < ResolveMin ? ResolveMin : last;
        recent = recent < window ? recent : window;
        if (!record.TryGet(MetricRuleShape.Resolve, out var condition))
            // The newest value has no shorter window than itself: there the comparison alone decides.
            return (path.Statistic == Statistic.Last ? null : Compile(path, macros, recent, record.At(MetricRuleShape.Metric), findings), null);

        var at = record.At(MetricRuleShape.Resolve);
        if (Bound(condition.Bound, condition.Path, at, findings) is not { } bound)
            return (null, null);
        var value = Compile(condition.Path, macros with { Name = condition.Path.Name }, condition.Window ?? recent, at, findings);
        return (value, new ResolveBound(condition.Op, bound));
    }

    private static PromExpression? Compile(MetricPath path, Macros macros, TimeSpan window, YamlNode at, Findings findings)
    {
        var parse = PromParser.Parse(path.Compile(macros, window));
        foreach (var error in parse.Errors)
            findings.Error("E040", at, $"its PromQL cannot be read at {error.Line}:{error.Column}: {Findings.Shorten(error.Message)}", "Shorten the metric's name and the labels under 'where:' and 'by:'.");
        return parse.Expression;
    }

    private static string? WrittenOf(BoundRecord record, TimeSpan window) =>
        record.TryGet(MetricRuleShape.Window, out _) && record.At(MetricRuleShape.Window) is YamlNode.Scalar scalar ? scalar.Text.Trim() : Durations.Format(window);

    // A rule in brackets ends with its bracket; one in lines keeps the comment behind its last value.
    private static string TextOf(YamlNode node, SourceText source) =>
        source.Text[node.Start..(source.Text.AsSpan(node.Start).StartsWith("{") ? node.End : source.EndOfLine(node.End))];

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
