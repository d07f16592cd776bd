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
    public DateTimeOffset? NextDue(RecordState state, WorkspaceVersion workspace)
    {
        var channels = channelsOf(workspace.Channels);
        return state.Pages.Values
            .Where(p => p is { Stage: PageStage.Queued, Tries.Count: > 0 } && !_sending.ContainsKey(p.Queued.Page))
            .Select(p => NextTry.Of(p, channels, time.GetUtcNow())?.At)
            .Min();
    }

    /// <summary>Waits for what is under way.</summary>
    public Task EndAsync() => Task.WhenAll(_sending.Values);

    private bool IsDue(Page page, IReadOnlyList<IChannel> channels, RecordState state)
    {
        // The page names its incident: it waits the moment until there is one.
        if (page.Queued.Episode is { } episode && !state.IncidentOfEpisode.ContainsKey(episode))
            return false;
        if (page.Stage == PageStage.Accepted)
            return false;
        var now = time.GetUtcNow();
        return NextTry.Of(page, channels, now) is { } next ? next.At <= now : page.Stage != PageStage.Undeliverable; // that nobody can carry it is entered once
    }

    private async Task SendAsync(Page page, IReadOnlyList<IChannel> channels, CancellationToken stopping)
    {
        try
        {
            if (NextTry.Of(page, channels, time.GetUtcNow()) is not { } next)
            {
                await NoChannelAsync(page, stopping);
                return;
            }
            var sending = new PageSending(page.Queued.Page, next.Channel.Kind, page.Attempts + 1, time.GetUtcNow());
            await EnterAsync(page, sending, stopping);
            var message = words.MessageOf(page, journal.State, journal.Log, possibleRepeat: page.Stage == PageStage.Sending);
            var outcome = await OutcomeAsync(next, message, stopping);
            await EnterAsync(page, ResultOf(page.Trying(sending), next.Channel, channels, outcome), stopping);
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

    /// <summary>What the channel says, within the time it has: one that hangs must not keep the page from the next.</summary>
    private async Task<SendOutcome> OutcomeAsync(NextTry next, PageMessage message, CancellationToken stopping)
    {
        using var late = new CancellationTokenSource(next.Within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, late.Token);
        try
        {
            return await next.Channel.SendAsync(message, either.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return new SendOutcome.Failed($"{next.Channel.Kind} did not answer within {next.Within.TotalSeconds:0} s");
        }
    }

    private OpsEvent ResultOf(Page page, IChannel channel, IReadOnlyList<IChannel> channels, SendOutcome outcome)
    {
        var now = time.GetUtcNow();
        switch (outcome)
        {
            case SendOutcome.Accepted taken:
                return new PageAccepted(page.Queued.Page, channel.Kind, taken.ProviderId, now);
            case SendOutcome.Failed failed:
                var rests = now + (failed.RetryAfter ?? BackOff((page.TriesOf(channel.Kind)?.Failures ?? 0) + 1));
                return Failing(failed.Reason, rejected: false, rests);
            case SendOutcome.Rejected rejected:
                return Failing(rejected.Reason, rejected: true, rests: null);
            default:
                throw new System.Diagnostics.UnreachableException();
        }

        PageFailed Failing(string reason, bool rejected, DateTimeOffset? rests)
        {
            LogFailed(page.Queued.Receiver, channel.Kind, reason);
            var failed = new PageFailed(page.Queued.Page, channel.Kind, reason, rejected, RetryAt: now, now, rests);
            return failed with { RetryAt = NextTry.Of(page.Failing(failed), channels, now)?.At };
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

    private TimeSpan BackOff(int failures)
    {
        var seconds = Math.Min(Math.Pow(2, failures - 1), RetryMax.TotalSeconds);
        return TimeSpan.FromSeconds(seconds * (0.8 + (0.4 * random.NextDouble())));
    }

    [LoggerMessage(1, LogLevel.Warning, "page to {Receiver} over {Channel} failed: {Reason}", EventName = "page_failed")]
    private partial void LogFailed(string receiver, string channel, string reason);

    [LoggerMessage(2, LogLevel.Error, "page {Page}: what became of it could not be entered: {Reason}", EventName = "page_not_entered")]
    private partial void LogNotEntered(string page, string reason);
}
