using System.Text.Json;
using HmsOps.Ledger;
using HmsOps.Observe.Push;
using HmsOps.Present;
using HmsOps.Record.Projections;
using HmsOps.Tsdb;

namespace HmsOps.App.Running;

/// <summary>The hub as the screens see it: its state in words, and its doors.</summary>
internal sealed class HubPage(Hub hub, HubLog log, TimeProvider time)
{
    private const int LogLinesShown = 200;

    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(30);

    /// <summary>How the hub is, now.</summary>
    public HubStatus Status() => new()
    {
        Stage = hub.Phase switch
        {
            HubPhase.Starting => HubStage.Starting,
            HubPhase.Ready => HubStage.Ready,
            _ => HubStage.Stopping,
        },
        Progress = hub.Phase switch
        {
            HubPhase.Starting => "replaying the metric log and reading the workspace",
            HubPhase.Stopping => "finishing what is running",
            _ => null,
        },
        Version = hub.Plan.Version,
        Name = hub.Name,
        StartedAt = hub.StartedAt,
        Impaired = [.. Impaired()],
        StuckLoop = Stuck(),
        Series = hub.Store?.Counts.Series ?? 0,
        Samples = hub.Store?.Counts.Samples ?? 0,
        Refused = [.. hub.Refusals.All.Select(r => new RefusedCount(r.Door, r.Reason, r.Count))],
        LedgerSize = hub.Journal.Log.Size,
        LedgerRoot = hub.Journal.Log.Root.ToString(),
        LogBytes = hub.Store?.Counts.LogBytes ?? 0,
        Log = log.Last(LogLinesShown),
    };

    /// <summary>Takes a body of <c>POST /metric</c>.</summary>
    public async Task<PushReply> PushAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var answer = await hub.Push.AcceptAsync(body, cancellationToken);
        return new PushReply(answer.Status, Json(answer));
    }

    private IEnumerable<ImpairedPart> Impaired()
    {
        var ledger = hub.Journal.Log;
        if (ledger.State != LedgerState.Writable)
        {
            yield return new ImpairedPart(
                "ledger", ledger.State.ToString().ToLowerInvariant(), $"Nothing is done automatically: {ledger.StateReason}",
                "Observing and showing go on. Mend the disk, then restart the hub");
        }
        if (hub.Store is { } store && store.State != MetricStoreState.Serving)
            yield return new ImpairedPart("store", "read-only", $"New samples are refused: {store.StateReason}", "Mend or free the disk, then restart the hub");
        if (hub.Store?.Counts.LastSealFailure is { } failure)
            yield return new ImpairedPart("store", "not sealing", $"Samples stay in memory and in the log: {failure}", "Free or mend the disk; hms-ops store verify names damage");
        var errors = hub.Workspace.Diagnostics.Where(d => d.Severity == HmsOps.Workspace.Severity.Error).ToList();
        if (errors.Count > 0)
            yield return new ImpairedPart("workspace", "errors", $"{errors.Count} {(errors.Count == 1 ? "error" : "errors")}; the last good versions stay in force. First: {errors[0]}", errors[0].Fix);
        var pages = hub.Journal.State.Pages.Values.Where(p => p.Stage == PageStage.Undeliverable || p is { IsOpen: true, LastFailure: not null }).ToList();
        if (pages.Count > 0)
        {
            yield return new ImpairedPart(
                "paging", "undelivered", $"{pages.Count} {(pages.Count == 1 ? "page" : "pages")} could not be delivered. First: to {pages[0].Queued.Receiver}: {pages[0].LastFailure}",
                "Look at channels: in roster.yaml, and at the mail server or web hook they name");
        }
        foreach (var rule in hub.Workspace.Rules)
        {
            if (hub.Scheduler.Standings.TryGetValue(rule.Id, out var standing) && standing.Error is { } error)
                yield return new ImpairedPart("rules", "cannot evaluate", $"{rule.Citation} keeps its state: {error}", "Narrow or mend the rule");
        }
    }

    private string? Stuck()
    {
        if (hub.Phase != HubPhase.Ready)
            return null;
        var now = time.GetUtcNow();
        if (now - (hub.Scheduler.LastTurn ?? hub.StartedAt) > StuckAfter + hub.Workspace.Interval)
            return "rules";
        return now - (hub.Acts.LastTurn ?? hub.StartedAt) > StuckAfter + StuckAfter ? "acts" : null;
    }

    private static byte[] Json(PushAnswer answer)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("taken", answer.Taken);
            if (answer.Error is not null)
                json.WriteString("error", answer.Error);
            json.WriteStartArray("refused");
            foreach (var refusal in answer.Refused)
            {
                json.WriteStartObject();
                json.WriteNumber("index", refusal.Index);
                json.WriteString("reason", refusal.Reason);
                json.WriteString("detail", refusal.Detail);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }
}
