using HmsOps.Observe.Influx;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Otlp;
using HmsOps.PromQL;
using HmsOps.Record;
using HmsOps.Workspace;

namespace HmsOps.Present;

/// <summary>Everything this room reads from and hands to. It keeps nothing of its own: pages are made from these at each request.</summary>
public sealed record PresentSources
{
    public required TimeProvider Time { get; init; }

    public required Journal Journal { get; init; }

    /// <summary>The workspace version in force right now.</summary>
    public required Func<WorkspaceVersion> Workspace { get; init; }

    public required PromEngine PromQL { get; init; }

    public required Func<HubStatus> Hub { get; init; }

    /// <summary>Takes the body of <c>POST /metric</c>, at most 1 MiB of it, and answers for all its items.</summary>
    public required Func<ReadOnlyMemory<byte>, CancellationToken, Task<PushReply>> Push { get; init; }

    /// <summary>Takes the bodies of <c>POST /api/v1/write</c>.</summary>
    public required RemoteWriteIntake RemoteWrite { get; init; }

    /// <summary>Takes the bodies of <c>POST /write</c> and <c>/api/v2/write</c>.</summary>
    public required InfluxIntake Influx { get; init; }
    /// <summary>Takes what comes by <c>POST /v1/metrics</c> and by OTLP over gRPC.</summary>
    public required OtlpIntake Otlp { get; init; }

    /// <summary>How others reach this hub: links in what is copied out of pages begin with it.</summary>
    public required string PublicUrl { get; init; }

    /// <summary>The zone times are shown in.</summary>
    public required TimeZoneInfo Zone { get; init; }

    /// <summary>Names this hub answers to, without ports. Any other <c>Host</c> is refused: a page elsewhere could have pointed its own name at us.</summary>
    public required IReadOnlyList<string> Hosts { get; init; }

    /// <summary>The text of <c>/metrics</c>.</summary>
    public required Func<string> Metrics { get; init; }
}

/// <summary>How the hub itself is, at one instant.</summary>
public sealed record HubStatus
{
    public required HubStage Stage { get; init; }

    /// <summary>What is being done while starting or stopping, in words; null when ready.</summary>
    public string? Progress { get; init; }

    public required string Version { get; init; }

    public required string Name { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>What works worse than it should; empty when all is well.</summary>
    public IReadOnlyList<ImpairedPart> Impaired { get; init; } = [];

    /// <summary>A loop has not turned for half a minute: the hub wants to be restarted.</summary>
    public string? StuckLoop { get; init; }

    public long Series { get; init; }

    public long Samples { get; init; }

    /// <summary>What was refused since the start, by door and reason.</summary>
    public IReadOnlyList<RefusedCount> Refused { get; init; } = [];

    public long LedgerSize { get; init; }

    /// <summary>Root of the ledger's tree, hex.</summary>
    public string LedgerRoot { get; init; } = "";

    public long LogBytes { get; init; }

    /// <summary>The last 200 lines of the hub's own log, oldest first.</summary>
    public IReadOnlyList<string> Log { get; init; } = [];
}

/// <summary>Where the hub stands in its own life.</summary>
public enum HubStage
{
    Starting,
    Ready,
    Stopping,
}

/// <summary>One part that works worse than it should.</summary>
/// <param name="Part"><c>ledger</c>, <c>store</c>, <c>workspace</c>, <c>paging</c>, …</param>
/// <param name="State">One word: <c>read-only</c>, <c>late</c>, <c>errors</c>.</param>
/// <param name="Sentence">What it means.</param>
/// <param name="Remedy">What to do.</param>
public sealed record ImpairedPart(string Part, string State, string Sentence, string Remedy);

/// <summary>How often a door refused something, and why.</summary>
public sealed record RefusedCount(string Door, string Reason, long Count);

/// <summary>The answer to a push: an HTTP status and a JSON body.</summary>
public sealed record PushReply(int Status, ReadOnlyMemory<byte> Json);
