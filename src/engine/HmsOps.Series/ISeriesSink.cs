namespace HmsOps.Series;

/// <summary>Where facts go in. Safe for concurrent use.</summary>
public interface ISeriesSink
{
    /// <summary>
    /// Appends samples. Completes when every accepted one survives the death of the process (the store states its promise for power loss).
    /// What is refused is named in the answer; the rest is taken. The token ends the waiting, not the write.
    /// </summary>
    ValueTask<AppendResult> AppendAsync(SampleBatch batch, CancellationToken cancellationToken);

    /// <summary>Takes single observations, under the same promise: one frame of the log before the answer, folded into histograms after.</summary>
    ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken);
}

/// <summary>What became of a batch.</summary>
/// <param name="Taken">Items stored, or recognised as already stored.</param>
/// <param name="Refused">Items refused, in the order of the batch.</param>
public sealed record AppendResult(int Taken, IReadOnlyList<RefusedSample> Refused)
{
    /// <summary>Exemplars of the batch that were stored. A store that keeps none leaves it 0.</summary>
    public int ExemplarsTaken { get; init; }

    /// <summary>Descriptions of metrics in the batch that were stored, or recognised as already stored. A store that keeps none leaves it 0.</summary>
    public int MetadataTaken { get; init; }

    /// <summary>Nothing refused.</summary>
    public static AppendResult All(int taken) => new(taken, []);
}

/// <summary>One refused item.</summary>
/// <param name="Index">Its place in the batch.</param>
/// <param name="Reason">Why, as a bounded word for counters: <c>late</c>, <c>duplicate_time</c>, <c>series_limit</c>, <c>read_only</c>, …</param>
/// <param name="Detail">Why, for a person, with the remedy.</param>
public readonly record struct RefusedSample(int Index, string Reason, string Detail);
