using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Checkpoints;

/// <summary>
/// Decides when a checkpoint is worth its bytes, and has it written. Owned by the holder of the store's turn; what it counts may be read by anybody.
/// </summary>
internal sealed class Checkpointer(CheckpointFolder folder, MetricStoreOptions options, TimeProvider time, long? sequence)
{
    // What retention let go of leaves the log with a checkpoint: at the latest after this part of the retention.
    private const int RetentionParts = 8;

    private long? _sequence = sequence; // of the newest checkpoint
    private DateTimeOffset _considered = time.GetUtcNow();
    private long _logged;
    private long _failures;
    private DateTimeOffset? _last;

    /// <summary>When one was last written whole in this life.</summary>
    public DateTimeOffset? Last => _last;

    public long Bytes => folder.Bytes;

    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>The first frame of the log that is not in the newest checkpoint; null when there is none.</summary>
    public long? Sequence => _sequence;

    /// <summary>The file of the newest checkpoint; null when there is none.</summary>
    public string? Newest() => folder.Newest();

    public void CountLogged(int bytes) => Interlocked.Add(ref _logged, bytes);

    /// <summary>True when the log has grown by a good part of what a checkpoint would be, or reaches far back.</summary>
    public bool IsDue(long memoryBytes)
    {
        var logged = Interlocked.Read(ref _logged);
        var size = folder.Bytes > 0 ? folder.Bytes : memoryBytes;
        return logged > 0 && (logged >= size * options.CheckpointGrowth || time.GetUtcNow() - _considered >= options.Retention / RetentionParts);
    }

    /// <summary>
    /// Writes a checkpoint, unless there is one of this very state. Answers where the log may be cut: below the one before, in case this one cannot be read.
    /// A disk that refuses is counted: the log goes on, and a restart reads more of it.
    /// </summary>
    public long? Write(CheckpointHead head, Holdings holdings)
    {
        if (head.Sequence == _sequence || head.Sequence == 0)
            return null;
        try
        {
            folder.Write(head, holdings);
            (_sequence, _last, _considered) = (head.Sequence, time.GetUtcNow(), time.GetUtcNow());
            Interlocked.Exchange(ref _logged, 0);
            return folder.Prune();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Interlocked.Increment(ref _failures);
            return null;
        }
    }
}
