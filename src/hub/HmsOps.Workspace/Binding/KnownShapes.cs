using HmsOps.Workspace.Guardrails;
using HmsOps.Workspace.Kinds;
using HmsOps.Workspace.Paging;
using HmsOps.Workspace.Rules;
using HmsOps.Workspace.Scraping;

namespace HmsOps.Workspace.Binding;

/// <summary>The tables of every kind of file this version reads, by the name <c>kind:</c> gives it: what <c>hms-ops explain KIND[.key]</c> knows.</summary>
public static class KnownShapes
{
    /// <summary>Tables by kind.</summary>
    public static IReadOnlyDictionary<string, RecordShape> All { get; } = new Dictionary<string, RecordShape>
    {
        [FileKind.Rules.Name] = MetricRuleShape.Shape,
        [FileKind.Roster.Name] = RosterShape.Shape,
        [FileKind.Policy.Name] = GuardrailsShape.Shape,
        [FileKind.Workspace.Name] = WorkspaceShape.Shape,
        [FileKind.Service.Name] = ServiceShape.Shape,
        [FileKind.PrometheusImport.Name] = PrometheusShape.Shape,
    };

    /// <summary>The explanation of <c>rules</c> or <c>rules.window</c>; null when there is no such kind or key.</summary>
    public static string? Explain(string topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var parts = topic.Split('.', 2);
        if (!All.TryGetValue(parts[0], out var shape))
            return null;
        if (parts.Length == 1)
            return Explanation.Of(shape);
        var rows = Explanation.KeysOf(shape).Where(row => row.Key.Shape is null);
        return rows.Where(row => row.Name == KeySpelling.Fold(parts[1])).Select(row => Explanation.Of(row.Name, row.Key)).FirstOrDefault();
    }
}
