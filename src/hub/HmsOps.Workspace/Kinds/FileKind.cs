using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Kinds;

/// <summary>
/// What a YAML document describes. The first that fits: its <c>kind:</c>, its shape, its folder; so a file's place never makes it invalid.
/// Kinds of other versions are known here too, to be refused by their name.
/// </summary>
/// <param name="Name">As <c>kind:</c> says it.</param>
/// <param name="Words">With its article, for messages.</param>
/// <param name="IsRead">False: not in this version.</param>
internal sealed record FileKind(string Name, string Words, bool IsRead = false)
{
    /// <summary>The key that says it outright.</summary>
    public const string Key = "kind";

    public static readonly FileKind Rules = new("rules", "a file of rules", IsRead: true);
    public static readonly FileKind Roster = new("roster", "a roster", IsRead: true);
    public static readonly FileKind Policy = new("policy", "a policy", IsRead: true);
    public static readonly FileKind Workspace = new("workspace", "workspace.yaml", IsRead: true);
    public static readonly FileKind Service = new("service", "a service manifest", IsRead: true);
    public static readonly FileKind PrometheusImport = new("prometheus", "a Prometheus configuration", IsRead: true);
    public static readonly FileKind Targets = new("targets", "a file of targets", IsRead: true);
    private static readonly FileKind PrometheusRules = new("prometheus_rules", "a file of Prometheus rules (groups, expr)");
    private static readonly FileKind PlaybookRule = new("playbook_rule", "a rule of the form alert / if");
    private static readonly FileKind DetectPolicy = new("detect", "a detection policy");
    private static readonly FileKind Scaler = new("scaler", "a scaler");
    private static readonly FileKind Budget = new("budget", "an error budget policy");
    private static readonly FileKind Inhibit = new("inhibit", "an inhibition");
    private static readonly FileKind Slo = new("slo", "a service level objective");
    private static readonly FileKind Board = new("board", "a dashboard");
    private static readonly FileKind Rollout = new("rollout", "a rollout");
    private static readonly FileKind Probe = new("probe", "a probe");
    private static readonly FileKind Synthetic = new("synthetic", "a synthetic user");
    private static readonly FileKind Playbook = new("playbook", "a playbook");
    private static readonly FileKind Slot = new("slot", "a known-good slot");
    private static readonly FileKind Event = new("event", "an event map");
    private static readonly FileKind Pipeline = new("pipeline", "a pipeline");
    private static readonly FileKind Catalogue = new("metrics", "a metrics catalogue");
    private static readonly FileKind RuleTests = new("tests", "a file of rule tests");
    private static readonly FileKind Declared = new("declared", "a declaration of an SDK");
    private static readonly FileKind AlertmanagerImport = new("alertmanager", "an Alertmanager configuration");

    private static readonly FileKind[] All =
    [
        Rules, Roster, Policy, Workspace, Service, PrometheusRules, PlaybookRule, DetectPolicy, Scaler, Budget, Inhibit, Slo, Board, Rollout, Probe,
        Synthetic, Playbook, Slot, Event, Pipeline, Catalogue, RuleTests, Declared, PrometheusImport, AlertmanagerImport,
        Targets,
    ];

    // All keys of a row have to be there. The order decides where two rows fit: a canary has steps in it, an Alertmanager file receivers.
    private static readonly (string[] Keys, FileKind Kind)[] Shapes =
    [
        (["metric", "threshold"], Rules), (["groups"], PrometheusRules), (["rules"], Rules), (["alert", "if"], PlaybookRule),
        (["alert", "expr"], PrometheusRules), (["record", "expr"], PrometheusRules),
        (["scrape_configs"], PrometheusImport), (["rule_files"], PrometheusImport), (["route", "receivers"], AlertmanagerImport),
        (["name", "metrics_url"], Service), (["name", "target"], Service), (["name", "health"], Service),
        (["tiles"], Board), (["slos"], Slo), (["objective"], Slo), (["api_version", "spec"], Slo),
        (["guardrails"], Policy), (["detect"], DetectPolicy), (["scaler"], Scaler), (["budget"], Budget), (["inhibit"], Inhibit),
        (["image", "strategy"], Rollout),
        (["channels"], Roster), (["people"], Roster), (["schedules"], Roster), (["escalations"], Roster), (["routes"], Roster), (["receivers"], Roster),
        (["probe"], Probe), (["steps"], Playbook), (["slot"], Slot), (["event"], Event), (["stages"], Pipeline), (["metrics"], Catalogue), (["tests"], RuleTests),
        (["metric"], Rules),
    ];

    private static readonly (string Folder, FileKind Kind)[] Folders =
    [
        ("alerts", Rules), ("rules", Rules), ("declared", Declared), ("services", Service), ("dashboards", Board), ("slos", Slo), ("policies", Policy),
        ("rollouts", Rollout), ("roster", Roster), ("probes", Probe), ("synthetics", Synthetic), ("playbooks", Playbook), ("slots", Slot), ("events", Event),
        ("pipelines", Pipeline), ("metrics", Catalogue), ("imports", PrometheusImport), ("tests", RuleTests),
    ];

    /// <summary>The kind of a document; null when nothing tells it, and the findings say so.</summary>
    public static FileKind? Of(string path, YamlNode root, Findings findings)
    {
        if (path is "workspace.yaml" or "workspace.yml")
            return Workspace;
        if ((root as YamlNode.Mapping)?.Find(Key) is { } said)
            return Said(said, findings);
        return OfShape(root) ?? OfFolder(path) ?? Unknown(root, findings);
    }

    /// <summary>The kind a map's keys give away; null when they give away none.</summary>
    public static FileKind? OfShape(YamlNode root)
    {
        if (root is YamlNode.Sequence { Items: [_, ..] items } && items.All(item => item is YamlNode.Mapping map && map.Find("targets") is not null))
            return Targets; // as file_sd writes them: Observe reads the file itself
        if (root is not YamlNode.Mapping mapping)
            return null;
        var keys = mapping.Entries.Select(entry => KeySpelling.Fold(entry.Key.Text)).ToHashSet();
        return Array.Find(Shapes, shape => shape.Keys.All(keys.Contains)).Kind;
    }

    private static FileKind? OfFolder(string path)
    {
        var segments = path.Split('/');
        if (segments[^1] is "roster.yaml" or "roster.yml")
            return Roster;
        for (var i = segments.Length - 2; i >= 0; i--)
        {
            if (Array.Find(Folders, row => row.Folder == segments[i]).Kind is { } kind)
                return kind;
        }
        return null;
    }

    private static FileKind? Said(YamlNode said, Findings findings)
    {
        var word = said is YamlNode.Scalar scalar ? KeySpelling.Fold(scalar.Text) : "";
        if (Array.Find(All, kind => kind.Name == word) is { } kind)
            return kind;
        var names = All.Where(known => known.IsRead).Select(known => known.Name).ToList();
        findings.Error("E030", said, $"{said.Shape} is not a kind of file.", $"Kinds are {string.Join(", ", names)}; without 'kind:' it is told from the keys.", Suggestions.Nearest(word, names));
        return null;
    }

    private static FileKind? Unknown(YamlNode root, Findings findings)
    {
        var telling = Shapes.Where(shape => shape.Kind.IsRead).SelectMany(shape => shape.Keys).Distinct().ToList();
        var suggestion = root is YamlNode.Mapping mapping
            ? mapping.Entries.Select(entry => Suggestions.Nearest(KeySpelling.Fold(entry.Key.Text), telling)).FirstOrDefault(near => near is not null)
            : null;
        findings.Error(
            "E030", root is YamlNode.Mapping { Entries: [var first, ..] } ? first.Key : root, "what this file describes cannot be told from its keys.",
            "A rule has 'metric:' and 'threshold:', a service 'name:' and 'metrics_url:', a roster 'channels:', a policy 'guardrails:'; or say it with 'kind:'.", suggestion);
        return null;
    }
}
