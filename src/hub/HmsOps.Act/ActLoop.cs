using System.Collections.Concurrent;
using HmsOps.Act.Commands;
using HmsOps.Act.Incidents;
using HmsOps.Act.Paging;
using HmsOps.Ledger;
using HmsOps.Record;
using HmsOps.Workspace;
using Microsoft.Extensions.Logging;

namespace HmsOps.Act;

/// <summary>
/// Does what the ledger says is still to be done: an incident for every episode, an intent or a refusal for every rule with an action, the end of every intent,
/// the way of every page. Level-triggered: it reads the folded state, so a restart needs no code of its own.
/// </summary>
public sealed partial class ActLoop(
    Journal journal, Func<WorkspaceVersion> workspace, Effector effector, PageSender pages, TimeProvider time, ILogger<ActLoop> log)
{
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAtLeastEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookWhileBusyEvery = TimeSpan.FromSeconds(1);

    // Read from outside while stopping.
    private readonly ConcurrentDictionary<Guid, Task> _effects = new();

    /// <summary>Completes when no effect is under way, or the token is cancelled.</summary>
    public async Task QuietAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_effects.Values).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The time is up; what is left stays an intent for the next start.
        }
    }

    /// <summary>When the loop last looked.</summary>
    public DateTimeOffset? LastTurn { get; private set; }

    /// <summary>
    /// Works until stopped; then what was begun gets to its end or stays an intent for the next start. From <paramref name="closing"/> on nothing new is intended or
    /// begun, and pages still leave.
    /// </summary>
    public async Task RunAsync(CancellationToken closing, CancellationToken stopping)
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                var seen = journal.State.Size;
                try
                {
                    await TurnAsync(closing, stopping);
                }
                catch (LedgerUnavailableException e)
                {
                    // Without a writable ledger nothing is done; what is there to do stays to be done.
                    LogCannotAct(e.Message);
                    await Task.Delay(RetryAfterFailure, time, stopping);
                    continue;
                }
                if (journal.State.Size == seen)
                    await WaitAsync(seen, stopping);
            }
        }
        finally
        {
            await Task.WhenAll(_effects.Values);
            await pages.EndAsync();
        }
    }

    private async Task TurnAsync(CancellationToken closing, CancellationToken stopping)
    {
        LastTurn = time.GetUtcNow();
        foreach (var draft in IncidentDesk.Missing(journal.State, time.GetUtcNow()))
            await journal.WriteAsync(draft, stopping);
        if (!closing.IsCancellationRequested)
        {
            foreach (var draft in Planner.Missing(journal.State, workspace(), time.GetUtcNow()))
                await journal.WriteAsync(draft, stopping);
        }
        foreach (var (id, task) in _effects.Where(e => e.Value.IsCompleted).ToList())
        {
            await task;
            _effects.TryRemove(id, out _);
        }
        if (!closing.IsCancellationRequested)
        {
            foreach (var act in journal.State.Acts.Values.Where(a => a.IsOpen && !_effects.ContainsKey(a.Id)).ToList())
                _effects[act.Id] = SettleAsync(act.Id, stopping);
        }
        pages.Turn(journal.State, workspace(), stopping);
    }

    private async Task SettleAsync(Guid intent, CancellationToken stopping)
    {
        try
        {
            await effector.RunAsync(intent, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The intent stays as it is in the ledger; the next start finds it.
        }
        catch (LedgerUnavailableException e)
        {
            LogNotSettled(intent, e.Message);
        }
    }

    /// <summary>Until the journal grows (an effect that ends enters it) or something falls due.</summary>
    private async Task WaitAsync(long seen, CancellationToken stopping)
    {
        var now = time.GetUtcNow();
        var due = Earliest(Planner.NextDue(journal.State), pages.NextDue(journal.State, workspace())) ?? now + LookAtLeastEvery;
        var wait = due - now;
        if (wait <= TimeSpan.Zero)
            wait = TimeSpan.FromMilliseconds(100); // due, and not done in this turn: something else has to come first
        // The last entry of an effect or a page wakes this loop a moment before its task has ended: look again soon while any is under way.
        var most = _effects.IsEmpty && !pages.IsBusy ? LookAtLeastEvery : LookWhileBusyEvery;
        if (wait > most)
            wait = most;
        await journal.GrownAsync(seen, wait, time, stopping);
    }

    private static DateTimeOffset? Earliest(DateTimeOffset? a, DateTimeOffset? b) => a is null ? b : b is null || a < b ? a : b;

    [LoggerMessage(1, LogLevel.Error, "nothing can be done while the ledger cannot be written: {Reason}", EventName = "cannot_act")]
    private partial void LogCannotAct(string reason);

    [LoggerMessage(2, LogLevel.Error, "intent {Intent} was carried out as far as possible and could not be settled: {Reason}", EventName = "not_settled")]
    private partial void LogNotSettled(Guid intent, string reason);
}
