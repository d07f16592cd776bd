using HmsOps.Ledger;
using HmsOps.Record;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;
using HmsOps.Workspace;
using HmsOps.Workspace.Paging;
using Microsoft.Extensions.Logging;

namespace HmsOps.Act.Paging;

/// <summary>
/// The outbox: every queued page goes out, over the channel its receiver names or over another, until someone has taken it. At least once; what a crash
/// left in doubt is sent again and marked so.
/// </summary>
public sealed partial class PageSender(
    Journal journal, Func<Channels, IReadOnlyList<IChannel>> channelsOf, PageWords words, TimeProvider time, Random random, ILogger<PageSender> log)
{
    private const string Actor = "system:act";
    private const int FailuresBeforeNextChannel = 3;
    private const int AtOnce = 16;

    private static readonly TimeSpan RetryMax = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Task> _sending = new(StringComparer.Ordinal);

    /// <summary>Begins whatever is due and not under way.</summary>
    public void Turn(RecordState state, WorkspaceVersion workspace, CancellationToken stopping)
    {
        foreach (var (key, task) in _sending.Where(s => s.Value.IsCompleted).ToList())
        {
            _sending.Remove(key);
            if (task.IsFaulted)
                task.GetAwaiter().GetResult(); // a bug: end the loop loudly
        }
        var channels = channelsOf(workspace.Channels);
        foreach (var page in state.Pages.Values.OrderBy(p => p.QueueSequence))
        {
            if (_sending.Count >= AtOnce)
                return;
            if (IsDue(page, channels, state) && !_sending.ContainsKey(page.Queued.Page))
                _sending[page.Queued.Page] = SendAsync(page, channels, stopping);
        }
    }

    /// <summary>True while a page is on its way.</summary>
    public bool IsBusy => _sending.Count > 0;

    /// <summary>When the next page that waits for another try is due.</summary>
    public static DateTimeOffset? NextDue(RecordState state) =>
        state.Pages.Values.Where(p => p.IsOpen).Select(p => p.RetryAt).Where(at => at is not null).Min();

    /// <summary>Waits for what is under way.</summary>
    public Task EndAsync() => Task.WhenAll(_sending.Values);

    private bool IsDue(Page page, IReadOnlyList<IChannel> channels, RecordState state)
    {
        // The page names its incident: it waits the moment until there is one.
        if (page.Queued.Episode is { } episode && !state.IncidentOfEpisode.ContainsKey(episode))
            return false;
        return page.Stage switch
        {
            PageStage.Queued => page.RetryAt is not { } at || time.GetUtcNow() >= at,
            PageStage.Sending => true, // not under way here: a crash fell in between
            PageStage.Undeliverable => Ladder(page, channels).Count > 0, // a channel was configured meanwhile
            _ => false,
        };
    }

    private async Task SendAsync(Page page, IReadOnlyList<IChannel> channels, CancellationToken stopping)
    {
        try
        {
            var ladder = Ladder(page, channels);
            if (ladder.Count == 0)
            {
                await NoChannelAsync(page, stopping);
                return;
            }
            var channel = Rung(page, ladder);
            var attempt = page.Attempts + 1;
            var doubtful = page.Stage == PageStage.Sending;
            await EnterAsync(page, new PageSending(page.Queued.Page, channel.Kind, attempt, time.GetUtcNow()), stopping);
            var outcome = await channel.SendAsync(words.MessageOf(page, journal.State, journal.Log, doubtful), stopping);
            await EnterAsync(page, ResultOf(page, channel, ladder, attempt, outcome), stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Nobody knows whether it went out: the next start sends it again, marked so.
        }
        catch (LedgerUnavailableException e)
        {
            LogNotEntered(page.Queued.Page, e.Message);
        }
    }

    private OpsEvent ResultOf(Page page, IChannel channel, IReadOnlyList<IChannel> ladder, int attempt, SendOutcome outcome)
    {
        var now = time.GetUtcNow();
        switch (outcome)
        {
            case SendOutcome.Accepted taken:
                return new PageAccepted(page.Queued.Page, channel.Kind, taken.ProviderId, now);
            case SendOutcome.Failed failed:
                LogFailed(page.Queued.Receiver, channel.Kind, failed.Reason);
                return new PageFailed(page.Queued.Page, channel.Kind, failed.Reason, Rejected: false, now + (failed.RetryAfter ?? BackOff(attempt)), now);
            case SendOutcome.Rejected rejected:
                LogFailed(page.Queued.Receiver, channel.Kind, rejected.Reason);
                DateTimeOffset? retry = ladder.Count > 1 ? now : null;
                return new PageFailed(page.Queued.Page, channel.Kind, rejected.Reason, Rejected: true, retry, now);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task NoChannelAsync(Page page, CancellationToken stopping)
    {
        if (page.Stage == PageStage.Undeliverable)
            return;
        var reason = page.GivenUp.Count > 0
            ? page.LastFailure ?? "every channel refused it"
            : $"no channel is configured for '{page.Queued.Receiver}': write channels: {{smtp: …}} or {{webhook: …}} in roster.yaml";
        LogFailed(page.Queued.Receiver, "no channel", reason);
        await EnterAsync(page, new PageFailed(page.Queued.Page, "none", reason, Rejected: false, RetryAt: null, time.GetUtcNow()), stopping);
    }

    private Task EnterAsync(Page page, OpsEvent happened, CancellationToken stopping) => journal.WriteAsync(
        new EventDraft(happened, Actor)
        {
            Cause = page.QueueId,
            Incident = page.Queued.Episode is { } episode ? journal.State.IncidentOfEpisode.GetValueOrDefault(episode) : null,
        },
        stopping);

    /// <summary>The channels that may carry a page, best first: mail for an address, and whatever else is there rather than nobody.</summary>
    private static List<IChannel> Ladder(Page page, IReadOnlyList<IChannel> channels)
    {
        var isAddress = page.Queued.Receiver.Contains('@');
        return [.. channels
            .Where(c => !page.GivenUp.Contains(c.Kind) && (isAddress || c.Kind != "smtp")) // mail needs an address
            .OrderBy(c => c.Kind == "smtp" == isAddress ? 0 : 1)];
    }

    /// <summary>The same channel until it failed three times in a row, then the next, round and round: a page is never dropped.</summary>
    private static IChannel Rung(Page page, List<IChannel> ladder)
    {
        var at = ladder.FindIndex(c => c.Kind == page.Channel);
        if (at < 0)
            return ladder[0];
        return page.FailuresInRow >= FailuresBeforeNextChannel ? ladder[(at + 1) % ladder.Count] : ladder[at];
    }

    private TimeSpan BackOff(int attempt)
    {
        var seconds = Math.Min(Math.Pow(2, attempt - 1), RetryMax.TotalSeconds);
        return TimeSpan.FromSeconds(seconds * (0.8 + (0.4 * random.NextDouble())));
    }

    [LoggerMessage(1, LogLevel.Warning, "page to {Receiver} over {Channel} failed: {Reason}", EventName = "page_failed")]
    private partial void LogFailed(string receiver, string channel, string reason);

    [LoggerMessage(2, LogLevel.Error, "page {Page}: what became of it could not be entered: {Reason}", EventName = "page_not_entered")]
    private partial void LogNotEntered(string page, string reason);
}
