using HmsOps.Series;

namespace HmsOps.WireBench;

/// <summary>A store that keeps nothing.</summary>
internal sealed class TakeAll : ISeriesSink
{
    public ValueTask<AppendResult> AppendAsync(SampleBatch batch, CancellationToken cancellationToken) => ValueTask.FromResult(AppendResult.All(batch.Count));

    public ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken) => ValueTask.FromResult(AppendResult.All(batch.Items.Count));
}
