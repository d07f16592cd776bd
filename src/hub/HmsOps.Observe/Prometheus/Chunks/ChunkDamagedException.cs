namespace HmsOps.Observe.Prometheus.Chunks;

/// <summary>The bytes are no chunk of Prometheus', or one that holds what cannot be kept.</summary>
public sealed class ChunkDamagedException(string what) : Exception($"the chunk cannot be read: {what}")
{
    /// <summary>What is wrong, alone.</summary>
    public string What { get; } = what;
}
