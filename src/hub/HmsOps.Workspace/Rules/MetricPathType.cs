using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Rules;

/// <summary>The value of <c>metric:</c>.</summary>
public sealed class MetricPathType : ValueType<MetricPath>
{
    public override string Name => "a metric like county_api_ms";

    public override bool TryRead(YamlNode node, Findings findings, out MetricPath value)
    {
        value = null!; // not looked at when false
        if (node is not YamlNode.Scalar { IsNull: false } scalar)
            return Refuse(node, findings, "Write one metric's name.");
        return MetricPath.TryParse(scalar.Text.Trim(), out value, out var fault) || SayFault(scalar, fault, findings);
    }

    public override string Write(MetricPath value) => value.Name;

    /// <summary>Says what is wrong with a path, wherever one is written.</summary>
    public bool SayFault(YamlNode node, PathFault fault, Findings findings)
    {
        switch (fault)
        {
            case PathFault.StatisticOfLater:
                findings.Error("E090", node, $"the statistic at the end of {node.Shape} is not in this version.", "End the path with p50, p95, p99, avg, last or rate; a metric that is really named so is written \"in quotes\".");
                return false;
            case PathFault.NoQuantile:
                findings.Error("E041", node, $"the quantile at the end of {node.Shape} can be read in two ways.", "Write two digits or more: p05, p50, p95, p999; a metric that is really named so is written \"in quotes\".");
                return false;
            case PathFault.Matchers:
                findings.Error("E033", node, $"expected {Name}, got {node.Shape}.", "Write labels under the key 'where:', as {label: value}.");
                return false;
            default:
                return Refuse(node, findings, "Letters, digits, '_' and '-', in parts joined by '.'; any other name stands in double quotes inside single ones.");
        }
    }
}
