using HmsOps.Observe.Cluster.Reading;

namespace HmsOps.App.Settings;

/// <summary>Where samples are kept for good.</summary>
public enum StorageKind
{
    /// <summary>In the hub's data folder.</summary>
    Embedded,

    /// <summary>In a cluster; the hub keeps the newest ones too.</summary>
    Remote,
}

/// <summary>The cluster that keeps the samples: keys <c>remote.*</c>.</summary>
public sealed record RemoteStorage
{
    /// <summary>Where it takes remote write.</summary>
    public required Uri Write { get; init; }

    /// <summary>What stands before <c>/api/v1/query</c>.</summary>
    public required Uri Query { get; init; }

    /// <summary>Where it answers remote read; null where it does not.</summary>
    public Uri? Read { get; init; }

    /// <summary>What each request carries, with <c>${secret:name}</c> in the values.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Bytes of disk for what waits to be sent.</summary>
    public required long Queue { get; init; }

    /// <summary>Which expressions the cluster works out.</summary>
    public ClusterPushdown Pushdown { get; init; }
}
