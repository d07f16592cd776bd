namespace HmsOps.Disk;

/// <summary>What opening a log found and did.</summary>
public sealed record LogRecovery(long Frames, IReadOnlyList<LogFinding> Findings)
{
    /// <summary>True when there was nothing to say.</summary>
    public bool IsClean => Findings.Count == 0;
}

/// <summary>One thing found when a log was opened.</summary>
/// <param name="Kind">What it is, for counting.</param>
/// <param name="Segment">Name of the file.</param>
/// <param name="Offset">Where in the file it begins.</param>
/// <param name="Bytes">How many bytes are concerned.</param>
/// <param name="FromSequence">The first sequence concerned.</param>
/// <param name="ToSequence">The first sequence after it, where that is known.</param>
/// <param name="KeptAs">Name of the file that keeps the bytes, where they were moved.</param>
/// <param name="Sentence">The same for a person.</param>
public sealed record LogFinding(
    LogFindingKind Kind, string Segment, long Offset, long Bytes, long FromSequence, long? ToSequence, string? KeptAs, string Sentence);

/// <summary>Kinds of findings.</summary>
public enum LogFindingKind
{
    /// <summary>The last frame was cut off by a crash before it was acknowledged; its bytes were kept aside and the place cleared.</summary>
    TornTail,

    /// <summary>A segment that was never finished was removed.</summary>
    UnfinishedSegment,

    /// <summary>Strict: acknowledged bytes do not check. The log is read-only and nothing was changed.</summary>
    Corruption,

    /// <summary>Tolerant: bytes that do not check were passed over, and stay in their file.</summary>
    Skipped,

    /// <summary>Tolerant: a whole segment is gone.</summary>
    MissingSegment,

    /// <summary>Rolling: the last segment could not be flushed at opening; its frames were written again to a new file of its name.</summary>
    SegmentLeft,
}
