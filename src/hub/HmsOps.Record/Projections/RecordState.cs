using System.Collections.Immutable;

namespace HmsOps.Record.Projections;

/// <summary>
/// Everything the hub knows from its ledger, at one sequence: a pure fold of the envelopes, immutable, swapped in whole. Sorted collections only,
/// so that folding the same entries gives the same state on every machine.
/// </summary>
public sealed record RecordState
{
    /// <summary>Entries folded: the sequence of the next one.</summary>
    public long Size { get; init; }

    /// <summary>The latest episode of every alert that was ever active, by the alert's key.</summary>
    public ImmutableSortedDictionary<string, AlertState> Alerts { get; init; } = Sorted<AlertState>();

    /// <summary>Incidents by id.</summary>
    public ImmutableSortedDictionary<string, Incident> Incidents { get; init; } = Sorted<Incident>();

    /// <summary>Which incident an episode belongs to.</summary>
    public ImmutableSortedDictionary<string, string> IncidentOfEpisode { get; init; } = Sorted<string>();

    /// <summary>Intents by id, and refusals.</summary>
    public ImmutableSortedDictionary<Guid, Act> Acts { get; init; } = ImmutableSortedDictionary<Guid, Act>.Empty;

    /// <summary>Pages by key.</summary>
    public ImmutableSortedDictionary<string, Page> Pages { get; init; } = Sorted<Page>();

    /// <summary>The workspace version last applied, and what it refused.</summary>
    public Config Config { get; init; } = Config.None;

    /// <summary>What is drawn into charts: alerts and acts, oldest first, the last 10,000.</summary>
    public ImmutableList<Mark> Marks { get; init; } = [];

    /// <summary>The state before the first entry.</summary>
    public static RecordState Empty { get; } = new();

    /// <summary>The state after one more entry. Entries come in order, each once.</summary>
    public RecordState Fold(Envelope envelope)
    {
        if (envelope.Sequence != Size)
            throw new InvalidOperationException($"Entry {envelope.Sequence} was folded where {Size} was due.");
        var next = this with { Size = Size + 1 };
        next = AlertFold.Fold(next, envelope);
        next = ActFold.Fold(next, envelope);
        next = PageFold.Fold(next, envelope);
        next = ConfigFold.Fold(next, envelope);
        next = MarkFold.Fold(next, envelope);
        return IncidentFold.Fold(next, envelope); // last: it reads what the others made of the entry
    }

    private static ImmutableSortedDictionary<string, T> Sorted<T>() => ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);
}
