using HmsOps.Present.Readings;
using HmsOps.Present.Web.Charts;
using HmsOps.Present.Web.Words;
using HmsOps.Record;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;
using HmsOps.Workspace.Rules;

namespace HmsOps.Present.Web.Incidents;

/// <summary>What happened, why, whether it is over, and whether the record of it is genuine.</summary>
public sealed record IncidentModel
{
    public required Incident Incident { get; init; }

    public required string Title { get; init; }

    public required string Sentence { get; init; }

    /// <summary>Who must act; empty once it is over.</summary>
    public required string Need { get; init; }

    public required Moment Clock { get; init; }

    public ChartModel? Chart { get; init; }

    public required string? Metric { get; init; }

    public required IReadOnlyList<TimelineItem> Timeline { get; init; }

    /// <summary>Entries that were left out of a very long timeline.</summary>
    public required int Omitted { get; init; }

    public required IReadOnlyList<Page> Pages { get; init; }

    public required IReadOnlyList<AlertFired> Alerts { get; init; }

    public required IReadOnlyList<RecordedAct> Acts { get; init; }

    public required RecordProof Proof { get; init; }

    public static IncidentModel Of(
        Incident incident, RecordState state, IReadOnlyList<Envelope> entries, MetricReading? reading, Rule? rule, RecordProof proof, Moment clock)
    {
        var episodes = Episode.OfIncident(state, incident);
        var act = episodes.Select(e => e.Act).LastOrDefault(a => a is not null);
        return new IncidentModel
        {
            Incident = incident,
            Title = RecordWords.OfIncidentTitle(incident.Title),
            Sentence = Sentences.OfIncident(incident, episodes, clock.Now),
            Need = incident.IsOpen ? Sentences.NeedOf(act) : "",
            Clock = clock,
            Chart = reading is null
                ? null
                : ChartModel.Of(reading, state, rule, clock, live: incident.IsOpen, title: reading.Metric, emptyReason: reading.Problem ?? "The samples of that time are no longer kept."),
            Metric = reading?.Metric,
            Timeline = [.. entries.Select(e => TimelineItem.Of(e, state))],
            Omitted = incident.Entries.Count - entries.Count,
            Pages = [.. state.Pages.Values.Where(p => p.Queued.Episode is { } e && incident.Episodes.Contains(e)).OrderBy(p => p.QueueSequence)],
            Alerts = [.. entries.Select(e => e.Event).OfType<AlertFired>()],
            Acts = [.. episodes.SelectMany(e => e.Acts)],
            Proof = proof,
        };
    }
}

/// <summary>What the hub found when it checked the incident's entries against the ledger's tree.</summary>
/// <param name="Checked">Entries whose inclusion was proven, of <paramref name="Of"/>.</param>
/// <param name="Failed">The first entry that did not verify; null when all did.</param>
public sealed record RecordProof(int Checked, int Of, long Size, string Root, long? Failed);

/// <summary>One entry of a timeline.</summary>
public sealed record TimelineItem(long Sequence, DateTimeOffset At, string Actor, EntryWords Words, IReadOnlyList<(string Name, string Value, bool Code)> Evidence)
{
    public static TimelineItem Of(Envelope entry, RecordState state) =>
        new(entry.Sequence, entry.Time, entry.Actor, EnvelopeWords.Of(entry, state), EvidenceOf(entry.Event));

    private static IReadOnlyList<(string, string, bool)> EvidenceOf(OpsEvent happened) => happened switch
    {
        AlertFired e =>
        [
            ("PromQL", e.PromQL, true),
            ("Rule", e.Rule, false),
            ("Kept with it", $"{Quantity.Count(e.Evidence.Sparkline.Count, "value", "values")} of the {Quantity.Duration(e.Evidence.To - e.Evidence.From)} before", false),
        ],
        ActIntended e =>
        [
            ("Why", e.Reason, false),
            .. e.Guards.Select(g => (g.Allows ? "Guard, passed" : "Guard, refused", $"{RecordWords.OfGuard(g.Guard)}: {g.Detail}", false)),
            .. e.Script is { } script ? new[] { ("Script", script, true) } : [],
        ],
        ActDone { Output.Length: > 0 } e => [("Output", e.Output.TrimEnd(), true)],
        ActFailed { Output.Length: > 0 } e => [("Output", e.Output.TrimEnd(), true)],
        _ => [],
    };
}
