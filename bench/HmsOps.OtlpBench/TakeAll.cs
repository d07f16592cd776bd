using HmsOps.Observe.Tests.Otlp;
using HmsOps.Series;

namespace HmsOps.OtlpBench;

/// <summary>A store that keeps nothing.</summary>
internal sealed class TakeAll : ISeriesSink
{
    public ValueTask<AppendResult> AppendAsync(SampleBatch batch, CancellationToken cancellationToken) =>
        ValueTask.FromResult(AppendResult.All(batch.Count) with { ExemplarsTaken = batch.Exemplars.Count, MetadataTaken = batch.Metadata.Count });

    public ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken) => ValueTask.FromResult(AppendResult.All(batch.Items.Count));
}

/// <summary>The clock of the requests.</summary>
internal sealed class AtNoon : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds((long)(Request.Now / 1_000_000));
}
