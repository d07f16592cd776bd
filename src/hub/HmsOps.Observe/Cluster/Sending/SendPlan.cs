namespace HmsOps.Observe.Cluster.Sending;

/// <summary>Where samples go, and how many at a time.</summary>
public sealed record SendPlan
{
    /// <summary>Where the cluster takes remote write: <c>https://…/api/v1/write</c>.</summary>
    public required Uri Address { get; init; }

    /// <summary>Samples of one request.</summary>
    public int SamplesMax { get; init; } = 5_000;

    /// <summary>Bytes of one request before it is packed; more are sent in two.</summary>
    public int BytesMax { get; init; } = 16 << 20;

    /// <summary>How long the cluster may take to answer.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long is waited after a first failure; each further one doubles it.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest that is waited.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>When the hub is stopped, so long is waited for the answer to what is under way: without it, it is not known whether it arrived.</summary>
    public TimeSpan Farewell { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>How sending stands.</summary>
public sealed record SendStanding
{
    /// <summary>Samples the cluster has taken since the start.</summary>
    public long Sent { get; init; }

    /// <summary>Samples the cluster refused for good since the start.</summary>
    public long Refused { get; init; }

    /// <summary>Requests that were sent again since the start.</summary>
    public long Retries { get; init; }

    /// <summary>The message the cluster understands; null before the first answer.</summary>
    public string? Protocol { get; init; }

    /// <summary>When the cluster took something last; null before the first time.</summary>
    public DateTimeOffset? LastArrival { get; init; }

    /// <summary>Why nothing arrives now, in a sentence; null while all is well.</summary>
    public string? Failure { get; init; }

    /// <summary>The newest sample that was refused for good, and the cluster's words; null when there is none.</summary>
    public string? LastRefusal { get; init; }
}
