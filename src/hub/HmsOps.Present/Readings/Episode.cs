using HmsOps.Record.Projections;

namespace HmsOps.Present.Readings;

/// <summary>One time an alert fired, with what followed from it: pure reading of the record.</summary>
/// <param name="Key">Key of the fire entry.</param>
/// <param name="Alert">The alert, while this is its latest episode; null for an earlier one.</param>
/// <param name="Acts">What the hub did or refused to do about it, oldest first.</param>
/// <param name="Incident">The incident it belongs to; null before one is open.</param>
public sealed record Episode(
    string Key, string? Metric, string Name, DateTimeOffset FiredAt, DateTimeOffset? ResolvedAt, AlertState? Alert, IReadOnlyList<RecordedAct> Acts, Incident? Incident)
{
    public bool IsOver => ResolvedAt is not null;

    /// <summary>The act that counts: the latest.</summary>
    public RecordedAct? Act => Acts.Count > 0 ? Acts[^1] : null;

    /// <summary>Episodes that have a mark in the record, oldest first.</summary>
    public static IReadOnlyList<Episode> Of(RecordState state, Func<Mark, bool> which)
    {
        var found = new List<Episode>();
        foreach (var fired in state.Marks.Where(m => m.Kind == MarkKind.Fired && which(m)))
        {
            var resolved = state.Marks.FirstOrDefault(m => m.Kind == MarkKind.Resolved && m.Episode == fired.Episode);
            found.Add(new Episode(
                fired.Episode, fired.Metric, fired.Text, fired.At, resolved?.At,
                state.Alerts.Values.FirstOrDefault(a => a.Episode == fired.Episode),
                [.. state.Acts.Values.Where(a => a.Episode == fired.Episode).OrderBy(a => a.Sequence)],
                state.IncidentOfEpisode.TryGetValue(fired.Episode, out var id) ? state.Incidents.GetValueOrDefault(id) : null));
        }
        return found;
    }

    public static IReadOnlyList<Episode> OfMetric(RecordState state, string metric) => Of(state, m => m.Metric == metric);

    public static IReadOnlyList<Episode> OfIncident(RecordState state, Incident incident) => Of(state, m => incident.Episodes.Contains(m.Episode));
}
