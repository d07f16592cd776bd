using HmsOps.Observe.Cluster.Reading;
using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.App.Settings;

/// <summary>The table of <c>hms-ops.yaml</c>. A nested key <c>late: {window}</c> is the setting <c>late.window</c>, the flag <c>--late-window</c> and the variable <c>HMS_LATE_WINDOW</c>.</summary>
public static class SettingsShape
{
    private const long GiB = 1L << 30;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Ever = TimeSpan.FromDays(36_500); // a century: longer is a slip of the hand

    public static readonly Key<IReadOnlyList<ListenAddress>> Listen = new(
        "listen", new ListType<ListenAddress>(new ListenAddressType(), "addresses like 127.0.0.1:9900"), "Where the hub answers. In this version: on this machine only.", "127.0.0.1:9900")
    { DefaultText = "127.0.0.1:9900" };

    public static readonly Key<string> Workspace = new("workspace", new TextType("a folder"), "What operators write. A relative path begins at the file that says it, else where the hub is started.", "./workspace")
    { DefaultText = "./workspace" };

    public static readonly Key<string> Data = new("data", new TextType("a folder"), "What the hub keeps.", "./data") { DefaultText = "./data" };

    public static readonly Key<string> Name = new("name", new TextType("a name"), "The hub's name in everything it signs or sends.", "opm/hub-1")
    { DefaultText = "<host name>/<8 random hex digits>, fixed at the first start" };

    public static readonly Key<TimeZoneInfo> TimeZone = new("timezone", new TimeZoneType(), "Zone of console lines, and of files that name none.", "America/New_York")
    { DefaultText = "the system's" };

    public static readonly Key<Uri> PublicUrl = new("public_url", new WebAddressType(), "Where people reach the hub: links in pages begin so.", "https://ops.opm.gov")
    { DefaultText = "http://<listen>" };

    public static readonly Key<LogLevel> LogLevel = new(
        "level", new ChoiceType<LogLevel>(
            ("debug", Microsoft.Extensions.Logging.LogLevel.Debug), ("info", Microsoft.Extensions.Logging.LogLevel.Information),
            ("warn", Microsoft.Extensions.Logging.LogLevel.Warning), ("error", Microsoft.Extensions.Logging.LogLevel.Error)),
        "From which level on the hub's own log is written.", "warn")
    { DefaultText = "info" };

    public static readonly Key<LogFormat> LogFormat = new(
        "format", new ChoiceType<LogFormat>(("text", Settings.LogFormat.Text), ("json", Settings.LogFormat.Json)), "Lines for people, or one object a line.", "json")
    { DefaultText = "text" };

    public static readonly Key<BoundRecord> Log = Group("log", "settings of the log", [LogLevel, LogFormat]);

    public static readonly Key<TimeSpan> DurabilityWindow = new(
        "window", new DurationType(TimeSpan.Zero, TimeSpan.FromMinutes(1)), "How much of what was acknowledged a power cut may cost; 0s costs nothing, and time.", "1s")
    { DefaultText = "1s" };

    public static readonly Key<BoundRecord> Durability = Group("durability", "settings of durability", [DurabilityWindow]);

    public static readonly Key<TimeSpan> LateWindow = new(
        "window", new DurationType(TimeSpan.Zero, Ever), "How old a sample may be when it arrives.", "24h")
    { DefaultText = "1d" };

    public static readonly Key<BoundRecord> Late = Group("late", "settings of late samples", [LateWindow]);

    public static readonly Key<TimeSpan> RetentionTime = new(
        "time", new DurationType(TimeSpan.FromHours(2), Ever), "How long the hub keeps metrics; 1d beside a cluster, unless written; raised to late.window when only that is written and longer.", "100d")
    { DefaultText = "100d" };

    public static readonly Key<long> RetentionBytes = new(
        "bytes", new SizeType(64 << 20, long.MaxValue), "How much of the disk metrics may take, log and checkpoints included; beyond it the oldest blocks go.", "200GiB")
    { DefaultText = "80 % of the volume" };

    public static readonly Key<BoundRecord> Retention = Group("retention", "settings of retention", [RetentionTime, RetentionBytes], ["logs", "traces"]);

    public static readonly Key<StorageKind> Storage = new(
        "storage", new ChoiceType<StorageKind>(("embedded", StorageKind.Embedded), ("remote", StorageKind.Remote)),
        "Where samples are kept for good: here, or in a cluster that speaks Prometheus' protocols; then the hub keeps the newest.", "remote")
    { DefaultText = "embedded" };

    public static readonly Key<Uri> RemoteWrite = new("write", new WebAddressType(), "Where the cluster takes remote write. With storage: remote it has to be there.", "http://victoria-metrics:8428/api/v1/write");

    public static readonly Key<Uri> RemoteQuery = new("query", new WebAddressType(), "What stands before the cluster's /api/v1/query.", "http://victoria-metrics:8428")
    { DefaultText = "remote.write without /api/v1/write" };

    public static readonly Key<Uri> RemoteRead = new("read", new WebAddressType(), "Where the cluster answers remote read, if it does; else samples are asked for as JSON.", "http://prometheus:9090/api/v1/read")
    { DefaultText = "none" };

    public static readonly Key<IReadOnlyList<KeyValuePair<string, string>>> RemoteHeaders = new(
        "headers", new MapType<string>(new TextType(), "a map of headers and values"), "What every request to the cluster carries.", "{Authorization: 'Bearer ${secret:cluster}'}")
    { DefaultText = "{}" };

    public static readonly Key<long> RemoteQueue = new(
        "queue", new SizeType(256 << 20, long.MaxValue), "Disk for what waits to be sent; beyond it the oldest goes unsent, counted.", "8GiB")
    { DefaultText = "8GiB" };

    public static readonly Key<ClusterPushdown> RemotePushdown = new(
        "pushdown", new ChoiceType<ClusterPushdown>(("auto", ClusterPushdown.Auto), ("always", ClusterPushdown.Always), ("never", ClusterPushdown.Never)),
        "Which expressions the cluster works out itself: those it answers as the hub does, all, none.", "never")
    { DefaultText = "auto" };

    public static readonly Key<BoundRecord> Remote = Group("remote", "settings of the cluster", [RemoteWrite, RemoteQuery, RemoteRead, RemoteHeaders, RemoteQueue, RemotePushdown]);

    public static readonly Key<long> QueryParallelism = new("parallelism", new CountType(1, 1_024), "How many cores queries may keep busy; rules have a thread of their own.", "4")
    { DefaultText = "as many as there are" };

    public static readonly Key<TimeSpan> QueryLookback = new(
        "lookback", new DurationType(TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)), "How old a sample may be and still be the current one, for queries and rules.", "5m")
    { DefaultText = "5m" };

    public static readonly Key<long> QueryCache = new("cache", new SizeType(0, 64 * GiB), "Memory for answers to range queries that are kept; 0 keeps none.", "64MiB") { DefaultText = "64MiB" };

    public static readonly Key<BoundRecord> Queries = Group("query", "settings of queries", [QueryParallelism, QueryLookback, QueryCache]);

    public static readonly Key<OnPoison> OnPoison = new(
        "on_poison", new ChoiceType<OnPoison>(("serve", Settings.OnPoison.Serve), ("exit", Settings.OnPoison.Exit)),
        "After the ledger could not be written: serve read-only, or end for the supervisor.", "exit")
    { DefaultText = "serve" };

    public static readonly Key<BoundRecord> Ledger = Group(
        "ledger", "settings of the ledger", [OnPoison], ["public", "key_file", "retention", "reserve", "witness", "store", "postgres"]);

    public static readonly Key<IReadOnlyList<KeyValuePair<string, SecretSource>>> Secrets = new(
        "secrets", new MapType<SecretSource>(new SecretSourceType(), "names, each with env:NAME, file:PATH or [program, argument]"),
        "What the names in ${secret:name} stand for.", "{smtp: env:SMTP_PASSWORD}")
    { DefaultText = "{}" };

    public static readonly Key<IReadOnlyList<string>> Hosts = new(
        "hosts", new ListType<string>(new TextType("a host name"), "a list of host names"), "Names by which the hub may be asked for; others are refused (DNS rebinding).", "[ops.opm.gov]")
    { DefaultText = "[<listen>, localhost]" };

    public static readonly Key<BoundRecord> Http = Group("http", "settings of HTTP", [Hosts], ["proxies", "tls"]);

    public static readonly Key<OptionalAddress> OtlpGrpc = new(
        "grpc", new OptionalAddressType(), "Where OTLP over gRPC is listened for: a port of its own.", "127.0.0.1:4317")
    { DefaultText = "127.0.0.1:4317" };

    public static readonly Key<BoundRecord> Otlp = Group("otlp", "settings of OTLP", [OtlpGrpc]);

    public static readonly Key<long> MetricBody = new("body", new SizeType(1, GiB), "Bytes of one post to /metric.", "1MiB") { DefaultText = "1MiB" };
    public static readonly Key<long> MetricItems = new("items", new CountType(1, 10_000_000), "Metrics of one post to /metric.", "10000") { DefaultText = "10000" };

    public static readonly Key<TimeSpan> MetricRead = new("read", new DurationType(Moment, Hour), "How long one post to /metric may take to arrive.", "30s") { DefaultText = "30s" };
    public static readonly Key<BoundRecord> Metric = Group("metric", "limits of /metric", [MetricBody, MetricItems, MetricRead]);

    public static readonly Key<TimeSpan> QueryTime = new("time", new DurationType(Moment, Hour), "How long one query of Prometheus' API may run.", "30s") { DefaultText = "30s" };
    public static readonly Key<BoundRecord> Query = Group("query", "limits of queries", [QueryTime], ["concurrent", "queue", "samples", "memory", "points", "series"]);

    public static readonly Key<long> LiveStreams = new("streams", new CountType(1, 100_000), "Event streams open at once.", "1000") { DefaultText = "1000" };
    public static readonly Key<BoundRecord> Live = Group("live", "limits of live streams", [LiveStreams]);

    public static readonly Key<long> ScrapePacked = new("packed", new SizeType(1, GiB), "Bytes of a target's compressed answer.", "8MiB") { DefaultText = "8MiB" };
    public static readonly Key<long> ScrapeDecoded = new("decoded", new SizeType(1, GiB), "Bytes of a target's answer, unpacked.", "64MiB") { DefaultText = "64MiB" };
    public static readonly Key<long> ScrapeMemory = new("memory", new SizeType(1 << 20, 64 * GiB), "Bytes of all answers that are read at one time.", "256MiB") { DefaultText = "256MiB" };
    public static readonly Key<long> ScrapeSamples = new("samples", new CountType(1, 10_000_000), "Samples of one scrape.", "50000") { DefaultText = "50000" };
    public static readonly Key<long> ScrapeLine = new("line", new SizeType(1, GiB), "Bytes of a line.", "1MiB") { DefaultText = "1MiB" };

    public static readonly Key<BoundRecord> Scrape = Group(
        "scrape", "limits of scrapes",
        [ScrapePacked, ScrapeDecoded, ScrapeMemory, ScrapeSamples, ScrapeLine]);

    // Buffers of one piece, with room behind their end, are the bound.
    private static readonly SizeType Body = new(1, GiB);

    public static readonly Key<long> WritePacked = new("packed", Body, "Bytes of one request of remote write, as it arrives.", "8MiB") { DefaultText = "8MiB" };
    public static readonly Key<long> WriteDecoded = new("decoded", Body, "Bytes of one request of remote write, unpacked.", "32MiB") { DefaultText = "32MiB" };
    public static readonly Key<long> WriteSeries = new("series", new CountType(1, 10_000_000), "Series of one request of remote write.", "50000") { DefaultText = "50000" };
    public static readonly Key<long> WriteSamples = new("samples", new CountType(1, 100_000_000), "Samples of one request of remote write.", "1000000") { DefaultText = "1000000" };
    public static readonly Key<long> WriteBuckets = new("buckets", new CountType(1, 1_000_000), "Buckets of one native histogram.", "10000") { DefaultText = "10000" };
    public static readonly Key<long> WriteMemory = new("memory", new SizeType(1, 64 * GiB), "Bytes that all requests of remote write hold together.", "256MiB") { DefaultText = "256MiB" };

    public static readonly Key<BoundRecord> Write = Group(
        "write", "limits of remote write", [WritePacked, WriteDecoded, WriteSeries, WriteSamples, WriteBuckets, WriteMemory]);

    public static readonly Key<long> InfluxPacked = new("packed", Body, "Bytes of one request of the line protocol, as it arrives.", "8MiB") { DefaultText = "8MiB" };
    public static readonly Key<long> InfluxDecoded = new("decoded", Body, "Bytes of one request of the line protocol, unpacked.", "32MiB") { DefaultText = "32MiB" };
    public static readonly Key<long> InfluxLine = new("line", new SizeType(1, GiB / 2), "Bytes of one line of the line protocol.", "1MiB") { DefaultText = "1MiB" };
    public static readonly Key<long> InfluxMemory = new("memory", new SizeType(1, 64 * GiB), "Bytes that all requests of the line protocol hold together.", "128MiB") { DefaultText = "128MiB" };

    public static readonly Key<BoundRecord> Influx = Group("influx", "limits of the line protocol", [InfluxPacked, InfluxDecoded, InfluxLine, InfluxMemory]);

    // In binary form a request may be twice as long, and has to fit one piece.
    public static readonly Key<long> OtlpPacked = new("packed", new SizeType(1, GiB / 2), "Bytes of one request of OTLP, as it arrives.", "8MiB") { DefaultText = "8MiB" };
    public static readonly Key<long> OtlpDecoded = new("decoded", new SizeType(1, GiB / 2), "Bytes of one request of OTLP, unpacked.", "32MiB") { DefaultText = "32MiB" };
    public static readonly Key<long> OtlpItems = new("items", new CountType(1, 10_000_000), "Data points of one request of OTLP.", "50000") { DefaultText = "50000" };
    public static readonly Key<long> OtlpSamples = new("samples", new CountType(1, 100_000_000), "Samples of one request of OTLP; each bucket of a classic histogram is one.", "1000000") { DefaultText = "1000000" };
    public static readonly Key<long> OtlpBuckets = new("buckets", new CountType(1, 1_000_000), "Buckets or quantiles of one data point.", "10000") { DefaultText = "10000" };
    public static readonly Key<long> OtlpMemory = new("memory", new SizeType(1, 64 * GiB), "Bytes that all requests of OTLP hold together.", "320MiB") { DefaultText = "320MiB" };

    public static readonly Key<BoundRecord> OtlpDoor = Group("otlp", "limits of OTLP", [OtlpPacked, OtlpDecoded, OtlpItems, OtlpSamples, OtlpBuckets, OtlpMemory]);

    public static readonly Key<long> LabelCount = new("count", new CountType(1, 1_000), "Labels of a series, by whichever bulk door or scrape it comes.", "64") { DefaultText = "64" };
    public static readonly Key<long> LabelName = new("name", new SizeType(1, 64 << 10), "Bytes of a label's name.", "256B") { DefaultText = "256B" };
    public static readonly Key<long> LabelValue = new("value", new SizeType(1, 64 << 10), "Bytes of a label's value.", "4KiB") { DefaultText = "4KiB" };
    public static readonly Key<long> LabelTotal = new("total", new SizeType(1, 64 << 10), "Bytes of a series' labels together.", "16KiB") { DefaultText = "16KiB" };

    public static readonly Key<BoundRecord> Label = Group("labels", "limits of labels", [LabelCount, LabelName, LabelValue, LabelTotal]);

    public static readonly Key<long> StoreMemory = new(
        "memory", new SizeType(16 << 20, 1024 * GiB), "Bytes of memory for series and samples; every 2 KiB are room for a series.", "4GiB")
    { DefaultText = "half of the memory there is" };

    public static readonly Key<BoundRecord> Store = Group("store", "limits of the metric store", [StoreMemory]);

    public static readonly Key<BoundRecord> Limits = Group(
        "limits", "limits", [Metric, Query, Live, Store, Write, Influx, Scrape, OtlpDoor, Label], ["script", "http", "yaml", "ledger", "sessions", "silences"]);

    /// <summary>The table.</summary>
    public static RecordShape Shape { get; } = new(
        "hms-ops.yaml", [Listen, Workspace, Data, Name, TimeZone, PublicUrl, Log, Durability, Late, Retention, Storage, Remote, Queries, Ledger, Secrets, Http, Otlp, Limits])
    {
        NotInThisVersion =
        [
            "source", "pull", "auth", "memory", "store", "process", "gateway", "heartbeat", "events", "forward", "synthetic",
        ],
    };

    /// <summary>Settings other versions have, whose variables are refused by name: a hub that was told to ask who is there must not start without asking.</summary>
    public static IReadOnlyList<string> OtherVersions { get; } =
    [
        "source", "auth.mode", "auth.access", "auth.session", "auth.idle", "memory.limit", "store.checkpoint", "store.summaries",
        "retention.bytes", "retention.logs", "retention.traces", "ledger.public", "ledger.key_file",
        "ledger.retention", "ledger.reserve", "ledger.store", "ledger.postgres", "process.ports", "process.on_stop", "gateway.if_abandoned", "heartbeat.url",
        "heartbeat.every", "events.rabbitmq", "events.exchange", "events.source_rate", "http.proxies", "http.tls", "forward.logs", "forward.traces",
    ];

    private static Key<BoundRecord> Group(string name, string words, IReadOnlyList<Key> keys, params IReadOnlyList<string> later) =>
        new(name, new RecordType(new RecordShape(words, keys) { NotInThisVersion = later }), $"The {words}.", "{}");
}

/// <summary>How the hub's own log is written.</summary>
public enum LogFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>One object a line.</summary>
    Json,
}

/// <summary>What the hub does once its ledger could not be written.</summary>
public enum OnPoison
{
    /// <summary>Serves read-only.</summary>
    Serve,

    /// <summary>Ends, for its supervisor to decide.</summary>
    Exit,
}

/// <summary>A time zone by its name in the system's data.</summary>
public sealed class TimeZoneType : ValueType<TimeZoneInfo>
{
    public override string Name => "a time zone like America/New_York";

    public override bool TryRead(YamlNode node, Findings findings, out TimeZoneInfo value)
    {
        value = TimeZoneInfo.Utc;
        if (node is not YamlNode.Scalar { IsNull: false } scalar || !TimeZoneInfo.TryFindSystemTimeZoneById(scalar.Text.Trim(), out var zone))
            return Refuse(node, findings, "Write a name of the time zone database, or UTC.");
        value = zone;
        return true;
    }

    public override string Write(TimeZoneInfo value) => value.Id;
}
