using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Quantities;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Rules;

/// <summary>A written end of an alert: <c>county_api_ms &lt; 500 over 1m</c>.</summary>
/// <param name="Path">What is looked at.</param>
/// <param name="Op">How it is held against the bound.</param>
/// <param name="Bound">The bound as written.</param>
/// <param name="Window">The stretch of time, when it is written.</param>
public sealed record ResolveCondition(MetricPath Path, Comparison Op, Quantity Bound, TimeSpan? Window);

/// <summary>The value of <c>resolve:</c>: one comparison, <c>path op quantity [over duration]</c>.</summary>
public sealed class ResolveConditionType : ValueType<ResolveCondition>
{
    private const string Over = " over ";

    // Two characters before one, or <= would be taken for <.
    private static readonly (string Sign, Comparison Op)[] Signs =
        [("<=", Comparison.LessOrEqual), (">=", Comparison.GreaterOrEqual), ("==", Comparison.Equal), ("!=", Comparison.NotEqual), ("<", Comparison.Less), (">", Comparison.Greater)];

    public override string Name => "a condition like county_api_ms < 500 over 1m";

    public override bool TryRead(YamlNode node, Findings findings, out ResolveCondition value)
    {
        value = null!; // not looked at when false
        if (node is not YamlNode.Scalar { IsNull: false } scalar)
            return Refuse(node, findings, "Write a metric, a comparison, a number and, if you like, 'over' and a duration.");
        var text = scalar.Text.Trim();
        var at = text.IndexOfAny(['<', '>', '=', '!']);
        if (at <= 0 || Array.Find(Signs, sign => text.AsSpan(at).StartsWith(sign.Sign)) is not { Sign: not null } found)
            return Refuse(node, findings, "Write a metric, a comparison, a number and, if you like, 'over' and a duration.");
        if (text.Contains(" and ", StringComparison.Ordinal) || text.Contains(" or ", StringComparison.Ordinal) || text.Contains(" for ", StringComparison.Ordinal))
        {
            findings.Error("E090", node, "'and', 'or' and 'for' in a condition are not in this version.", "Write one comparison, with 'over' and a duration behind it.");
            return false;
        }
        if (!MetricPath.TryParse(text[..at].Trim(), out var path, out var fault))
            return new MetricPathType().SayFault(node, fault, findings);
        if (!TrySplit(text[(at + found.Sign.Length)..], out var bound, out var window))
            return Refuse(node, findings, "Behind the comparison stands a number, with 'over' and a duration from 1s to 100d if you like.");
        value = new ResolveCondition(path, found.Op, bound, window);
        return true;
    }

    public override string Write(ResolveCondition value) => $"{value.Path.Name} {value.Op.Sign()} {value.Bound}";

    private static bool TrySplit(string text, out Quantity bound, out TimeSpan? window)
    {
        window = null;
        var over = text.LastIndexOf(Over, StringComparison.Ordinal);
        if (over >= 0)
        {
            bound = default;
            if (!Durations.TryParse(text[(over + Over.Length)..], out var span) || span < TimeSpan.FromSeconds(1) || span > TimeSpan.FromDays(100))
                return false;
            window = span;
            text = text[..over];
        }
        var parse = Quantity.Parse(text);
        bound = parse.Quantity;
        return parse.Fault == QuantityFault.None;
    }
}
