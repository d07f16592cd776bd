using HmsOps.Series;
using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Rules;

/// <summary>A label's name as PromQL takes it without quotes.</summary>
public sealed class LabelNameType : ValueType<string>
{
    public override string Name => "a label's name";

    public override bool TryRead(YamlNode node, Findings findings, out string value)
    {
        value = node is YamlNode.Scalar scalar ? scalar.Text.Trim() : "";
        return LabelNames.IsLegacyLabelName(value) || Refuse(node, findings, "Letters, digits and '_', not beginning with a digit.");
    }

    public override string Write(string value) => value;
}
