using System.Text;
using HmsOps.Fuzz.Harness;
using HmsOps.Workspace;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>
/// Files of a workspace, each kind that is read. Beside the file lies a good one: it has to apply whatever becomes of the other, and every complaint has a place
/// inside the file it is about.
/// </summary>
static class WorkspaceDecoders
{
    const string Good = "metric: heap_bytes\nthreshold: 2GiB\nname: heap\n";

    public static readonly string[] YamlWords =
    [
        ":", ": ", "- ", "\n", "\n  ", "\t", "'", "\"", "{", "}", "[", "]", ",", "#", "&a ", "*a", "!!str ", "> ", "|", "|2-\n", "%", "@", "\0", "é", "😀", "\u2028", "\r", "~", "0", "<<: ", "---\n", "...\n", "? ", "null", "true", "1e3", ".inf",
        "0x1f", "2026-11-20", "${secret:x}", "\\u0000", "\uFEFF",
    ];

    static readonly WorkspaceVersion Before = WorkspaceReader.Read(WorkspaceSnapshot.Of(("alerts/heap.yml", Good)), previous: null);

    public static IReadOnlyList<Decoder> All =>
    [
        Of("rules", "alerts/a.yml", ["metric", "threshold", "rules", "resolve", "op", "window", "for", "name", "action", "ROLLBACK:DOCKET_RULE", "notify", "severity", "kind: rules", "a_ms < 500 over 1m", ">=", "runbook", "labels", "suppress", "500ms"],
            ["metric: county_api_ms\nthreshold: 1000\nwindow: 3m\nresolve: county_api_ms < 500 over 1m\naction: ROLLBACK:DOCKET_RULE\n", "rules:\n- {metric: a_ms.p95, threshold: 0.8s, resolve: a_ms < 500 over 1m}\n- metric: b\n  threshold: 5\n  op: >=\n"]),
        Of("roster", "roster.yaml", ["channels", "smtp", "webhook", "host", "from", "user", "password", "url", "port", "tls", "https://h.gov/", "a@b.gov"],
            ["channels:\n  smtp: {host: m.gov, from: a@b.gov, user: u, password: '${secret:smtp}'}\n  webhook: {url: https://h.gov/}\n"]),
        Of("policy", "policies/guardrails.yaml", ["guardrails", "rollback", "cooldown", "per_hour", "10m", "restart", "default"], ["# limits\nguardrails:\n  rollback: {cooldown: 10m, per_hour: 2}\n"]),
        Of("workspace", "workspace.yaml", ["strict", "interval", "external_labels", "false", "15s", "cluster"], ["strict: false\ninterval: 15s\nexternal_labels:\n  agency: opm\n"]),
        Of("service", "services/permit.yaml", ["name", "metrics_url", "http://permit:9100/metrics", "interval", "labels", "timeout", "relabel", "kind: service", "targets", "15s", "token", "basic_auth"],
            ["name: permit-svc\nmetrics_url: http://permit:9100/metrics\n", "kind: service\nname: permit-svc\nmetrics_url: http://permit:9100/metrics\ninterval: 15s\ntimeout: 5s\nlabels: {team: permit}\n"]),
        Of("prometheus", "prometheus.yml", ["scrape_configs", "job_name", "static_configs", "targets", "relabel_configs", "metric_relabel_configs", "source_labels", "regex", "replacement", "action", "drop", "labelmap", "hashmod", "modulus", "file_sd_configs", "http_sd_configs", "dns_sd_configs", "scheme", "params", "basic_auth", "global", "scrape_interval", "(.*):9100", "$1", "honor_labels"],
            ["global: {scrape_interval: 15s}\nscrape_configs:\n- job_name: node\n  static_configs:\n  - targets: [a:9100, b:9100]\n    labels: {env: prod}\n  relabel_configs:\n  - source_labels: [__address__]\n    regex: '(.*):9100'\n    target_label: instance\n    replacement: $1\n  - {action: drop, source_labels: [env], regex: test}\n"]),
    ];

    static Decoder Of(string kind, string path, IReadOnlyList<string> keys, IReadOnlyList<string> good) => new($"workspace-{kind}", input => Read(path, input))
    {
        Seeds = () => good.Select((text, i) => ($"{i}", Encoding.UTF8.GetBytes(text))),
        Words = [.. YamlWords, .. keys.Select(key => $"{key}: "), .. keys],
        InputBytesMax = 1024,
        AllocationBase = 1 << 20,
        AllocationPerByte = 20_000,
        Share = 10,
    };

    static Reading Read(string path, ReadOnlyMemory<byte> input)
    {
        var files = new Dictionary<string, ReadOnlyMemory<byte>> { [path] = input, ["alerts/heap.yml"] = Encoding.UTF8.GetBytes(Good) };
        var version = WorkspaceReader.Read(new WorkspaceSnapshot(files), Before);
        Unless(version.Rules.Any(rule => rule.Name == "heap" && rule.Source.File == "alerts/heap.yml"), "the other file does not apply");
        var file = version.Files.Single(each => each.Path == path);
        var isTaken = file.State == FileState.InForce;
        var said = version.Diagnostics.Where(each => each.File == path).ToList();
        Unless(isTaken || version.Rules.All(rule => rule.Source.File != path), "a file that is refused applies in part");
        Unless(isTaken != said.Any(each => each.Severity == Severity.Error || each.Code == "E090"), $"a file is {file.State}, and of it is said: {said.FirstOrDefault()?.ToString() ?? "nothing"}");
        var text = Encoding.UTF8.GetString(input.Span).TrimStart('\uFEFF');
        var lines = text.Replace("\r\n", "\n").Replace('\r', '\n').Split('\n');
        var digest = new Digest();
        foreach (var each in said)
        {
            Unless(each.Line >= 1 && each.Line <= lines.Length, $"{each} is on no line of {lines.Length}");
            Unless(each.Column >= 1 && each.Column <= lines[each.Line - 1].EnumerateRunes().Count() + 1, $"{each} is behind its line '{lines[each.Line - 1]}'");
            Unless((each.EndLine, each.EndColumn).CompareTo((each.Line, each.Column)) >= 0, $"{each} ends before it begins");
            Unless(!each.Message.Any(char.IsControl) && each.Fix.Length > 0, $"{each} has control characters, or no remedy");
            digest.Add(each.ToString());
        }
        digest.Add(version.Hash);
        return new Reading(isTaken, isTaken ? $"{version.Rules.Count} rules, {version.Scrapes.Count} scrapes" : $"{said[0].Code} {said[0].Message}", digest.Value);
    }
}
