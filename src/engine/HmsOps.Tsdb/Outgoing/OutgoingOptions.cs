namespace HmsOps.Tsdb.Outgoing;

/// <summary>Where the queue of what is passed on lives, and how much it may hold.</summary>
public sealed record OutgoingOptions
{
    /// <summary>The least it may be given: so many segments.</summary>
    private const int SegmentsLeast = 4;

    /// <summary>Its folder. Made if need be; one process at a time.</summary>
    public required string Folder { get; init; }

    /// <summary>Bytes it may take on the disk; beyond them the oldest go unsent, counted.</summary>
    public long BytesMax { get; init; } = 8L << 30;

    /// <summary>How often what was taken is written to it.</summary>
    public TimeSpan WriteEvery { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Size of a segment of the queue: a cut gives back whole segments. A batch of the store fits into one.</summary>
    public long SegmentBytes { get; init; } = 16L << 20;

    /// <summary>An epoch has so many bytes at least: so much is read again at a restart, and goes at once when the queue is full.</summary>
    public long EpochBytes { get; init; } = 16L << 20;

    /// <summary>A secret number, as the store's.</summary>
    public UInt128 HashKey { get; init; }

    /// <summary>The first rule these options break; null when they break none.</summary>
    internal string? BrokenRule() =>
        BytesMax < SegmentsLeast * SegmentBytes ? $"{nameof(BytesMax)} is {SegmentsLeast} segments at least, {SegmentsLeast * SegmentBytes} bytes."
        : EpochBytes < 1 || WriteEvery <= TimeSpan.Zero ? $"{nameof(EpochBytes)} and {nameof(WriteEvery)} are more than nothing."
        : null;
}
