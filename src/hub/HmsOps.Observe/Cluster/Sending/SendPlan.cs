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
