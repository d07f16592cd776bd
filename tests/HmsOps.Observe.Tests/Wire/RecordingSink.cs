using System.Globalization;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.Wire;

/// <summary>A sink that keeps all it is given, as text. It knows series by number as a store would, and forgets them when told.</summary>
internal sealed class RecordingSink : ISeriesSink
{
    private readonly Dictionary<string, UInt128> _identities = [];
    private readonly Dictionary<UInt128, string> _names = [];

    public List<string> Stored { get; } = [];

    public List<(string Series, long Time, NativeHistogram Histogram)> Histograms { get; } = [];

    public List<MetricMetadata> Metadata { get; } = [];

    public int Batches { get; private set; }

    /// <summary>Samples that came by a series' short name.</summary>
    public int ByIdentity { get; private set; }

    public bool KnowsSeries { get; set; }

    public bool KeepsExemplars { get; set; } = true;

    /// <summary>Why a sample is refused; null takes it.</summary>
    public Func<string, long, string?> Refuses { get; set; } = (_, _) => null;

    public void Forget() => _names.Clear();

    public ValueTask<AppendResult> AppendAsync(SampleBatch batch, CancellationToken cancellationToken)
    {
        Batches++;
        var series = new string?[batch.SeriesCount];
        for (var i = 0; i < series.Length; i++)
            series[i] = SeriesOf(batch, i);
        var refused = new List<RefusedSample>();
        for (var i = 0; i < batch.Count; i++)
        {
            var (name, time) = (series[batch.SampleSeries[i]], batch.Times[i]);
            if ((name is null ? "unknown_series" : Refuses(name, time)) is { } why)
                refused.Add(new RefusedSample(i, why, $"{name}: refused as {why}"));
            else if (!batch.Histograms.IsEmpty && batch.Histograms[i] is { } histogram)
                Histograms.Add((name!, time, histogram));
            else
                Stored.Add($"{name} {TextOf(batch.Values[i])} @{time}{StartOf(batch, i)}");
        }
        foreach (var exemplar in batch.Exemplars.Where(_ => KeepsExemplars))
            Stored.Add($"exemplar {series[exemplar.Series]} {exemplar.Labels} {TextOf(exemplar.Value)} @{exemplar.Time}");
        Metadata.AddRange(batch.Metadata);
        return ValueTask.FromResult(new AppendResult(batch.Count - refused.Count, refused)
        {
            ExemplarsTaken = KeepsExemplars ? batch.Exemplars.Count : 0,
            MetadataTaken = batch.Metadata.Count,
        });
    }

    public ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken) => throw new NotSupportedException();

    public static string TextOf(double value) => double.IsNaN(value)
        ? $"NaN:{BitConverter.DoubleToInt64Bits(value):x}"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private static string StartOf(SampleBatch batch, int sample) => batch.Starts.IsEmpty || batch.Starts[sample] == 0 ? "" : $" from {batch.Starts[sample]}";

    private string? SeriesOf(SampleBatch batch, int place)
    {
        if (batch.IsByIdentity(place))
        {
            ByIdentity++;
            return _names.GetValueOrDefault(batch.Identities[place]);
        }
        var name = TextOf(batch.KeyOf(place).Span);
        if (KnowsSeries)
        {
            var identity = _identities.TryGetValue(name, out var known) ? known : _identities[name] = (UInt128)(_identities.Count + 1);
            _names[identity] = name;
            batch.Identities[place] = identity;
        }
        return name;
    }

    // In the order sent, empty values too: what a store gets, not what it makes of it.
    private static string TextOf(ReadOnlySpan<byte> key)
    {
        var labels = new List<string>();
        while (!key.IsEmpty)
        {
            Assert.True(LabelBytes.TryRead(ref key, out var name, out var value), "a key holds what LabelBytes cannot read");
            labels.Add($"{System.Text.Encoding.UTF8.GetString(name)}={System.Text.Encoding.UTF8.GetString(value)}");
        }
        return string.Join(',', labels);
    }
}
