using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace HmsOps.Present.Tests.Api.Otlp;

/// <summary>The OpenTelemetry SDK for .NET and its exporter, as a service has them, against both doors: what is read back is what was recorded.</summary>
public sealed class OpenTelemetryClientTests
{
    private const string Scope = "instance=\"pod-7\", job=\"county/permit-svc\", otel_scope_name=\"court\", otel_scope_version=\"1.2\"";
    private const int FlushMs = 30_000;

    public static TheoryData<OtlpExportProtocol> Protocols { get; } = [OtlpExportProtocol.HttpProtobuf, OtlpExportProtocol.Grpc];

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task What_a_service_counts_is_what_is_stored(OtlpExportProtocol protocol)
    {
        await using var stage = await OtlpStage.StartAsync();
        using var meter = new Meter("court", "1.2");
        using var provider = Provider(stage, protocol, MetricReaderTemporalityPreference.Cumulative);
        var filings = meter.CreateCounter<long>("court.filings", "{filing}", "Filings taken");
        var seconds = meter.CreateCounter<double>("cpu.time", "s");
        var queue = meter.CreateUpDownCounter<int>("queue");
        var latency = meter.CreateHistogram<double>("api.latency", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        var sizes = meter.CreateHistogram<double>("sizes", "By");
        meter.CreateObservableGauge("temperature", () => 21.5, "Cel");

        for (var round = 1; round <= 2; round++)
        {
            filings.Add(5, new KeyValuePair<string, object?>("office", "fairfax"), new("urgent", true));
            seconds.Add(0.25);
            queue.Add(-3);
            latency.Record(0.05);
            latency.Record(0.5);
            latency.Record(7);
            sizes.Record(1);
            sizes.Record(1_000);
            sizes.Record(0);
            Assert.True(provider.ForceFlush(FlushMs), "the export failed");
        }

        Assert.Equal([$$"""{"court.filings_total", {{Scope.Replace("otel_scope_name", "office=\"fairfax\", otel_scope_name", StringComparison.Ordinal)}}, urgent="true"} 10"""], Sorted(stage.Stored("court.filings_total")));
        Assert.Equal([$$"""{"cpu.time_seconds_total", {{Scope}}} 0.5"""], stage.Stored("cpu.time_seconds_total"));
        Assert.Equal([$$"""queue{{{Scope}}} -6"""], stage.Stored("queue"));
        Assert.Equal([$$"""temperature_celsius{{{Scope}}} 21.5"""], stage.Stored("temperature_celsius"));
        Assert.Equal([$$"""{"api.latency_seconds_count", {{Scope}}} 6"""], stage.Stored("api.latency_seconds_count"));
        Assert.Equal([$$"""{"api.latency_seconds_sum", {{Scope}}} 15.1"""], stage.Stored("api.latency_seconds_sum"));
        Assert.Equal(
            [Bucket("+Inf", 6), Bucket("0.1", 2), Bucket("1", 4)], Sorted(stage.Stored("api.latency_seconds_bucket")));
        Assert.Single(stage.Stored("target_info"));
        var (series, histogram) = Assert.Single(stage.Kept.Histograms);
        Assert.Equal($$"""sizes_bytes{{{Scope}}}""", series);
        Assert.Equal((6.0, 2002.0, 2.0, 4.0), (histogram.Count, histogram.Sum, histogram.ZeroCount, histogram.Positive.Sum(bucket => bucket.Count)));
        Assert.Contains(histogram.Positive, bucket => bucket.Index == HmsOps.Series.NativeHistogram.IndexOf(histogram.Schema, 1_000));
        Assert.Contains(histogram.Positive, bucket => bucket.Index == HmsOps.Series.NativeHistogram.IndexOf(histogram.Schema, 1));

        static string Bucket(string bound, int count) =>
            $$"""{"api.latency_seconds_bucket", {{Scope.Replace("otel_scope_name", $"le=\"{bound}\", otel_scope_name", StringComparison.Ordinal)}}} {{count}}""";
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Differences_add_up_to_what_was_recorded(OtlpExportProtocol protocol)
    {
        await using var stage = await OtlpStage.StartAsync();
        using var meter = new Meter("court", "1.2");
        using var provider = Provider(stage, protocol, MetricReaderTemporalityPreference.Delta);
        var filings = meter.CreateCounter<long>("court.filings");
        var latency = meter.CreateHistogram<double>("api.latency", "s");
        var sizes = meter.CreateHistogram<double>("sizes", "By");
        var queue = meter.CreateUpDownCounter<int>("queue"); // stays cumulative in the SDK, whatever is preferred

        for (var round = 1; round <= 3; round++)
        {
            filings.Add(round);
            latency.Record(round);
            sizes.Record(round * 100);
            queue.Add(1);
            Assert.True(provider.ForceFlush(FlushMs), "the export failed");
        }

        Assert.Equal(
            [("api.latency_seconds", 3.0), ("court.filings_total", 6.0), ("sizes_bytes", 3.0)],
            stage.Kept.Totals.Select(each => (Name(each.Key), each.Value)).Order());
        Assert.Equal([("api.latency_seconds", 6.0), ("sizes_bytes", 600.0)], stage.Kept.Sums.Select(each => (Name(each.Key), each.Value)).Order());
        Assert.Equal([$$"""queue{{{Scope}}} 3"""], stage.Stored("queue"));
    }

    private static string Name(string series) => series.Trim('{').Split('"', '{', ',').First(part => part.Length > 0);

    private static IEnumerable<string> Sorted(IEnumerable<string> lines) => lines.Order(StringComparer.Ordinal);

    private static MeterProvider Provider(OtlpStage stage, OtlpExportProtocol protocol, MetricReaderTemporalityPreference preference) => Sdk.CreateMeterProviderBuilder()
        .AddMeter("court")
        .ConfigureResource(resource => resource.AddService("permit-svc", "county", serviceInstanceId: "pod-7"))
        .AddView("sizes", new Base2ExponentialBucketHistogramConfiguration())
        .AddOtlpExporter((exporter, reader) =>
        {
            exporter.Protocol = protocol;
            exporter.Endpoint = protocol == OtlpExportProtocol.Grpc ? stage.Grpc : new Uri(stage.Http, "/v1/metrics");
            reader.TemporalityPreference = preference;
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = int.MaxValue; // exported when told
        })
        .Build();
}
