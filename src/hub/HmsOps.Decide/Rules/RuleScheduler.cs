using System.Collections.Immutable;
using HmsOps.Decide.Alerts;
using HmsOps.Ledger;
using HmsOps.PromQL;
using HmsOps.Record;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;
using HmsOps.Series;
using HmsOps.Workspace;
using HmsOps.Workspace.Rules;
using Microsoft.Extensions.Logging;

namespace HmsOps.Decide.Rules;

/// <summary>
/// The one scheduler. On every whole second it looks at the rules if a sample came, on every interval it ticks; what a rule's alerts have to enter goes into the
/// ledger, one batch an evaluation. A rule that cannot be evaluated holds its state and says why; the others go on.
/// </summary>
public sealed partial class RuleScheduler(
    Func<WorkspaceVersion> workspace, PromEngine engine, Func<long> appended, Journal journal, IIds ids, TimeProvider time, ILogger<RuleScheduler> log)
{
    private const string Actor = "system:decide";

    // Verdicts come within a second of the sample.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly RuleReader _reader = new(engine);
    private ImmutableSortedDictionary<string, RuleStanding> _standings = ImmutableSortedDictionary.Create<string, RuleStanding>(StringComparer.Ordinal);
    private long _appendedSeen = -1;
    private DateTimeOffset _tickedAt = DateTimeOffset.MinValue;

    /// <summary>What each rule said last, by rule id, for the screens. Immutable.</summary>
    public IReadOnlyDictionary<string, RuleStanding> Standings => Volatile.Read(ref _standings);

    /// <summary>When rules were last evaluated.</summary>
    public DateTimeOffset? LastTurn { get; private set; }

    /// <summary>Evaluates until stopped.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var now = time.GetUtcNow();
            var due = Floor(now, LookEvery) + LookEvery;
            await Task.Delay(due - now, time, stopping);
            await TurnAsync(Floor(time.GetUtcNow(), LookEvery), stopping);
        }
    }

    /// <summary>One turn at a whole second. A turn that comes late is still a tick if a tick was due since the last one.</summary>
    public async Task TurnAsync(DateTimeOffset at, CancellationToken stopping)
    {
        var version = workspace();
        var tick = Floor(at, version.Interval) > _tickedAt;
        var came = appended();
        if (!tick && came == _appendedSeen)
            return;
        _appendedSeen = came;
        if (tick)
            _tickedAt = at;

        var state = journal.State;
        var drafts = new List<EventDraft>();
        foreach (var rule in version.Rules)
            drafts.AddRange(Evaluate(rule, version, state, at, tick, stopping));
        drafts.AddRange(Orphans(version, state, at));
        LastTurn = at;
        if (drafts.Count == 0)
            return;
        try
        {
            await journal.WriteAllAsync(drafts, stopping);
        }
        catch (LedgerUnavailableException e)
        {
            // Nothing was entered, so nothing changed: the next turn finds the same and tries again.
            LogNotEntered(drafts.Count, e.Message);
        }
    }

    private List<EventDraft> Evaluate(
        Rule rule, WorkspaceVersion version, RecordState state, DateTimeOffset at, bool tick, CancellationToken stopping)
    {
        var drafts = new List<EventDraft>();
        var begun = time.GetTimestamp();
        try
        {
            var readings = _reader.Read(rule, state, at, stopping);
            foreach (var reading in readings)
            {
                foreach (var step in AlertMachine.Step(rule, state.Alerts.GetValueOrDefault(reading.Alert.Key), reading.Reading, tick))
                    Enter(drafts, rule, version, state, reading.Alert, step, stopping);
            }
            Stand(rule, new RuleStanding(at, Worst(rule, readings), Error: null, time.GetElapsedTime(begun)));
        }
        catch (Exception e) when (e is PromEvaluationException or QueryBudgetException)
        {
            drafts.Clear();
            if (_standings.GetValueOrDefault(rule.Id)?.Error != e.Message)
                LogCannotEvaluate(rule.Citation, e.Message);
            Stand(rule, new RuleStanding(at, null, e.Message, time.GetElapsedTime(begun)));
        }
        return drafts;
    }

    private void Enter(
        List<EventDraft> drafts, Rule rule, WorkspaceVersion version, RecordState state, AlertRef alert, AlertStep step, CancellationToken stopping)
    {
        var before = state.Alerts.GetValueOrDefault(alert.Key);
        OpsEvent happened = step switch
        {
            AlertStep.Pends s => new AlertPending(alert, s.Value, s.At),
            AlertStep.Fires s => new AlertFired(
                alert, s.Value, rule.Threshold, rule.Op.Sign(), rule.Unit, rule.Window, rule.PromQL, rule.Severity, rule.Action?.Text, rule.Action?.Script,
                rule.Notify, rule.Runbook, rule.Citation, version.Hash, s.At, _reader.Evidence(rule, alert, s.At, stopping)),
            AlertStep.Recovers s => new AlertRecovering(alert, Recovering: true, s.Value, s.At),
            AlertStep.Relapses s => new AlertRecovering(alert, Recovering: false, s.Value, s.At),
            AlertStep.Resolves s => new AlertResolved(alert, s.Value, rule.Unit, s.Reason, s.At),
            AlertStep.Drops s => new AlertDropped(alert, s.At),
            AlertStep.LosesSight s => new AlertLostSight(alert, Blind: true, s.At),
            AlertStep.Sees s => new AlertLostSight(alert, Blind: false, s.At),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        if (happened is AlertFired fired)
            Fire(drafts, alert, fired);
        else if (happened is AlertResolved resolved)
            Resolve(drafts, state, before, resolved);
        else
            drafts.Add(new EventDraft(happened, Actor) { Cause = before?.FireId });
    }

    /// <summary>The verdict and who is to be told: one batch, so neither is ever there without the other.</summary>
    private void Fire(List<EventDraft> drafts, AlertRef alert, AlertFired fired)
    {
        var id = ids.NewId(fired.At);
        var episode = $"alert/{alert.Key}/{fired.At.ToUnixTimeMilliseconds()}";
        drafts.Add(new EventDraft(fired, Actor) { Id = id, Key = episode });
        foreach (var receiver in fired.Notify)
            drafts.Add(PageOf(episode, "fire", receiver, id, fired.At));
    }

    /// <summary>Whoever was told that it fired is told that it is over.</summary>
    private static void Resolve(List<EventDraft> drafts, RecordState state, AlertState? before, AlertResolved resolved)
    {
        drafts.Add(new EventDraft(resolved, Actor) { Cause = before?.FireId });
        if (before?.Episode is not { } episode || before.FireId is not { } cause)
            return;
        foreach (var page in state.Pages.Values.Where(p => p.Queued.Episode == episode && p.Queued.Kind == "fire"))
            drafts.Add(PageOf(episode, "resolve", page.Queued.Receiver, cause, resolved.At));
    }

    private static EventDraft PageOf(string episode, string kind, string receiver, Guid cause, DateTimeOffset at)
    {
        var key = $"page/{episode}/{kind}/{receiver}";
        return new EventDraft(new PageQueued(key, kind, receiver, episode, Text: null, at), Actor) { Cause = cause, Key = key };
    }

    /// <summary>Alerts whose rule is gone from the workspace end, and say so.</summary>
    private static IEnumerable<EventDraft> Orphans(WorkspaceVersion version, RecordState state, DateTimeOffset at)
    {
        var rules = version.Rules.Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
        var drafts = new List<EventDraft>();
        foreach (var alert in state.Alerts.Values.Where(a => a.IsActive && !rules.Contains(a.Alert.RuleId)))
        {
            if (alert.Phase == AlertPhase.Pending)
                drafts.Add(new EventDraft(new AlertDropped(alert.Alert, at), Actor));
            else
                Resolve(drafts, state, alert, new AlertResolved(alert.Alert, null, alert.Fired?.Unit ?? "", "rule removed", at));
        }
        return drafts;
    }

    private static double? Worst(Rule rule, IReadOnlyList<RuleReading> readings)
    {
        var values = readings.Where(r => r.Reading.Value is { } v && !double.IsNaN(v)).Select(r => r.Reading.Value);
        return rule.Op is Comparison.Less or Comparison.LessOrEqual ? values.Min() : values.Max();
    }

    private void Stand(Rule rule, RuleStanding standing) => Volatile.Write(ref _standings, _standings.SetItem(rule.Id, standing));

    private static DateTimeOffset Floor(DateTimeOffset at, TimeSpan grid) => new(at.UtcTicks - (at.UtcTicks % grid.Ticks), TimeSpan.Zero);

    [LoggerMessage(1, LogLevel.Warning, "rule {Rule} cannot be evaluated and keeps its state: {Reason}", EventName = "rule_cannot_evaluate")]
    private partial void LogCannotEvaluate(string rule, string reason);

    [LoggerMessage(2, LogLevel.Error, "{Count} verdicts could not be entered in the ledger and will be tried again: {Reason}", EventName = "verdicts_not_entered")]
    private partial void LogNotEntered(int count, string reason);
}

/// <summary>What a rule said last: its worst value, or why it cannot be evaluated.</summary>
/// <param name="At">When it was looked at.</param>
/// <param name="Value">The worst of its values; null where it has none.</param>
/// <param name="Error">Why it cannot be evaluated; null where it can.</param>
/// <param name="Took">How long that look took on the clock.</param>
public sealed record RuleStanding(DateTimeOffset At, double? Value, string? Error, TimeSpan Took);
