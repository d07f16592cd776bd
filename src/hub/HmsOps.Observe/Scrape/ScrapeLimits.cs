using HmsOps.Observe.Wire;

namespace HmsOps.Observe.Scrape;

/// <summary>Limits of scraping: keys <c>limits.scrape.*</c>. What a service or job says itself can only be narrower.</summary>
public sealed record ScrapeLimits
{
    /// <summary>Bytes of a compressed answer, as they arrive.</summary>
    public int PackedMax { get; init; } = 8 << 20;

    /// <summary>Bytes of an answer, unpacked.</summary>
    public int DecodedMax { get; init; } = 64 << 20;

    /// <summary>Bytes of all answers that are read at one time.</summary>
    public long MemoryMax { get; init; } = 256 << 20;

    /// <summary>Samples of one scrape.</summary>
    public int SamplesMax { get; init; } = 50_000;

    public int LineBytesMax { get; init; } = 1 << 20;

    public LabelLimits Labels { get; init; } = new();

    /// <summary>Unpacked bytes for each packed one, past the first MiB.</summary>
    public const int RatioMax = 100;

    public const int RatioFrom = 1 << 20;
}
