using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Rules;

/// <summary>The value of <c>action:</c>: a verb and a name, which together are the stem of a script.</summary>
public sealed class RuleActionType : ValueType<RuleAction>
{
    private const string Rollback = "ROLLBACK";
    private const int NameMax = 100; // a script is a file: its name has an end

    public override string Name => "an action like ROLLBACK:DOCKET_RULE";

    public override bool TryRead(YamlNode node, Findings findings, out RuleAction value)
    {
        value = null!; // not looked at when false
        if (node is not YamlNode.Scalar { IsNull: false } scalar)
            return Refuse(node, findings, "Write ROLLBACK:, then the script's name.");
        var text = scalar.Text.Trim();
        var parts = text.Split(':');
        if (!parts.All(IsWord) || parts.Length > 2)
            return Refuse(node, findings, "Write ROLLBACK:, then the script's name in letters, digits, '_' and '-'.");
        if (!string.Equals(parts[0], Rollback, StringComparison.OrdinalIgnoreCase) || parts.Length == 1)
        {
            var suggestion = parts.Length == 2 ? Suggestions.Nearest(parts[0], [Rollback]) : null;
            findings.Error(
                "E090", node, $"the action {scalar.Shape} is not in this version.", "Write ROLLBACK:NAME; it runs the script rollback_name.sh or .py.",
                suggestion is null ? null : $"{suggestion}:{parts[1]}");
            return false;
        }
        value = new RuleAction(text, $"{parts[0]}_{parts[1]}".ToLowerInvariant());
        return true;
    }

    public override string Write(RuleAction value) => value.Text;

    private static bool IsWord(string part) => part.Length is > 0 and <= NameMax && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
