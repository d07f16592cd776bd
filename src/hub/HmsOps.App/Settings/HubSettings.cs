using HmsOps.Observe.Influx;
using HmsOps.Observe.Otlp;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Scrape;

namespace HmsOps.App.Settings;

/// <summary>The hub's configuration, whole and valid. Immutable: a change is a restart.</summary>
public sealed record HubSettings
{
    public required IReadOnlyList<ListenAddress> Listen { get; init; }

    /// <summary>Absolute.</summary>
    public required string Workspace { get; init; }

    /// <summary>Absolute.</summary>
    public required string Data { get; init; }

    /// <summary>Null when none was given: the name fixed at the first start holds.</summary>
    public string? Name { get; init; }

    public required TimeZoneInfo TimeZone { get; init; }

    /// <summary>Null when none was given: http and the address that is listened on.</summary>
    public Uri? PublicUrl { get; init; }

    public required LogLevel LogLevel { get; init; }

    public required LogFormat LogFormat { get; init; }

    public required TimeSpan DurabilityWindow { get; init; }

    public required TimeSpan LateWindow { get; init; }

    public required TimeSpan RetentionTime { get; init; }

    /// <summary>Null: four fifths of the volume.</summary>
    public required long? RetentionBytes { get; init; }

    /// <summary>Null: half of the memory there is.</summary>
    public required long? StoreMemory { get; init; }

    /// <summary>The cluster that keeps samples for good; null: the hub does.</summary>
    public RemoteStorage? Remote { get; init; }

    /// <summary>Null: as many as there are cores.</summary>
    public required int? QueryParallelism { get; init; }

    /// <summary>How old a sample may be and still be the current one.</summary>
    public required TimeSpan QueryLookback { get; init; }

    /// <summary>Bytes of memory for answers that are kept.</summary>
    public required long QueryCache { get; init; }

    public required OnPoison OnPoison { get; init; }

    public required IReadOnlyDictionary<string, SecretSource> Secrets { get; init; }

    /// <summary>Names by which the hub may be asked for, besides the addresses it listens on.</summary>
    public required IReadOnlyList<string> Hosts { get; init; }

    /// <summary>Where OTLP over gRPC is listened for; null: nowhere.</summary>
    public ListenAddress? OtlpGrpc { get; init; }

    /// <summary>True when somebody wrote the address down, so that it has to be free.</summary>
    public bool OtlpGrpcIsWritten { get; init; }

    public required long MetricBodyBytes { get; init; }

    public required int MetricItems { get; init; }

    /// <summary>How long the body of a post to /metric may take.</summary>
    public required TimeSpan MetricRead { get; init; }

    /// <summary>How long one query may run.</summary>
    public required TimeSpan QueryTime { get; init; }

    public required int LiveStreams { get; init; }

    /// <summary>Limits of remote write.</summary>
    public required WriteLimits Write { get; init; }

    /// <summary>Limits of the line protocol.</summary>
    public required InfluxLimits Influx { get; init; }

    public ScrapeLimits Scrape { get; init; } = new();

    /// <summary>Limits of OTLP.</summary>
    public required OtlpLimits OtlpLimits { get; init; }
}
