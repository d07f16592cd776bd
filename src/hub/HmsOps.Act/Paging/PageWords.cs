using HmsOps.Ledger;
using HmsOps.Record;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;

namespace HmsOps.Act.Paging;

/// <summary>What a page says. Plain English; what is known, and who has to do what.</summary>
public sealed class PageWords(string publicUrl)
{
    /// <summary>The page as it leaves the hub.</summary>
    public PageMessage MessageOf(Page page, RecordState state, MerkleLog ledger, bool possibleRepeat)
    {
        var queued = page.Queued;
        var alert = state.Alerts.Values.FirstOrDefault(a => a.Episode is not null && a.Episode == queued.Episode);
        var incident = queued.Episode is { } episode ? state.IncidentOfEpisode.GetValueOrDefault(episode, "") : "";
        var facts = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["kind"] = queued.Kind,
            // A tree head with every page scatters what we cannot take back afterwards.
            ["ledger"] = $"{ledger.Size}:{ledger.Root.ToString()[..8]}",
        };
        if (incident.Length > 0)
            facts["incident_url"] = $"{publicUrl}/incidents/{incident}";
        if (alert?.Fired is { } fired)
            AddAlert(facts, fired, alert);
        return new PageMessage(queued.Page, incident, queued.Receiver, SubjectOf(queued, alert, incident), BodyOf(queued, alert, facts), possibleRepeat, facts);
    }

    private void AddAlert(SortedDictionary<string, string> facts, AlertFired fired, AlertState alert)
    {
        facts["alert"] = fired.Alert.Name;
        facts["value"] = ChapterLines.Quantity(fired.Value, fired.Unit);
        facts["threshold"] = ChapterLines.Quantity(fired.Threshold, fired.Unit);
        facts["severity"] = fired.Severity;
        facts["fired_at"] = fired.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ");
        if (alert.ResolvedAt is { } over)
            facts["resolved_at"] = over.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ");
        if (fired.Alert.Service is { } service)
            facts["service"] = service;
        if (fired.Alert.Metric is { } metric)
            facts["board_url"] = $"{publicUrl}/board/{Uri.EscapeDataString(metric)}";
        if (fired.Runbook is { } runbook)
            facts["runbook"] = runbook;
        if (fired.Action is { } action)
            facts["action"] = action;
    }

    private static string SubjectOf(PageQueued queued, AlertState? alert, string incident)
    {
        var what = (queued.Kind, alert?.Fired) switch
        {
            ("resolve", { } fired) when alert?.ResolvedValue is { } value => $"Over: {fired.Alert.Name} is back to {ChapterLines.Quantity(value, fired.Unit)}",
            ("resolve", { } fired) => $"Over: {fired.Alert.Name}",
            ("attention", _) => $"Someone needs to act: {queued.Text}",
            (_, { } fired) => ChapterLines.Alert(fired),
            _ => queued.Text ?? queued.Kind,
        };
        return incident.Length == 0 ? what : $"[{incident}] {what}";
    }

    private static string BodyOf(PageQueued queued, AlertState? alert, SortedDictionary<string, string> facts)
    {
        var lines = new List<string>();
        if (queued.Text is not null)
            lines.Add(queued.Text);
        if (alert?.Fired is { } fired)
        {
            var window = fired.Window is null ? "" : $" over {fired.Window}";
            lines.Add($"{fired.Alert.Name} was {ChapterLines.Quantity(fired.Value, fired.Unit)}{window}; the limit is {ChapterLines.Quantity(fired.Threshold, fired.Unit)}.");
            if (queued.Kind == "fire")
                lines.Add(fired.Action is { } action ? $"HMS-OPS does {action}, as the rule says." : "Nothing is done automatically: the rule names no action.");
        }
        foreach (var (title, fact) in new[] { ("Incident", "incident_url"), ("Board", "board_url"), ("Runbook", "runbook"), ("Ledger", "ledger") })
        {
            if (facts.TryGetValue(fact, out var value))
                lines.Add($"{title}: {value}");
        }
        return string.Join('\n', lines);
    }
}
