using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>The labels that operators choose.</summary>
internal static class MetricLabels
{
    /// <summary>All but the metric's name, and its type and unit, which go where it goes.</summary>
    public static LabelChoice Nameless { get; } = LabelChoice.Without("__name__", "__type__", "__unit__");

    /// <summary>What tells one series of a group from another.</summary>
    public static LabelChoice Group(PromNode.Aggregate node) =>
        node.Without ? LabelChoice.Without(node.Grouping.Concat(["__name__", "__type__", "__unit__"])) : LabelChoice.Only(node.Grouping);

    /// <summary>What of a series its partner on the other side of an operator must have too.</summary>
    public static LabelChoice Signature(PromMatching matching) =>
        matching.On ? LabelChoice.Only(matching.Labels) : LabelChoice.Without(matching.Labels.Append("__name__"));
}
