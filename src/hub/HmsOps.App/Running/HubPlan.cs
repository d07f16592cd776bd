using HmsOps.App.Settings;
using HmsOps.Observe.Influx;
using HmsOps.Observe.Otlp;
using HmsOps.Observe.Push;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Scrape;

namespace HmsOps.App.Running;

/// <summary>What the settings say, as the hub needs it.</summary>
public sealed record HubPlan
{
    /// <summary>The hub's name, if one was given: origin of a new ledger, source of its events. A ledger that exists keeps its own.</summary>
    public string? Name { get; init; }

    public required string Version { get; init; }

    public required string DataFolder { get; init; }

    public required string WorkspaceFolder { get; init; }

    /// <summary>Where links in pages lead.</summary>
    public required string PublicUrl { get; init; }

    /// <summary>The zone of the console's lines and of times on screens.</summary>
    public required TimeZoneInfo Zone { get; init; }

    public TimeSpan DurabilityWindow { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LateWindow { get; init; } = TimeSpan.FromHours(24);

    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(100);

    /// <summary>Bytes the metric store may take on its disk; beyond them its oldest blocks go.</summary>
    public long RetentionBytes { get; init; } = long.MaxValue;

    /// <summary>Bytes of memory the metric store may take.</summary>
    public long StoreMemory { get; init; } = 2L << 30;

    /// <summary>Bytes of memory that rules may take while they are evaluated.</summary>
    public long RulesMemory { get; init; } = 256L << 20;

    /// <summary>How old a sample may be and still be the current one.</summary>
    public TimeSpan LookBack { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The cluster that keeps samples for good; null: the hub does.</summary>
    public RemoteStorage? Remote { get; init; }

    public PushLimits Push { get; init; } = new();

    public ScrapeLimits Scrape { get; init; } = new();

    public WriteLimits Write { get; init; } = new();

    public InfluxLimits Influx { get; init; } = new();
    public OtlpLimits Otlp { get; init; } = new();
}
