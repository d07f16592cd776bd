using HmsOps.Series;

namespace HmsOps.Bench;

/// <summary>A store that keeps nothing.</summary>
internal sealed class TakeAll : ISeriesSink
{
    public ValueTask<AppendResult> AppendAsync(SampleBatch batch, CancellationToken cancellationToken) =>
        ValueTask.FromResult(AppendResult.All(batch.Count) with { ExemplarsTaken = batch.Exemplars.Count, MetadataTaken = batch.Metadata.Count });

    public ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken) => ValueTask.FromResult(AppendResult.All(batch.Items.Count));
}
