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

    private static readonly TimeSpan BehindAfter = TimeSpan.FromMinutes(1);
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
        foreach (var part in ClusterParts())
            yield return part;
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

    private IEnumerable<ImpairedPart> ClusterParts()
    {
        if (hub.Cluster is not { Queue: { } queue, Sending: { } sending } cluster)
            yield break;
        if (queue.Broken is { } broken)
            yield return new ImpairedPart("cluster", "not queueing", $"New samples stay with the hub: {broken}", "Make room on the disk, or mend it, and restart the hub");
        if (sending.Failure is { } failure)
        {
            yield return new ImpairedPart(
                "cluster", "not sending", $"{failure}. {Waiting(queue)}", "What waits is sent when the cluster takes it again, in its order");
        }
        else if (queue.Since is { } since && time.GetUtcNow() - since > BehindAfter)
        {
            yield return new ImpairedPart("cluster", "behind", $"The cluster at {cluster.Address} takes samples, and has not caught up. {Waiting(queue)}", "Give it time; if what waits grows, the cluster is too slow or too far away");
        }
        if (queue.Dropped > 0)
        {
            yield return new ImpairedPart(
                "cluster", "samples unsent", $"{queue.Dropped} samples went unsent since the start, the oldest first: remote.queue of {queue.BytesMax >> 20} MiB was full", "The hub has those that retention.time still keeps. Mend the cluster, or raise remote.queue");
        }
        if (queue.Lost > 0)
            yield return new ImpairedPart("cluster", "queue damaged", $"{queue.Lost} samples that waited for the cluster were lost to damage on the disk", "The hub has those that retention.time still keeps. Look after the disk");
        if (cluster.Outage.Failure is { } unread)
            yield return new ImpairedPart("cluster", "not answering", unread, "Answers have what the hub keeps itself, and say so");
    }

    private static string Waiting(HmsOps.Series.QueueStanding queue) => queue.Since is { } since
        ? $"{queue.Waiting} samples wait since {since:yyyy-MM-dd HH:mm:ss}Z, {queue.Bytes >> 20} of {queue.BytesMax >> 20} MiB"
        : "Nothing waits";

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
