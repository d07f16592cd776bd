using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace HmsOps.Labs.Tests.Clients;

/// <summary>
/// The page a service with OpenTelemetry's SDK shows to Prometheus. OpenTelemetry's own exporters for it are not among this repository's packages, so this follows its specification
/// (compatibility/prometheus_and_openmetrics, "OTLP metric points to Prometheus"), in the protobuf form, which alone carries exponential histograms.
/// </summary>
internal sealed class ExpositionExporter(string scope) : BaseExporter<Metric>
{
    private const string Type = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

    // io.prometheus.client.MetricType, and the field of a metric that holds such a value.
    private static readonly (ulong Type, int Field) Counter = (0, 3);
    private static readonly (ulong Type, int Field) Gauge = (1, 2);
    private static readonly (ulong Type, int Field) Histogram = (4, 7);

    // UCUM's short forms, in the words of Prometheus.
    private static readonly Dictionary<string, string> Units = new() { ["s"] = "seconds", ["By"] = "bytes", ["Cel"] = "celsius" };

    private volatile PageBody _body = new(Type, []);

    /// <summary>What the page shows now.</summary>
    public PageBody Body => _body;

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var page = new List<byte>();
        foreach (var metric in batch)
            page.AddRange(Family(metric).Delimited());
        page.AddRange(Target().Delimited());
        _body = new PageBody(Type, [.. page]);
        return ExportResult.Success;
    }

    private MessageWriter Family(Metric metric)
    {
        var (kind, suffix) = metric.MetricType switch
        {
            MetricType.LongSum or MetricType.DoubleSum => (Counter, "_total"),
            MetricType.Histogram or MetricType.ExponentialHistogram => (Histogram, ""),
            MetricType.LongGauge or MetricType.DoubleGauge when metric.Unit == "1" => (Gauge, "_ratio"),
            _ => (Gauge, ""),
        };
        var unit = Units.TryGetValue(metric.Unit, out var word) ? $"_{word}" : "";
        var family = new MessageWriter().Text(1, $"{Plain(metric.Name)}{unit}{suffix}").Text(2, metric.Description).Number(3, kind.Type);
        foreach (ref readonly var point in metric.GetMetricPoints())
            family.Message(4, Labelled(point).Message(kind.Field, Value(metric.MetricType, point)));
        return family;
    }

    private static MessageWriter Value(MetricType type, MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => new MessageWriter().Double(1, point.GetSumLong()),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => new MessageWriter().Double(1, point.GetSumDouble()),
        MetricType.LongGauge => new MessageWriter().Double(1, point.GetGaugeLastValueLong()),
        MetricType.DoubleGauge => new MessageWriter().Double(1, point.GetGaugeLastValueDouble()),
        MetricType.Histogram => Classic(point),
        MetricType.ExponentialHistogram => Native(point),
        _ => throw new NotSupportedException($"{type} is none of the instruments of this lab"),
    };

    private static MessageWriter Classic(MetricPoint point)
    {
        var histogram = new MessageWriter().Number(1, (ulong)point.GetHistogramCount()).Double(2, point.GetHistogramSum());
        var below = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
            histogram.Message(3, new MessageWriter().Number(1, (ulong)(below += bucket.BucketCount)).Double(2, bucket.ExplicitBound));
        return histogram;
    }

    private static MessageWriter Native(MetricPoint point)
    {
        var data = point.GetExponentialHistogramData();
        var histogram = new MessageWriter().Number(1, (ulong)point.GetHistogramCount()).Double(2, point.GetHistogramSum()).Signed(5, data.Scale).Double(6, 0).Number(7, (ulong)data.ZeroCount);
        var counts = new List<long>();
        foreach (var count in data.PositiveBuckets)
            counts.Add(count);
        // A bucket is told here by its upper bound, by OpenTelemetry by its lower one.
        histogram.Message(12, new MessageWriter().Signed(1, data.PositiveBuckets.Offset + 1).Number(2, (ulong)counts.Count));
        foreach (var (count, before) in counts.Zip(counts.Prepend(0)))
            histogram.Signed(13, count - before);
        return histogram;
    }

    private MessageWriter Labelled(MetricPoint point)
    {
        var metric = new MessageWriter();
        foreach (var (name, value) in point.Tags)
            metric.Message(1, Label(Plain(name), value));
        return metric.Message(1, Label("otel_scope_name", scope)).Message(1, Label("otel_scope_version", "1.2"));
    }

    private MessageWriter Target()
    {
        var metric = new MessageWriter();
        foreach (var (name, value) in ParentProvider.GetResource().Attributes)
            metric.Message(1, Label(Plain(name), value));
        return new MessageWriter().Text(1, "target_info").Text(2, "Target metadata").Number(3, Gauge.Type).Message(4, metric.Message(Gauge.Field, new MessageWriter().Double(1, 1)));
    }

    private static MessageWriter Label(string name, object? value) =>
        new MessageWriter().Text(1, name).Text(2, value is bool truth ? (truth ? "true" : "false") : Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "");

    private static string Plain(string name) => name.Replace('.', '_');
}
