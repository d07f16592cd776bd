using HmsOps.Observe.Wire;

namespace HmsOps.Observe.Influx;

/// <summary>Limits of the doors <c>/write</c> and <c>/api/v2/write</c>: keys <c>limits.influx.*</c>.</summary>
public sealed record InfluxLimits
{
    public int PackedBytesMax { get; init; } = 8 << 20;

    public int DecodedBytesMax { get; init; } = 32 << 20;

    public int LineBytesMax { get; init; } = 1 << 20;

    /// <summary>Bytes that all requests at these doors hold together.</summary>
    public long MemoryBytesMax { get; init; } = 128L << 20;

    public LabelLimits Labels { get; init; } = new();
}
