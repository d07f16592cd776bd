using HmsOps.Record.Events;

namespace HmsOps.Record.Projections;

/// <summary>Where a page stands.</summary>
public enum PageStage
{
    /// <summary>Waits for its turn, or for its next try.</summary>
    Queued,

    /// <summary>A channel is being tried; after a restart: nobody knows whether it went out.</summary>
    Sending,

    /// <summary>The other side took it.</summary>
    Accepted,

    /// <summary>No channel is left to try.</summary>
    Undeliverable,
}

/// <summary>One call to one person.</summary>
public sealed record Page
{
    public required PageQueued Queued { get; init; }

    public required Guid QueueId { get; init; }

    public required long QueueSequence { get; init; }

    public required PageStage Stage { get; init; }

    /// <summary>Tries so far, over all channels.</summary>
    public int Attempts { get; init; }

    /// <summary>The channel tried last, or the one that took it.</summary>
    public string? Channel { get; init; }

    /// <summary>Tries of <see cref="Channel"/> that failed, one after another.</summary>
    public int FailuresInRow { get; init; }

    /// <summary>Channels that will never take this page.</summary>
    public IReadOnlyList<string> GivenUp { get; init; } = [];

    public DateTimeOffset? RetryAt { get; init; }

    public string? LastFailure { get; init; }

    public DateTimeOffset? AcceptedAt { get; init; }

    public bool IsOpen => Stage is PageStage.Queued or PageStage.Sending;
}

internal static class PageFold
{
    public static RecordState Fold(RecordState state, Envelope envelope) => envelope.Event switch
    {
        PageQueued e => state with
        {
            Pages = state.Pages.SetItem(e.Page, new Page
            {
                Queued = e,
                QueueId = envelope.Id,
                QueueSequence = envelope.Sequence,
                Stage = PageStage.Queued,
            }),
        },
        PageSending e => Change(state, e.Page, p => p with
        {
            Stage = PageStage.Sending,
            Channel = e.Channel,
            Attempts = p.Attempts + 1,
            FailuresInRow = p.Channel == e.Channel ? p.FailuresInRow : 0,
            RetryAt = null,
        }),
        PageAccepted e => Change(state, e.Page, p => p with { Stage = PageStage.Accepted, Channel = e.Channel, AcceptedAt = e.At, LastFailure = null }),
        PageFailed e => Change(state, e.Page, p => p with
        {
            Stage = e.RetryAt is null ? PageStage.Undeliverable : PageStage.Queued,
            Channel = e.Channel,
            FailuresInRow = p.FailuresInRow + 1,
            GivenUp = e.Rejected && !p.GivenUp.Contains(e.Channel) ? [.. p.GivenUp, e.Channel] : p.GivenUp,
            LastFailure = e.Reason,
            RetryAt = e.RetryAt,
        }),
        _ => state,
    };

    private static RecordState Change(RecordState state, string page, Func<Page, Page> change) => state with { Pages = state.Pages.Change(page, change) };
}
