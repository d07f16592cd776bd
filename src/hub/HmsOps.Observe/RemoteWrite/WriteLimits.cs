using HmsOps.Observe.Wire;

namespace HmsOps.Observe.RemoteWrite;

/// <summary>Limits of the door <c>POST /api/v1/write</c>: keys <c>limits.write.*</c>.</summary>
public sealed record WriteLimits
{
    public int PackedBytesMax { get; init; } = 8 << 20;

    public int DecodedBytesMax { get; init; } = 32 << 20;

    /// <summary>Series of one request; as many metrics may be described in it.</summary>
    public int SeriesMax { get; init; } = 50_000;

    /// <summary>Samples of one request: a sample is at least 2 bytes on the wire and 28 in a batch, so bytes alone are no bound.</summary>
    public int SamplesMax { get; init; } = 1_000_000;

    /// <summary>Buckets of one histogram. Schema 8 over ten powers of two has 2,560.</summary>
    public int BucketsMax { get; init; } = 10_000;

    /// <summary>Bytes that all requests at the door hold together.</summary>
    public long MemoryBytesMax { get; init; } = 256L << 20;

    public LabelLimits Labels { get; init; } = new();

    /// <summary>Buckets of all histograms of a request: held, each takes 16 bytes, and one on the wire.</summary>
    internal int AllBucketsMax => DecodedBytesMax / 16;

    /// <summary>Exemplars of a request. They are held as objects.</summary>
    internal int ExemplarsMax => SeriesMax;

    /// <summary>Symbols of a request: a name and a value of a few labels each series, most of them shared.</summary>
    internal int SymbolsMax => (int)Math.Min(16L * SeriesMax, 4_000_000);
}
