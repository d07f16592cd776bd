using HmsOps.Record;
using HmsOps.Record.Events;

namespace HmsOps.App.Running;

/// <summary>Prints the chapters' lines on standard output as their facts enter the ledger: <c>[16:07] ALERT county_api_ms 1580 ms (threshold 1000)  → paging…</c></summary>
internal sealed class ChapterConsole(Journal journal, TimeZoneInfo zone, Action<string> print)
{
    /// <summary>Prints what enters from now on.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var envelope in journal.FollowAsync(journal.State.Size, stopping))
            {
                foreach (var line in LinesOf(envelope))
                    print(Escaped($"[{TimeZoneInfo.ConvertTime(envelope.Time, zone):HH:mm}] {line}"));
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The hub stops.
        }
    }

    private IEnumerable<string> LinesOf(Envelope envelope) => envelope.Event switch
    {
        AlertFired fired => [ChapterLines.Paging(fired)],
        AlertResolved resolved => [ChapterLines.Resolved(resolved)],
        ActDone done when ScriptOf(done.Intent) is { } script => [ChapterLines.Exec(script, "success")],
        ActFailed failed when ScriptOf(failed.Intent) is { } script => [ChapterLines.Exec(script, failed.Unknown ? "unknown" : $"failed: {failed.Detail}")],
        ActSettled settled => ActedLine(journal.State.Acts.GetValueOrDefault(settled.Intent), settled.Outcome switch
        {
            "succeeded" => "executed",
            "superseded" => "not begun in time",
            var other => other,
        }),
        ActRefused => ActedLine(journal.State.Acts.GetValueOrDefault(envelope.Id), "refused"),
        _ => [],
    };

    private IEnumerable<string> ActedLine(Record.Projections.Act? act, string outcome)
    {
        var alert = journal.State.Alerts.Values.FirstOrDefault(a => a.Episode is not null && a.Episode == act?.Episode);
        if (act is null || alert?.Fired is not { } fired)
            return [];
        var verb = act.Title.Split(':')[0].ToLowerInvariant();
        var why = act.Refusal is { } refusal ? $": {refusal.Detail}" : "";
        return [ChapterLines.Acted(fired, $"{verb} {outcome}{why}")];
    }

    private string? ScriptOf(Guid intent) =>
        journal.State.Acts.GetValueOrDefault(intent)?.Plan?.Script is { } path ? Path.GetFileName(path) : null;

    // A metric's name is what someone sent: it may not move the cursor of whoever reads this.
    private static string Escaped(string line) => string.Concat(line.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));
}
