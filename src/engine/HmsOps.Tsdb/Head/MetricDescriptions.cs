using HmsOps.Series;

namespace HmsOps.Tsdb.Head;

/// <summary>What makers say about their metrics, the newest word of each. Written by the holder of the turn, read by anybody, both under the head's lock.</summary>
internal sealed class MetricDescriptions
{
    /// <summary>Metrics that are described; more are refused.</summary>
    public const int MetricsMax = 100_000;

    /// <summary>Characters of all that is said of one.</summary>
    public const int CharsMax = 4_096;

    private readonly SortedDictionary<string, MetricMetadata> _byMetric = new(StringComparer.Ordinal);

    public int Count => _byMetric.Count;

    public bool Says(MetricMetadata said) => _byMetric.TryGetValue(said.Metric, out var before) && before == said;

    public bool HasRoomFor(MetricMetadata said) => _byMetric.Count < MetricsMax || _byMetric.ContainsKey(said.Metric);

    public void Set(MetricMetadata said) => _byMetric[said.Metric] = said;

    public IReadOnlyList<MetricMetadata> All() => [.. _byMetric.Values];

    public MetricMetadata? Of(string metric) => _byMetric.GetValueOrDefault(metric);
}
