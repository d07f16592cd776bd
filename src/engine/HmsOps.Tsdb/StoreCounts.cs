namespace HmsOps.Tsdb;

/// <summary>Whether a metric store takes what it is given.</summary>
public enum MetricStoreState
{
    /// <summary>Reads and appends.</summary>
    Serving,

    /// <summary>The disk refused: every append is refused by name, reading goes on. A restart tries again.</summary>
    ReadOnly,
}

/// <summary>What a metric store holds and has done since it was opened. A snapshot.</summary>
public sealed record StoreCounts
{
    /// <summary>Series held.</summary>
    public required int Series { get; init; }

    /// <summary>Samples held, in memory and in blocks. One that is in both for a while counts twice.</summary>
    public required long Samples { get; init; }

    /// <summary>Blocks, and what they take on the disk.</summary>
    public required int Blocks { get; init; }

    /// <summary>Bytes of all blocks.</summary>
    public required long BlockBytes { get; init; }

    /// <summary>Up to when everything is in blocks but what came late since, in milliseconds since 1970; null before anything was.</summary>
    public required long? SealedUpTo { get; init; }

    /// <summary>The newest time of a sample that was taken since the start, or was in memory at it, in milliseconds since 1970; null where there was none.</summary>
    public required long? Newest { get; init; }

    /// <summary>How often memory was sealed into blocks since the start.</summary>
    public required long Seals { get; init; }

    /// <summary>How often blocks were merged.</summary>
    public required long Merges { get; init; }

    /// <summary>How often sealing, merging or letting go failed; it is tried again.</summary>
    public required long SealFailures { get; init; }

    /// <summary>Why it failed; null when it never did, or has gone well since.</summary>
    public required string? LastSealFailure { get; init; }

    /// <summary>What the samples in memory weigh against <see cref="MetricStoreOptions.SamplesMax"/>.</summary>
    public required long Weight { get; init; }

    /// <summary>Of the samples, those that came after a newer one of their series.</summary>
    public required long LateSamples { get; init; }

    /// <summary>Bytes of memory that series and samples take, against <see cref="MetricStoreOptions.MemoryMax"/>.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Exemplars held.</summary>
    public required int Exemplars { get; init; }

    /// <summary>Observations folded into histograms, those of the replay included.</summary>
    public required long ObservationsFolded { get; init; }

    /// <summary>Items refused since the start, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Refused { get; init; }

    /// <summary>Ids of observations remembered.</summary>
    public required int Ids { get; init; }

    /// <summary>Ids forgotten before their ten minutes were over because too many came: a resend of theirs counts twice.</summary>
    public required long IdsForgottenEarly { get; init; }

    /// <summary>Items of readable frames that could not be replayed because a frame they lean on was lost: the one that named their series, or the one with the sample before.</summary>
    public required long LostAtReplay { get; init; }

    /// <summary>Items in frames of the log that were missing at the restart, or could not be read. What of them was in blocks by then is there.</summary>
    public required long MissingAtReplay { get; init; }

    /// <summary>Bytes of the log on disk.</summary>
    public required long LogBytes { get; init; }

    /// <summary>Cuts of the log the disk refused; after the next checkpoint it is tried again.</summary>
    public required long RetentionFailures { get; init; }

    /// <summary>How often the memory was rid of series that were forgotten, in this life.</summary>
    public required long Renewals { get; init; }

    /// <summary>When a checkpoint was last written whole; null before the first of this life.</summary>
    public required DateTimeOffset? LastCheckpoint { get; init; }

    /// <summary>Bytes of the newest checkpoint.</summary>
    public required long CheckpointBytes { get; init; }

    /// <summary>Checkpoints the disk refused; a restart reads more of the log then, and the next one is tried in its time.</summary>
    public required long CheckpointFailures { get; init; }

    /// <summary>When the last batch was written; null before the first.</summary>
    public required DateTimeOffset? LastCommit { get; init; }
}
