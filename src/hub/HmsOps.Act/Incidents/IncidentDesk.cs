using HmsOps.Record;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;

namespace HmsOps.Act.Incidents;

/// <summary>Opens, joins and ends incidents: what the state asks for and does not have yet. Pure.</summary>
public static class IncidentDesk
{
    private const string Actor = "system:act";

    // Alerts within ten minutes on the same service belong together; a re-fire within a quarter of an hour is the same trouble.
    private static readonly TimeSpan JoinWithin = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ReopenWithin = TimeSpan.FromMinutes(15);

    /// <summary>The next entries, at most one an incident; ask again after they are in.</summary>
    public static IReadOnlyList<EventDraft> Missing(RecordState state, DateTimeOffset now)
    {
        foreach (var alert in state.Alerts.Values.OrderBy(a => a.FireSequence))
        {
            if (alert is { Episode: { } episode, Fired: { } fired } && !state.IncidentOfEpisode.ContainsKey(episode))
                return [Take(state, alert, episode, fired, now)];
        }
        return [.. state.Incidents.Values.Where(i => i.IsOpen && IsOver(state, i)).Select(i => End(i, now))];
    }

    private static EventDraft Take(RecordState state, AlertState alert, string episode, AlertFired fired, DateTimeOffset now)
    {
        var incident = state.Incidents.Values.LastOrDefault(i => i.IsOpen && IsAboutSame(state, i, alert) && fired.At - i.OpenedAt <= JoinWithin);
        if (incident is not null)
            return Draft(new IncidentLinked(incident.Id, episode, now), incident.Id, alert, $"incident/link/{episode}");
        var recent = state.Incidents.Values.LastOrDefault(i => !i.IsOpen && IsAboutSame(state, i, alert) && fired.At - i.ResolvedAt <= ReopenWithin);
        if (recent is not null)
            return Draft(new IncidentReopened(recent.Id, episode, now), recent.Id, alert, $"incident/reopen/{episode}");
        var id = $"INC-{fired.At.Year}-{state.Incidents.Count + 1:0000}";
        var title = $"{alert.Alert.Name} {ChapterLines.Quantity(fired.Value, fired.Unit)}, {Side(fired.Op)} {ChapterLines.Quantity(fired.Threshold, fired.Unit)}";
        return Draft(new IncidentOpened(id, alert.Alert.Service, title, fired.Severity, episode, now), id, alert, $"incident/open/{episode}");
    }

    private static EventDraft Draft(OpsEvent happened, string incident, AlertState alert, string key) =>
        new(happened, Actor) { Incident = incident, Cause = alert.FireId, Key = key };

    private static EventDraft End(Incident incident, DateTimeOffset now) =>
        new(new IncidentResolved(incident.Id, now), Actor) { Incident = incident.Id, Key = $"incident/resolve/{incident.Id}/{incident.Episodes.Count}" };

    /// <summary>The same service; where alerts carry none, the same alert.</summary>
    private static bool IsAboutSame(RecordState state, Incident incident, AlertState alert) =>
        incident.Service is not null || alert.Alert.Service is not null
            ? incident.Service == alert.Alert.Service
            : incident.Episodes.Any(e => e.StartsWith($"alert/{alert.Alert.Key}/", StringComparison.Ordinal));

    private static bool IsOver(RecordState state, Incident incident) =>
        !state.Alerts.Values.Any(a => a.IsFiring && a.Episode is { } episode && incident.Episodes.Contains(episode))
        && !state.Acts.Values.Any(a => a.IsOpen && a.Episode is { } episode && incident.Episodes.Contains(episode));

    private static string Side(string op) => op is "<" or "<=" ? "under" : "over";
}
