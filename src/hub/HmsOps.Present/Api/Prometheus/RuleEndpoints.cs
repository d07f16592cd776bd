using System.Globalization;
using System.Text.Json;
using HmsOps.Record.Projections;
using HmsOps.Series;
using HmsOps.Workspace.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary><c>/api/v1/rules</c>, <c>/api/v1/alerts</c> and <c>/api/v1/alertmanagers</c>: what is watched and what it says, a file of the workspace a group.</summary>
internal sealed class RuleEndpoints(PresentSources sources, PromDoor door)
{
    private const string Alerting = "alert";
    private const string Recording = "record";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/rules", http => door.AnswerAsync(http, Rules));
        routes.MapGet("/api/v1/alerts", http => door.AnswerAsync(http, Alerts));
        routes.MapGet("/api/v1/alertmanagers", http => door.AnswerAsync(http, static (_, json, _) =>
        {
            PromAnswer.WriteData(json, static data => // the hub tells people itself
            {
                data.WriteStartObject();
                data.WriteStartArray("activeAlertmanagers");
                data.WriteEndArray();
                data.WriteStartArray("droppedAlertmanagers");
                data.WriteEndArray();
                data.WriteEndObject();
            });
            return null;
        }));
    }

    private PromRefusal? Rules(PromParameters asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        var type = asked["type"];
        if (type is not ("" or Alerting or Recording))
            return PromRefusal.Bad("type", $"not supported value {PromRefusal.Quoted(type)}: alert or record");
        var filter = new RuleFilter([.. asked.All("rule_name[]")], [.. asked.All("rule_group[]")], [.. asked.All("file[]")]);
        var version = sources.Workspace();
        var alerts = sources.Journal.State.Alerts.Values.Where(alert => alert.IsActive).ToLookup(alert => alert.Alert.RuleId, StringComparer.Ordinal);
        var withoutAlerts = asked["exclude_alerts"] is "true" or "1";
        PromAnswer.WriteData(json, data =>
        {
            data.WriteStartObject();
            data.WriteStartArray("groups");
            foreach (var file in version.Rules.Where(rule => type != Recording && filter.Takes(rule)).GroupBy(rule => rule.Source.File, StringComparer.Ordinal))
            {
                data.WriteStartObject();
                data.WriteString("name", file.Key);
                data.WriteString("file", file.Key);
                data.WriteStartArray("rules");
                foreach (var rule in file)
                    Write(data, rule, withoutAlerts ? [] : alerts[rule.Id], alerts.Contains(rule.Id) ? alerts[rule.Id] : []);
                data.WriteEndArray();
                data.WriteNumber("interval", version.Interval.TotalSeconds);
                data.WriteNumber("limit", 0);
                data.WriteEndObject();
            }
            data.WriteEndArray();
            data.WriteEndObject();
        });
        return null;
    }

    private PromRefusal? Alerts(PromParameters asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        var rules = sources.Workspace().Rules.ToDictionary(rule => rule.Id, StringComparer.Ordinal);
        PromAnswer.WriteData(json, data =>
        {
            data.WriteStartObject();
            data.WriteStartArray("alerts");
            foreach (var alert in sources.Journal.State.Alerts.Values.Where(alert => alert.IsActive))
                Write(data, alert, rules.GetValueOrDefault(alert.Alert.RuleId));
            data.WriteEndArray();
            data.WriteEndObject();
        });
        return null;
    }

    private void Write(Utf8JsonWriter json, Rule rule, IEnumerable<AlertState> shown, IEnumerable<AlertState> active)
    {
        var standing = sources.RuleStanding(rule.Id);
        json.WriteStartObject();
        json.WriteString("state", active.Any(alert => alert.IsFiring) ? "firing" : active.Any() ? "pending" : "inactive");
        json.WriteString("name", rule.Name);
        json.WriteString("query", rule.PromQL);
        json.WriteNumber("duration", rule.For.TotalSeconds);
        json.WriteNumber("keepFiringFor", rule.KeepFiringFor.TotalSeconds);
        json.WriteStartObject("labels");
        json.WriteString("severity", rule.Severity);
        json.WriteEndObject();
        WriteAnnotations(json, rule);
        json.WriteStartArray("alerts");
        foreach (var alert in shown)
            Write(json, alert, rule);
        json.WriteEndArray();
        json.WriteString("health", standing is null ? "unknown" : standing.Error is null ? "ok" : "err");
        if (standing?.Error is { } error)
            json.WriteString("lastError", error);
        json.WriteString("lastEvaluation", Written(standing?.At ?? DateTimeOffset.MinValue));
        json.WriteNumber("evaluationTime", 0);
        json.WriteString("type", "alerting");
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, AlertState alert, Rule? rule)
    {
        json.WriteStartObject();
        json.WriteStartObject("labels");
        json.WriteString("alertname", alert.Alert.Name);
        foreach (var (name, value) in alert.Alert.Labels)
            json.WriteString(name, value);
        if (rule is not null && !alert.Alert.Labels.ContainsKey("severity"))
            json.WriteString("severity", rule.Severity);
        json.WriteEndObject();
        WriteAnnotations(json, rule);
        json.WriteString("state", alert.IsFiring ? "firing" : "pending");
        json.WriteString("activeAt", Written(alert.ActiveAt));
        if (alert.Fired is { } fired)
            json.WriteString("value", NumberText.Short(fired.Value));
        json.WriteEndObject();
    }

    private static void WriteAnnotations(Utf8JsonWriter json, Rule? rule)
    {
        json.WriteStartObject("annotations");
        if (rule?.Runbook is { } runbook)
            json.WriteString("runbook_url", runbook);
        json.WriteEndObject();
    }

    private static string Written(DateTimeOffset at) => at.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    /// <summary>Which rules are asked for; an empty list asks for all.</summary>
    private sealed record RuleFilter(IReadOnlyList<string> Names, IReadOnlyList<string> Groups, IReadOnlyList<string> Files)
    {
        public bool Takes(Rule rule) => IsIn(Names, rule.Name) && IsIn(Groups, rule.Source.File) && IsIn(Files, rule.Source.File);

        private static bool IsIn(IReadOnlyList<string> wanted, string name) => wanted.Count == 0 || wanted.Contains(name);
    }
}
