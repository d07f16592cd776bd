using HmsOps.LedgerVerifier;
using HmsOps.Present.Web.Words;
using HmsOps.Record;
using HmsOps.Record.Events;

namespace HmsOps.App.Demo;

/// <summary>
/// Makes the court slow and says what it sees happen, each line when it happens. What the hub decides it learns from the hub's ledger, over HTTP; the alert, the
/// script and the recovery are the hub's own lines.
/// </summary>
internal sealed class Director(CourtLoad load, DemoFolder folder, LedgerFollower ledger, Uri hub, int pace, TimeProvider time, Action<string> print)
{
    private const double LiftedAtMs = 1_000;

    private static readonly TimeSpan History = TimeSpan.FromSeconds(13); // with the start it is second 14: enough of a line to see it lift
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>Tells the story once, or again at each key 1.</summary>
    public async Task TellAsync(bool once, Keys keys, CancellationToken stopping)
    {
        await load.Watched.WaitAsync(stopping);
        print("+ county-court-api  watching");
        print($"  {CourtLoad.CallsPerSecond} calls a second to a county court, each timed and sent to the hub as {CourtLoad.Metric}");
        print($"  in {(History * pace).TotalSeconds:0} s a new docket rule makes the court slow; the hub is not told");
        await Task.Delay(History * pace, time, stopping);
        await using var entries = ledger.FollowAsync(stopping).GetAsyncEnumerator(stopping);
        while (true)
        {
            if (await BreakAsync(entries, stopping) is not { } incident)
                return; // the hub has gone
            await Task.Delay(Breath * pace, time, stopping);
            Verify();
            print("");
            print($"Open {new Uri(hub, $"board/{CourtLoad.Metric}")}   the spike and the recovery");
            print($"Open {new Uri(hub, $"incidents/{incident}")}   what was decided, what was done, who was told");
            if (once)
                return;
            print(Keys.ArePossible ? "Now you: 1 break it again · q quit" : "The court and the hub go on until Ctrl+C");
            keys.Forget();
            while (await keys.NextAsync(stopping) != '1')
            {
                // Other keys mean nothing here.
            }
        }
    }

    /// <summary>Ships v41 and waits until the hub calls its incident over; answers the incident, or null when the hub stopped before.</summary>
    private async Task<string?> BreakAsync(IAsyncEnumerator<Envelope> entries, CancellationToken stopping)
    {
        var before = load.Average;
        var counts = load.Counts;
        var brokenAt = time.GetUtcNow();
        folder.Rule.Put(DocketRule.Bad);
        print($"■ docket rule {DocketRule.Bad} went live");
        double? after;
        while ((after = load.Average) is null or < LiftedAtMs)
            await Task.Delay(LookEvery, time, stopping);
        print($"{CourtLoad.Metric} {Quantity.Of(before, "ms")} → {Quantity.Of(after, "ms")}");

        AlertFired? fired = null;
        while (await entries.MoveNextAsync())
        {
            var envelope = entries.Current;
            if (envelope.Time < brokenAt)
                continue;
            switch (envelope.Event)
            {
                case AlertFired alert:
                    fired = alert;
                    break;
                case ActIntended act when fired is not null:
                    print(WhyOf(fired, act));
                    break;
                case ActRefused or ActSettled { Outcome: not "succeeded" }:
                    print($"the hub did not take it back (its own line says why), so the demo does: docket rule {DocketRule.Good}");
                    folder.Rule.Put(DocketRule.Good);
                    break;
                case ActDone done:
                    print($"■ docket rule {DocketRule.Good} is live again, {(done.At - brokenAt).TotalSeconds:0} s after {DocketRule.Bad} came");
                    break;
                case IncidentResolved over:
                    var now = load.Counts;
                    print($"{over.Incident} resolved: {(over.At - brokenAt).TotalSeconds:0} s from break to recovery, "
                        + $"{now.Failed - counts.Failed} of {now.Calls - counts.Calls} calls failed");
                    return over.Incident;
            }
        }
        return null;
    }

    private static string WhyOf(AlertFired fired, ActIntended act) =>
        $"why: average {Quantity.InUnit(fired.Value, fired.Unit)} over {fired.Window} > {Quantity.InUnit(fired.Threshold, fired.Unit)}; "
        + $"{act.Title} decided, guards {act.Guards.Count(g => g.Allows)} of {act.Guards.Count}";

    private void Verify()
    {
        var report = Verifier.VerifyFolder($"{folder.Data}/ledger", time);
        print(report.Word == VerifyReport.Good
            ? $"ledger: {report.Entries} envelopes, verified offline in {report.Took.TotalMilliseconds:0} ms"
            : $"ledger: {report.Word}: {report.Damage?.What}");
    }
}
