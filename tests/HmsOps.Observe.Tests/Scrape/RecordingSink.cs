using HmsOps.Observe.Tests.Exposition;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.Scrape;

/// <summary>A store that writes down what it takes, knows series by identities if it is to, and forgets them when told.</summary>
internal sealed class RecordingSink(bool knowsIdentities = true) : ISeriesSink
{
    private readonly Dictionary<UInt128, Labels> _known = [];
    private readonly Dictionary<Labels, UInt128> _ids = [];
    private UInt128 _next = 1;

    /// <summary>Each sample: series, time, value.</summary>
    public List<(string Series, long Time, string Value)> Samples { get; } = [];

    public List<MetricMetadata> Metadata { get; } = [];

    public List<string> Exemplars { get; } = [];

    /// <summary>Series that came with their labels.</summary>
    public int WithLabels { get; private set; }

    public Func<Labels, (string Reason, string Detail)?> Refuses { get; set; } = static _ => null;

    public void Forget() => _known.Clear();

    public ValueTask<AppendResult> AppendAsync(SampleBatch batch, CancellationToken cancellationToken)
    {
        var refused = new List<RefusedSample>();
        var series = new Labels?[batch.SeriesCount];
        for (var i = 0; i < batch.SeriesCount; i++)
        {
            if (batch.IsByIdentity(i))
            {
                series[i] = _known.TryGetValue(batch.Identities[i], out var known) ? known : null;
                continue;
            }
            WithLabels++;
            Assert.True(Labels.TryFromBytes(batch.KeyOf(i).ToArray(), out var labels));
            series[i] = labels;
            if (knowsIdentities && Refuses(labels) is null)
                _known[batch.Identities[i] = _ids.TryGetValue(labels, out var id) ? id : _ids[labels] = _next++] = labels;
        }
        for (var i = 0; i < batch.Count; i++)
        {
            if (series[batch.SampleSeries[i]] is not { } labels)
                refused.Add(new RefusedSample(i, "unknown_series", "forgotten"));
            else if (Refuses(labels) is { } refusal)
                refused.Add(new RefusedSample(i, refusal.Reason, refusal.Detail));
            else
                Samples.Add((labels.ToString(), batch.Times[i], Text(batch, i)));
        }
        Metadata.AddRange(batch.Metadata);
        foreach (var exemplar in batch.Exemplars)
            Exemplars.Add($"{series[exemplar.Series]} {exemplar.Labels} {Readings.Text(exemplar.Value)}");
        return ValueTask.FromResult(new AppendResult(batch.Count - refused.Count, refused));
    }

    public ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken) => throw new NotSupportedException("nothing observes here");

    /// <summary>Samples of a series as <c>seconds since a start=value</c>.</summary>
    public string Of(string series, DateTimeOffset since) =>
        string.Join(' ', Samples.Where(s => s.Series == series).Select(s => $"{(s.Time - since.ToUnixTimeMilliseconds()) / 1000.0:0.###}={s.Value}"));

    private static string Text(SampleBatch batch, int i) => batch.Histograms.Length > 0 && batch.Histograms[i] is { } histogram
        ? (StaleMarker.Is(histogram.Sum) ? "stale" : $"h{histogram.Count}")
        : StaleMarker.Is(batch.Values[i]) ? "stale" : Readings.Text(batch.Values[i]);
}
