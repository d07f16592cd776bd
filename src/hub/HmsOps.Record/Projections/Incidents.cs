using System.Collections.Immutable;
using HmsOps.Record.Events;

namespace HmsOps.Record.Projections;

/// <summary>What people work on: everything the ledger has about one thing that went wrong.</summary>
public sealed record Incident
{
    /// <summary><c>INC-2026-0042</c></summary>
    public required string Id { get; init; }

    public required string? Service { get; init; }

    public required string Title { get; init; }

    public required string Severity { get; init; }

    public required DateTimeOffset OpenedAt { get; init; }

    public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>Episodes of alerts that belong to it, in the order they joined.</summary>
    public ImmutableList<string> Episodes { get; init; } = [];

    /// <summary>The ledger's entries about it, in order: its timeline.</summary>
    public ImmutableSortedSet<long> Entries { get; init; } = [];

    public bool IsOpen => ResolvedAt is null;
}

internal static class IncidentFold
{
    public static RecordState Fold(RecordState state, Envelope envelope) => envelope.Event switch
    {
        IncidentOpened e => Join(
            state with
            {
                Incidents = state.Incidents.SetItem(e.Incident, new Incident
                {
                    Id = e.Incident,
                    Service = e.Service,
                    Title = e.Title,
                    Severity = e.Severity,
                    OpenedAt = e.At,
                }),
            },
            e.Incident, e.Episode, envelope),
        IncidentLinked e => Join(state, e.Incident, e.Episode, envelope),
        IncidentReopened e => Join(Change(state, e.Incident, i => i with { ResolvedAt = null }), e.Incident, e.Episode, envelope),
        IncidentResolved e => Note(Change(state, e.Incident, i => i with { ResolvedAt = e.At }), e.Incident, envelope.Sequence),
        _ => IncidentOf(state, envelope) is { } incident ? Note(state, incident, envelope.Sequence) : state,
    };

    /// <summary>An episode joins an incident, and what was entered about it before the incident had its number comes along.</summary>
    private static RecordState Join(RecordState state, string incident, string episode, Envelope envelope)
    {
        var entries = new List<long> { envelope.Sequence };
        foreach (var alert in state.Alerts.Values)
        {
            if (alert.Episode == episode && alert.FireSequence is { } fired)
                entries.Add(fired);
        }
        foreach (var page in state.Pages.Values)
        {
            if (page.Queued.Episode == episode)
                entries.Add(page.QueueSequence);
        }
        return Change(
            state with { IncidentOfEpisode = state.IncidentOfEpisode.SetItem(episode, incident) },
            incident,
            i => i with { Episodes = i.Episodes.Contains(episode) ? i.Episodes : i.Episodes.Add(episode), Entries = i.Entries.Union(entries) });
    }

    private static string? IncidentOf(RecordState state, Envelope envelope)
    {
        if (envelope.Incident is { } named)
            return named;
        var episode = envelope.Event switch
        {
            PageQueued e => e.Episode,
            PageSending e => state.Pages.GetValueOrDefault(e.Page)?.Queued.Episode,
            PageAccepted e => state.Pages.GetValueOrDefault(e.Page)?.Queued.Episode,
            PageFailed e => state.Pages.GetValueOrDefault(e.Page)?.Queued.Episode,
            AlertResolved e => state.Alerts.GetValueOrDefault(e.Alert.Key)?.Episode,
            AlertRecovering e => state.Alerts.GetValueOrDefault(e.Alert.Key)?.Episode,
            AlertLostSight e => state.Alerts.GetValueOrDefault(e.Alert.Key)?.Episode,
            _ => null,
        };
        return episode is null ? null : state.IncidentOfEpisode.GetValueOrDefault(episode);
    }

    private static RecordState Note(RecordState state, string incident, long sequence) =>
        Change(state, incident, i => i with { Entries = i.Entries.Add(sequence) });

    private static RecordState Change(RecordState state, string incident, Func<Incident, Incident> change) =>
        state with { Incidents = state.Incidents.Change(incident, change) };
}
