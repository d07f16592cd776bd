using HmsOps.Decide.Rules;
using HmsOps.Observe;
using HmsOps.Observe.Influx;
using HmsOps.Observe.Otlp;
using HmsOps.Observe.RemoteRead;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Scrape;
using HmsOps.Present.Api.Queries;
using HmsOps.PromQL;
using HmsOps.PromQL.Caching;
using HmsOps.Record;
using HmsOps.Series;
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

    /// <summary>Answers to range queries that are kept; null: none are.</summary>
    public RangeCache? Ranges { get; init; }

    /// <summary>What is asked just now, shared with who shows figures of it; null: this room makes a list of its own.</summary>
    public RunningQueries? Queries { get; init; }

    /// <summary>Runs what may keep a thread busy for long, where nobody waits behind it; at once and here where nobody says otherwise.</summary>
    public Func<Action, Task> RunQuery { get; init; } = static work =>
    {
        work();
        return Task.CompletedTask;
    };

    /// <summary>The series themselves, for those who read them as they are stored.</summary>
    public required ISeriesSource Series { get; init; }

    /// <summary>What a metric's maker says about it, where that is known.</summary>
    public Func<string, MetricMetadata?> Metadata { get; init; } = static _ => null;

    /// <summary>What makers say about all their metrics, in the order of names.</summary>
    public Func<IReadOnlyList<MetricMetadata>> AllMetadata { get; init; } = static () => [];

    /// <summary>Observations that stand for many, of the series that match.</summary>
    public Func<Selection, CancellationToken, IReadOnlyList<SeriesExemplars>> Exemplars { get; init; } = static (_, _) => [];

    /// <summary>What a rule said last, by its id; null before it was looked at.</summary>
    public Func<string, RuleStanding?> RuleStanding { get; init; } = static _ => null;

    /// <summary>The settings that have a name among Prometheus' flags, by that name.</summary>
    public Func<IReadOnlyList<KeyValuePair<string, string>>> Flags { get; init; } = static () => [];

    /// <summary>The settings in force as YAML, without secrets.</summary>
    public Func<string> Configuration { get; init; } = static () => "";

    public required Func<HubStatus> Hub { get; init; }

    public required PresentLimits Limits { get; init; }

    /// <summary>Where what is refused is counted.</summary>
    public required Refusals Refusals { get; init; }

    /// <summary>Takes the body of <c>POST /metric</c>, at most <see cref="PresentLimits.MetricBodyBytes"/> of it, and answers for all its items.</summary>
    public required Func<ReadOnlyMemory<byte>, CancellationToken, Task<PushReply>> Push { get; init; }

    /// <summary>What is scraped, and how it is.</summary>
    public Func<TargetList> Targets { get; init; } = static () => TargetList.Empty;

    /// <summary>The metric store as people order things of it; null until it is open.</summary>
    public Func<IStoreOrders?> Store { get; init; } = static () => null;

    /// <summary>Takes the bodies of <c>POST /api/v1/write</c>.</summary>
    public required RemoteWriteIntake RemoteWrite { get; init; }

    /// <summary>Answers <c>POST /api/v1/read</c>.</summary>
    public required RemoteReadOutlet RemoteRead { get; init; }

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

/// <summary>Limits of this room's doors, each a key below <c>limits:</c> of <c>hms-ops.yaml</c>.</summary>
public sealed record PresentLimits
{
    public static PresentLimits Default { get; } = new();

    /// <summary><c>limits.metric.body</c>: bytes of one post to <c>/metric</c>.</summary>
    public int MetricBodyBytes { get; init; } = 1 << 20;

    /// <summary><c>limits.metric.read</c>: how long that body may take to arrive. A slower sender holds a connection for nothing.</summary>
    public TimeSpan MetricRead { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Queries that run at once; reads of other stores have as many places of their own.</summary>
    public int QueriesAtOnce { get; init; } = 2 * Environment.ProcessorCount;

    /// <summary><c>limits.query.time</c>: how long one query of Prometheus' API may run.</summary>
    public TimeSpan QueryTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>limits.live.streams</c>: event streams open at once, of the live and of the ledger's address together.</summary>
    public int LiveStreams { get; init; } = 1_000;
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
