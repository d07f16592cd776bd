namespace HmsOps.Series;

/// <summary>
/// What a store took and what is still to be passed on to another one, in the order in which it came; it survives a restart. One reader at a time, who reads, passes on,
/// and says how far it has come. What was read and not said to be done is read again after a restart.
/// </summary>
public interface ISampleQueue
{
    /// <summary>How much waits, and what became of the rest. Safe for concurrent use.</summary>
    QueueStanding Standing { get; }

    /// <summary>
    /// Adds what comes next to a batch, and answers the place behind it. Waits while there is nothing. The batch stays empty where something was given up, or is damaged.
    /// </summary>
    /// <param name="into">What is filled. It was cleared.</param>
    /// <param name="samplesMax">No more samples than this.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<long> ReadAsync(SampleBatch into, int samplesMax, CancellationToken cancellationToken);

    /// <summary>Everything before a place has arrived, and will not be read again.</summary>
    /// <exception cref="IOException">The disk refused: after a restart some of it may be read again.</exception>
    void Done(long place);
}

/// <summary>How a queue stands.</summary>
public readonly record struct QueueStanding
{
    /// <summary>Items that wait: samples, exemplars, descriptions of metrics.</summary>
    public long Waiting { get; init; }

    /// <summary>Bytes the queue takes on the disk.</summary>
    public long Bytes { get; init; }

    /// <summary>Bytes it may take.</summary>
    public long BytesMax { get; init; }

    /// <summary>When the oldest of what waits came; null when nothing waits.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Items that went unsent because the queue was full: the oldest first.</summary>
    public long Dropped { get; init; }

    /// <summary>Items that damage to the queue's files took.</summary>
    public long Lost { get; init; }

    /// <summary>Why nothing is queued any more, and what to do; null while all is well.</summary>
    public string? Broken { get; init; }
}
