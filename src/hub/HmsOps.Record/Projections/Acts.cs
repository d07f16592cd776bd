using HmsOps.Record.Events;

namespace HmsOps.Record.Projections;

/// <summary>One intent, from the wish to its end; or a refusal, which ends at once.</summary>
public sealed record Act
{
    /// <summary>The id of the intend (or refuse) entry.</summary>
    public required Guid Id { get; init; }

    public required long Sequence { get; init; }

    public required string Verb { get; init; }

    public required string Lane { get; init; }

    public required string Title { get; init; }

    /// <summary>The episode it answers; null for a person's order.</summary>
    public required string? Episode { get; init; }

    public required int Generation { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Actor { get; init; }

    /// <summary>The plan; null for a refusal.</summary>
    public ActIntended? Plan { get; init; }

    public ActRefused? Refusal { get; init; }

    /// <summary>The latest attempt.</summary>
    public ActBegun? Begun { get; init; }

    public ActDone? Done { get; init; }

    public ActFailed? Failed { get; init; }

    public ActSettled? Settled { get; init; }

    public bool IsOpen => Plan is not null && Settled is null;

    /// <summary>The latest attempt was begun and nobody has said how it ended.</summary>
    public bool IsInFlight => IsOpen && Begun is not null && Done?.Attempt != Begun.Attempt && Failed?.Attempt != Begun.Attempt;
}

internal static class ActFold
{
    public static RecordState Fold(RecordState state, Envelope envelope) => envelope.Event switch
    {
        ActIntended e => Add(state, new Act
        {
            Id = envelope.Id,
            Sequence = envelope.Sequence,
            Verb = e.Verb,
            Lane = e.Lane,
            Title = e.Title,
            Episode = e.Episode,
            Generation = e.Generation,
            At = e.At,
            Actor = envelope.Actor,
            Plan = e,
        }),
        ActRefused e => Add(state, new Act
        {
            Id = envelope.Id,
            Sequence = envelope.Sequence,
            Verb = e.Verb,
            Lane = e.Lane,
            Title = e.Title,
            Episode = e.Episode,
            Generation = e.Generation,
            At = e.At,
            Actor = envelope.Actor,
            Refusal = e,
        }),
        ActBegun e => Change(state, e.Intent, a => a with { Begun = e }),
        ActDone e => Change(state, e.Intent, a => a with { Done = e }),
        ActFailed e => Change(state, e.Intent, a => a with { Failed = e }),
        ActSettled e => Change(state, e.Intent, a => a with { Settled = a.Settled ?? e }),
        _ => state,
    };

    private static RecordState Add(RecordState state, Act act) => state with { Acts = state.Acts.SetItem(act.Id, act) };

    private static RecordState Change(RecordState state, Guid intent, Func<Act, Act> change) => state with { Acts = state.Acts.Change(intent, change) };
}
