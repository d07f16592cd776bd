namespace HmsOps.Disk;

/// <summary>What is said when a log is opened. Strictness, alignment and extension are written into each segment and must match later.</summary>
public sealed record FramedLogOptions
{
    /// <summary>The folder of the segments; made if need be.</summary>
    public required string Folder { get; init; }

    /// <summary>What follows the 20 digits of the first sequence in the name of a segment.</summary>
    public string Suffix { get; init; } = "";

    /// <summary>Frames start at multiples of this; a power of two up to 4096. A strict log needs whole sectors: 512 or more.</summary>
    public int Align { get; init; } = 1;

    /// <summary>
    /// True: what was acknowledged and does not check makes the log read-only, and is never dropped. False: a torn tail is cut, a bad frame
    /// is skipped and named, and the log always starts.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>What a failed flush does.</summary>
    public OnFlushFailure OnFlushFailure { get; init; }

    /// <summary>Size of a segment: that of its file from the beginning, with room on the disk a mebibyte at a time. The largest frame is this less the header page of 4096 bytes.</summary>
    public long SegmentBytes { get; init; } = 64 << 20;

    /// <summary>Bytes of the user's own between header and payload of every frame; a multiple of 8 up to 2040.</summary>
    public int ExtensionBytes { get; init; }

    /// <summary>16 bytes that name the log; a segment that has others belongs to another log and is refused.</summary>
    public required ReadOnlyMemory<byte> Origin { get; init; }

    /// <summary>
    /// Asked for 32 bytes when a segment is begun: the user's state before the frame whose write begins it (the ledger's tree root).
    /// Only where a failed flush poisons: a rolled segment begins in the past.
    /// </summary>
    public Func<ReadOnlyMemory<byte>>? SegmentState { get; init; }

    /// <summary>Is handed each segment at opening, with its stored state, before its frames.</summary>
    public SegmentReader? SegmentBegins { get; init; }

    /// <summary>Strict logs: frames with a sequence below this are known to have been durable, so one that is missing is damage, never a torn tail.</summary>
    public long AcknowledgedBelow { get; init; }

    /// <summary>The sequence of the first frame of an empty log. A tolerant log that ends below it goes on from here.</summary>
    public long FirstSequence { get; init; }

    /// <summary>The writer's fencing term, written into each segment.</summary>
    public long WriterEpoch { get; init; }

    /// <summary>The first rule the options break; null when they are good.</summary>
    internal string? BrokenRule() =>
        string.IsNullOrEmpty(Folder) ? $"{nameof(Folder)} is named."
        : Suffix is null ? $"{nameof(Suffix)} may be empty, not null."
        : Origin.Length != HeaderPage.OriginBytes ? $"{nameof(Origin)} has 16 bytes, not {Origin.Length}."
        : Align is <= 0 or > HeaderPage.Bytes || !int.IsPow2(Align) ? $"{nameof(Align)} is a power of two up to 4096, not {Align}."
        : Strict && Align < FrameLayout.SectorBytes ? $"A strict log needs an {nameof(Align)} of 512 or more: it tells tears by whole sectors."
        : ExtensionBytes is < 0 or > 2040 || ExtensionBytes % 8 != 0 ? $"{nameof(ExtensionBytes)} is a multiple of 8 up to 2040, not {ExtensionBytes}."
        : SegmentBytes is < 2 * HeaderPage.Bytes or > int.MaxValue ? $"{nameof(SegmentBytes)} is between 8 KiB and 2 GiB, not {SegmentBytes}."
        : FirstSequence < 0 ? $"{nameof(FirstSequence)} is not negative."
        : SegmentState is not null && OnFlushFailure != OnFlushFailure.Poison
            ? $"{nameof(SegmentState)} goes with {nameof(OnFlushFailure)}.{nameof(OnFlushFailure.Poison)} only."
        : null;
}

/// <summary>What a failed flush does to a log. It is never tried again on the same file: the kernel may have dropped the bytes and call them clean.</summary>
public enum OnFlushFailure
{
    /// <summary>The log takes nothing more; only a restart, which reads the disk, knows what is there.</summary>
    Poison,

    /// <summary>The segment is left, what was not yet flushed is written again from memory to a new one; a second failure makes the log read-only.</summary>
    Roll,
}
