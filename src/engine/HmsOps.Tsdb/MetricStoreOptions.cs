using HmsOps.Series;

namespace HmsOps.Tsdb;

/// <summary>Where a metric store lives and how much it may hold. Every number is a limit somebody can run into, refused by name.</summary>
public sealed record MetricStoreOptions
{
    // The segment's header page, and the heads of frame and payload.
    private const int FrameOverheadMax = 4_096 + 128;

    /// <summary>The folder of the log. Made if need be; one process at a time.</summary>
    public required string Folder { get; init; }

    /// <summary>How long ago an append must have been acknowledged to survive a power cut; zero: at once. A killed process loses nothing.</summary>
    public TimeSpan DurabilityWindow { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How far behind the clock a sample's time may lie.</summary>
    public TimeSpan LateWindow { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How far ahead of the clock a sample's time may lie.</summary>
    public TimeSpan AheadMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long samples can be read. Not shorter than <see cref="LateWindow"/>, and longer than <see cref="ObservedLife"/>.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(100);

    /// <summary>
    /// Bytes that the store may take on its disk, log and checkpoints included: beyond them the oldest blocks go, whole. What is not in a block yet stays.
    /// </summary>
    public long RetentionBytes { get; init; } = long.MaxValue;

    /// <summary>Late samples that wait in memory for a block; with so many they are not waited for any longer.</summary>
    public int LateSamplesMax { get; init; } = 1_000_000;

    /// <summary>Bytes of blocks written a second at most, when memory is sealed and when blocks are merged: queries use the disk too.</summary>
    public long SealBytesPerSecond { get; init; } = 64L << 20;

    /// <summary>Bytes of parts of blocks' indexes kept in memory.</summary>
    public long BlockCacheBytes { get; init; } = 64L << 20;

    /// <summary>Series held at a time.</summary>
    public int SeriesMax { get; init; } = 100_000;

    /// <summary>
    /// Samples held in memory, in units of about 16 bytes: a float weighs 1, a histogram 8 and 1 a bucket, a repeated histogram 1.
    /// What was accepted as an observation becomes a sample even where that passes the limit. What they take encoded, <see cref="MemoryMax"/> limits.
    /// </summary>
    public long SamplesMax { get; init; } = 20_000_000;

    /// <summary>Bytes that series and samples may take in memory. The last eighth is for series that are there: new ones are refused before.</summary>
    public long MemoryMax { get; init; } = 2L << 30;

    /// <summary>
    /// A secret number: who does not know it cannot make label sets that look alike to the store. A store that has a checkpoint goes on with the one it was
    /// made with.
    /// </summary>
    public UInt128 HashKey { get; init; }

    /// <summary>Exemplars held at a time, the newest; of up to 192 bytes each.</summary>
    public int ExemplarsMax { get; init; } = 100_000;

    /// <summary>
    /// Series that were forgotten leave the memory when they are so many, and three in ten of all; what is known of them is in blocks by then.
    /// </summary>
    public int ForgottenMin { get; init; } = 1000;

    /// <summary>A share of a walk has so many series at least: for fewer, another worker is not worth its start.</summary>
    public int ShareSeriesMin { get; init; } = 1_024;

    /// <summary>How often the store's memory may be written down whole, so that a restart does not read the log from the beginning.</summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>It is written only when the log has grown by this part of the last one: a checkpoint costs its bytes, and saves those of the log.</summary>
    public double CheckpointGrowth { get; init; } = 0.25;

    /// <summary>Resolution of new observed histograms; 5 keeps quantiles within 1.1 %.</summary>
    public int HistogramSchema { get; init; } = 5;

    /// <summary>Buckets of an observed histogram; over this neighbours are merged and the resolution halves.</summary>
    public int BucketsMax { get; init; } = 160;

    /// <summary>How long after its last observation an observed series still gets a sample every 15 s.</summary>
    public TimeSpan ObservedLife { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Ids of observations remembered at a time, for at most ten minutes each.</summary>
    public int IdsMax { get; init; } = 1_000_000;

    /// <summary>Bytes the log payload of one batch may take.</summary>
    public int BatchBytesMax { get; init; } = 8 * 1024 * 1024;

    /// <summary>Size of a segment of the log, which is taken from the disk when the segment is begun; a cut gives back whole segments.</summary>
    public long SegmentBytes { get; init; } = 9 * 1024 * 1024;

    /// <summary>Bytes that may wait for the disk; beyond them appending waits.</summary>
    public int PendingBytesMax { get; init; } = 32 * 1024 * 1024;

    /// <summary>With the limits that follow from so many bytes of memory: 2 KiB are held ready for each series.</summary>
    public MetricStoreOptions WithinMemory(long bytes) => this with
    {
        MemoryMax = Math.Max(1, bytes),
        SeriesMax = (int)Math.Clamp(bytes / 2048, 1, int.MaxValue / 2),
        SamplesMax = Math.Max(1, bytes / 4), // most of them are encoded, and take a byte or two
    };

    /// <summary>The first rule these options break; null when they break none.</summary>
    internal string? BrokenRule() => this switch
    {
        { Folder: null or "" } => $"{nameof(Folder)} is named.",
        _ when DurabilityWindow < TimeSpan.Zero || LateWindow < TimeSpan.Zero || AheadMax < TimeSpan.Zero || ObservedLife < TimeSpan.Zero =>
            "Windows are not negative.",
        _ when Retention < LateWindow || Retention <= ObservedLife =>
            $"{nameof(Retention)} is not shorter than {nameof(LateWindow)}, and longer than {nameof(ObservedLife)}.",
        _ when SeriesMax < 1 || SamplesMax < 1 || BucketsMax < 1 || IdsMax < 1 || MemoryMax < 1 || ExemplarsMax < 1 || BatchBytesMax < 1 || PendingBytesMax < 1
            || RetentionBytes < 1 || ForgottenMin < 1 || ShareSeriesMin < 1 || LateSamplesMax < 1 || SealBytesPerSecond < 1 || BlockCacheBytes < 1 =>
            "Limits are at least 1; 0 is never \"unlimited\".",
        _ when CheckpointEvery <= TimeSpan.Zero || !(CheckpointGrowth >= 0) =>
            $"{nameof(CheckpointEvery)} is longer than nothing, {nameof(CheckpointGrowth)} is not negative.",
        _ when HistogramSchema is < NativeHistogram.SchemaMin or > NativeHistogram.SchemaMax =>
            $"{nameof(HistogramSchema)} is between {NativeHistogram.SchemaMin} and {NativeHistogram.SchemaMax}.",
        _ when SegmentBytes - FrameOverheadMax < BatchBytesMax => $"{nameof(SegmentBytes)} is at least {FrameOverheadMax} more than {nameof(BatchBytesMax)}.",
        _ => null,
    };
}
