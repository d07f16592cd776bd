using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace HmsOps.Labs.Tests.Clients;

/// <summary>
/// A service with the instruments of OpenTelemetry, measured by its SDK for .NET and exported five times at the same moments: to the hub over HTTP and over gRPC, cumulative and as
/// differences, and onto a page that Prometheus scrapes. In each round something is measured; then all five are told to export.
/// </summary>
internal sealed class PermitService : IAsyncDisposable
{
    public const string Job = "county/permit-svc";

    private const string MeterName = "court";
    private const int FlushMs = 30_000;

    private readonly Random _dice = new(11);
    private readonly Meter _meter = new(MeterName, "1.2");
    private readonly List<MeterProvider> _providers = [];
    private readonly ExpositionExporter _exposition = new(MeterName);
    private readonly MetricsPage _page;
    private readonly Counter<long> _filings;
    private readonly Counter<double> _cpu;
    private readonly UpDownCounter<int> _queue;
    private readonly Gauge<double> _load;
    private readonly Histogram<double> _latency;
    private readonly Histogram<double> _sizes;
    private int _round;

    public PermitService(Uri http, Uri grpc)
    {
        _filings = _meter.CreateCounter<long>("court.filings", "{filing}", "Filings taken");
        _cpu = _meter.CreateCounter<double>("cpu.time", "s", "Time on a processor");
        _queue = _meter.CreateUpDownCounter<int>("queue");
        _load = _meter.CreateGauge<double>("load", "1");
        _latency = _meter.CreateHistogram<double>("api.latency", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = LatencyBounds });
        _sizes = _meter.CreateHistogram<double>("document.sizes", "By");
        _meter.CreateObservableCounter("pages", () => _round * 3L);
        _meter.CreateObservableUpDownCounter("open.cases", () => (_round % 7) - 3L);
        _meter.CreateObservableGauge("temperature", () => 21.5 + (_round % 10), "Cel");
        _meter.CreateObservableGauge("lab.round", () => _round);
        Export(Jobs.Http, OtlpExportProtocol.HttpProtobuf, new Uri(http, "/v1/metrics"), MetricReaderTemporalityPreference.Cumulative);
        Export(Jobs.Grpc, OtlpExportProtocol.Grpc, grpc, MetricReaderTemporalityPreference.Cumulative);
        Export(Jobs.HttpDifferences, OtlpExportProtocol.HttpProtobuf, new Uri(http, "/v1/metrics"), MetricReaderTemporalityPreference.Delta);
        Export(Jobs.GrpcDifferences, OtlpExportProtocol.Grpc, grpc, MetricReaderTemporalityPreference.Delta);
        _providers.Add(Builder("page").AddReader(new BaseExportingMetricReader(_exposition) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative }).Build());
        _page = new MetricsPage(_ => Task.FromResult(_exposition.Body));
    }

    public static IReadOnlyList<double> LatencyBounds { get; } = [0.1, 0.25, 1, 2.5, 10];

    /// <summary>Where its page is.</summary>
    public string Address => _page.Address;

    public int Rounds => _round;

    /// <summary>Measures something with each instrument, and exports it in all ways.</summary>
    public void Play()
    {
        _round++;
        for (var i = _dice.Next(1, 6); i > 0; i--)
        {
            _filings.Add(_dice.Next(1, 9), new("office", _dice.Next(2) == 0 ? "fairfax" : "arlington"), new("urgent", _dice.Next(2) == 0), new("http.method", "POST"));
            _cpu.Add(_dice.NextDouble());
            _queue.Add(_dice.Next(-5, 6));
            _latency.Record(Math.Exp(_dice.NextDouble() * 6) / 40, new KeyValuePair<string, object?>("office", "fairfax"));
            _sizes.Record(Math.Exp(_dice.NextDouble() * 6.9));
        }
        _load.Record(_dice.NextDouble());
        // The least and the greatest in each round: the SDK chooses a scale by the range of what it exports, for differences that of one round.
        _sizes.Record(1);
        _sizes.Record(1_000);
        foreach (var provider in _providers)
            Assert.True(provider.ForceFlush(FlushMs), "an export failed");
    }

    public async ValueTask DisposeAsync()
    {
        await _page.DisposeAsync();
        foreach (var provider in _providers)
            provider.Dispose();
        _meter.Dispose();
    }

    private void Export(string instance, OtlpExportProtocol protocol, Uri endpoint, MetricReaderTemporalityPreference preference) => _providers.Add(Builder(instance)
        .AddOtlpExporter((exporter, reader) =>
        {
            (exporter.Protocol, exporter.Endpoint) = (protocol, endpoint);
            reader.TemporalityPreference = preference;
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = int.MaxValue; // exported when told
        })
        .Build());

    private static MeterProviderBuilder Builder(string instance) => Sdk.CreateMeterProviderBuilder()
        .AddMeter(MeterName)
        .ConfigureResource(resource => resource.AddService("permit-svc", "county", serviceInstanceId: instance).AddAttributes([new("k8s.node.name", "node-3"), new("tier", 1L)]))
        .AddView("document.sizes", new Base2ExponentialBucketHistogramConfiguration { MaxScale = 8 });
}
