using HmsOps.Series;

namespace HmsOps.Present.Tests.Api.Otlp;

/// <summary>Hands floats to a store, and keeps histograms and the sums of differences itself, by the rules the store will add them up by.</summary>
public sealed class KeptBeside(ISeriesSink store) : ISeriesSink
{
    private readonly Lock _lock = new();
    private readonly HashSet<(string, string)> _ids = [];

    /// <summary>The newest histogram of each series.</summary>
    public SortedDictionary<string, NativeHistogram> Histograms { get; } = new(StringComparer.Ordinal);

    /// <summary>What differences add up to; of histograms their counts.</summary>
    public SortedDictionary<string, double> Totals { get; } = new(StringComparer.Ordinal);

    /// <summary>What sums of histograms' differences add up to.</summary>
    public SortedDictionary<string, double> Sums { get; } = new(StringComparer.Ordinal);

    public async ValueTask<AppendResult> AppendAsync(SampleBatch batch, CancellationToken cancellationToken)
    {
        var floats = new SampleBatch();
        for (var i = 0; i < batch.Count; i++)
        {
            Assert.True(Labels.TryFromBytes(batch.KeyOf(batch.SampleSeries[i]).ToArray(), out var labels));
            if (batch.Histograms.IsEmpty || batch.Histograms[i] is not { } histogram)
                floats.Add(labels, batch.Times[i], batch.Values[i]);
            else
                Histograms[labels.ToString()] = histogram;
        }
        Assert.Empty((await store.AppendAsync(floats, cancellationToken)).Refused);
        return new AppendResult(batch.Count, []);
    }

    public ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var item in batch.Items)
            {
                var series = item.Series.ToString();
                if (!_ids.Add((series, item.Id)))
                    continue;
                Totals[series] = Totals.GetValueOrDefault(series) + (item.Histogram?.Count ?? item.Value);
                if (item.Histogram is { } histogram)
                    Sums[series] = Sums.GetValueOrDefault(series) + histogram.Sum;
            }
        }
        return ValueTask.FromResult(AppendResult.All(batch.Items.Count));
    }
}
