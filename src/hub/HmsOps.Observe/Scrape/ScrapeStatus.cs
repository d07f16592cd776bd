using HmsOps.Series;

namespace HmsOps.Observe.Scrape;

/// <summary>How a target was found at its last scrape. Immutable.</summary>
public sealed record ScrapeStatus
{
    public static ScrapeStatus Never { get; } = new();

    public TargetHealth Health { get; init; }

    public DateTimeOffset? At { get; init; }

    public TimeSpan Took { get; init; }

    /// <summary>Why it is down; empty when it is not.</summary>
    public string Error { get; init; } = "";

    /// <summary>The same as a word for counters.</summary>
    public string Code { get; init; } = "";

    /// <summary>What was not taken of an answer that was; empty when all was.</summary>
    public string Note { get; init; } = "";

    public int Samples { get; init; }
}

/// <summary>Whether a target answers.</summary>
public enum TargetHealth
{
    Unknown,
    Up,
    Down,
}

/// <summary>A target with how it is and what it says about its metrics.</summary>
public sealed record WatchedTarget(ScrapeTarget Target, ScrapeStatus Status, IReadOnlyList<MetricMetadata> Metadata);

/// <summary>Everything that is scraped, and what was found and is not.</summary>
public sealed record TargetList(IReadOnlyList<WatchedTarget> Active, IReadOnlyList<DroppedTarget> Dropped, IReadOnlyList<string> Problems)
{
    public static TargetList Empty { get; } = new([], [], []);
}
