using HmsOps.Observe.Wire;

namespace HmsOps.Observe.Otlp;

/// <summary>Limits of the doors <c>/v1/metrics</c> and OTLP over gRPC: keys <c>limits.otlp.*</c>.</summary>
public sealed record OtlpLimits
{
    public int PackedBytesMax { get; init; } = 8 << 20;

    public int DecodedBytesMax { get; init; } = 32 << 20;

    /// <summary>Data points of one request.</summary>
    public int ItemsMax { get; init; } = 50_000;

    /// <summary>Samples of one request: a data point of a classic histogram makes one a bucket.</summary>
    public int SamplesMax { get; init; } = 1_000_000;

    /// <summary>Buckets or quantiles of one data point, empty ones included.</summary>
    public int BucketsMax { get; init; } = 10_000;

    /// <summary>Bytes that all requests at the doors hold together.</summary>
    public long MemoryBytesMax { get; init; } = 320L << 20;

    /// <summary>Bytes of label sets that are remembered by what their senders wrote.</summary>
    public long RememberedBytesMax { get; init; } = 64L << 20;

    public LabelLimits Labels { get; init; } = new();

    /// <summary>Label bytes of one request's series: each bucket's series has all labels of its data point, so bytes on the wire are no bound.</summary>
    internal long KeyBytesMax => 2L * DecodedBytesMax;

    /// <summary>Buckets of all histograms of a request: held, each takes 16 bytes, and one on the wire.</summary>
    internal int AllBucketsMax => DecodedBytesMax / 16;

    /// <summary>Exemplars of a request. They are held as objects.</summary>
    internal int ExemplarsMax => ItemsMax;
}
