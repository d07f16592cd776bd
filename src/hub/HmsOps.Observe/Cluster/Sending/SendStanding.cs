namespace HmsOps.Observe.Cluster.Sending;

/// <summary>How sending stands.</summary>
public sealed record SendStanding
{
    /// <summary>Items the cluster has taken since the start: samples, exemplars, descriptions of metrics.</summary>
    public long Sent { get; init; }

    /// <summary>Items the cluster refused for good since the start.</summary>
    public long Refused { get; init; }

    /// <summary>Requests that were sent again since the start.</summary>
    public long Retries { get; init; }

    /// <summary>The version of remote write the cluster speaks; null before the first answer.</summary>
    public string? Version { get; init; }

    /// <summary>When the cluster took something last; null before the first time.</summary>
    public DateTimeOffset? LastArrival { get; init; }

    /// <summary>Why nothing arrives now and what to do, in a sentence; null while all is well.</summary>
    public string? Failure { get; init; }

    /// <summary>What was refused for good last: how many items, the first of them, and the cluster's words; null when nothing was.</summary>
    public string? LastRefusal { get; init; }
}
