using HmsOps.Workspace.Binding;

namespace HmsOps.Workspace;

/// <summary>The keys of <c>workspace.yaml</c>.</summary>
public static class WorkspaceShape
{
    public static readonly Key<TimeSpan> Interval = new(
        "interval", new DurationType(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)), "How often rules are evaluated.", "15s")
    { DefaultText = "15s" };

    public static readonly Key<IReadOnlyList<KeyValuePair<string, string>>> ExternalLabels = new(
        "external_labels", new MapType<string>(new TextType(), "a map of labels and values"), "Labels that say whose alerts these are, to whoever is told of them.", "{agency: opm}")
    { DefaultText = "{}" };

    public static readonly Key<bool> Strict = new("strict", new FlagType(), "false: keys nobody knows only warn.", "false") { DefaultText = "true" };

    /// <summary>The table.</summary>
    public static RecordShape Shape { get; } = new("workspace.yaml", [Interval, ExternalLabels, Strict]);
}
