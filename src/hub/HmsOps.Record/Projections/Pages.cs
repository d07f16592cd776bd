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

    /// <summary>How each channel tried so far has done, in the order they were first tried.</summary>
    public IReadOnlyList<ChannelTries> Tries { get; init; } = [];

    /// <summary>Channels that will never take this page.</summary>
    public IReadOnlyList<string> GivenUp { get; init; } = [];

    public DateTimeOffset? RetryAt { get; init; }

    public string? LastFailure { get; init; }

    public DateTimeOffset? AcceptedAt { get; init; }

    public bool IsOpen => Stage is PageStage.Queued or PageStage.Sending;

    /// <summary>What is known of a channel; null when this page was never tried over it.</summary>
    public ChannelTries? TriesOf(string channel) => Tries.FirstOrDefault(t => t.Channel == channel);

    /// <summary>The page once a channel is being tried.</summary>
    public Page Trying(PageSending e) => this with
    {
        Stage = PageStage.Sending,
        Channel = e.Channel,
        Attempts = Attempts + 1,
        Tries = TriesOf(e.Channel) is null ? [.. Tries, new ChannelTries(e.Channel, e.At)] : Tries,
        RetryAt = null,
    };

    /// <summary>The page after a try that failed.</summary>
    public Page Failing(PageFailed e) => this with
    {
        Stage = e.RetryAt is null ? PageStage.Undeliverable : PageStage.Queued,
        Channel = e.Channel,
        Tries = [.. Tries.Select(t => t.Channel == e.Channel ? t with { Failures = t.Failures + 1, RestsUntil = e.RestsUntil ?? e.RetryAt } : t)],
        GivenUp = e.Rejected && !GivenUp.Contains(e.Channel) ? [.. GivenUp, e.Channel] : GivenUp,
        LastFailure = e.Reason,
        RetryAt = e.RetryAt,
    };
}

/// <summary>How one channel has done with one page.</summary>
/// <param name="Since">When it was first tried.</param>
/// <param name="Failures">Tries that failed.</param>
/// <param name="RestsUntil">Not to be tried again before that.</param>
public sealed record ChannelTries(string Channel, DateTimeOffset Since, int Failures = 0, DateTimeOffset? RestsUntil = null);

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
        PageSending e => Change(state, e.Page, p => p.Trying(e)),
        PageAccepted e => Change(state, e.Page, p => p with { Stage = PageStage.Accepted, Channel = e.Channel, AcceptedAt = e.At, LastFailure = null }),
        PageFailed e => Change(state, e.Page, p => p.Failing(e)),
        _ => state,
    };

    private static RecordState Change(RecordState state, string page, Func<Page, Page> change) => state with { Pages = state.Pages.Change(page, change) };
}
