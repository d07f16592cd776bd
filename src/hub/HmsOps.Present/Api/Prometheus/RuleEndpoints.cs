using System.Globalization;
using System.Text.Json;
using HmsOps.Decide.Rules;
using HmsOps.Record.Projections;
using HmsOps.Series;
using HmsOps.Workspace.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary><c>/api/v1/rules</c>, <c>/api/v1/alerts</c> and <c>/api/v1/alertmanagers</c>: what is watched and what it says, a file of the workspace a group.</summary>
internal sealed class RuleEndpoints(PresentSources sources, PromDoor door)
{
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
        if (RuleSelection.Read(asked, out var selection) is { } unread)
            return unread;
        var version = sources.Workspace();
        if (selection.Page(version.Rules, out var groups, out var next) is { } gone)
            return gone;
        var alerts = sources.Journal.State.Alerts.Values.Where(alert => alert.IsActive).ToLookup(alert => alert.Alert.RuleId, StringComparer.Ordinal);
        PromAnswer.WriteData(json, data =>
        {
            data.WriteStartObject();
            data.WriteStartArray("groups");
            foreach (var group in groups)
                Write(data, group, version.Interval, alerts, selection.ExcludesAlerts);
            data.WriteEndArray();
            if (next is not null)
                data.WriteString("groupNextToken", next);
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

    private void Write(Utf8JsonWriter json, IGrouping<string, Rule> group, TimeSpan interval, ILookup<string, AlertState> alerts, bool excludesAlerts)
    {
        var standings = group.Select(rule => sources.RuleStanding(rule.Id)).ToList();
        json.WriteStartObject();
        json.WriteString("name", group.Key);
        json.WriteString("file", group.Key);
        json.WriteStartArray("rules");
        foreach (var (rule, standing) in group.Zip(standings))
            Write(json, rule, standing, alerts[rule.Id], excludesAlerts);
        json.WriteEndArray();
        json.WriteNumber("interval", interval.TotalSeconds);
        json.WriteNumber("limit", 0);
        json.WriteNumber("evaluationTime", standings.Sum(standing => standing?.Took.TotalSeconds ?? 0));
        json.WriteString("lastEvaluation", Written(standings.Max(standing => standing?.At) ?? DateTimeOffset.MinValue));
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Rule rule, RuleStanding? standing, IEnumerable<AlertState> active, bool excludesAlerts)
    {
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
        foreach (var alert in excludesAlerts ? [] : active)
            Write(json, alert, rule);
        json.WriteEndArray();
        json.WriteString("health", standing is null ? "unknown" : standing.Error is null ? "ok" : "err");
        if (standing?.Error is { } error)
            json.WriteString("lastError", error);
        json.WriteString("lastEvaluation", Written(standing?.At ?? DateTimeOffset.MinValue));
        json.WriteNumber("evaluationTime", standing?.Took.TotalSeconds ?? 0);
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
        if (alert is { Phase: AlertPhase.Recovering, FalseSince: { } since })
            json.WriteString("keepFiringSince", Written(since));
        json.WriteString("value", NumberText.Short(alert.Value));
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
}
