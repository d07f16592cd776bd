using HmsOps.Workspace.Binding;

namespace HmsOps.Workspace.Rules;

/// <summary>A file of several rules.</summary>
internal static class RulesFileShape
{
    public static readonly Key<IReadOnlyList<BoundRecord>> Rules = new(
        "rules", new ListType<BoundRecord>(new RecordType(MetricRuleShape.Shape), "a list of metric rules"), "Several rules in one file.", "[{metric: county_api_ms, threshold: 1000}]")
    { IsRequired = true };

    public static RecordShape Shape { get; } = new("a file of rules", [Rules]);
}
