using System.Net.Http.Headers;
using HmsOps.Labs.Tests.Prometheus;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Queries;

/// <summary>A hub and Debian's Prometheus that were sent the same requests, and hold nothing else. Whoever reads them asks both, and has to be told the same.</summary>
public sealed class WrittenAlike : IAsyncLifetime, IDisposable
{
    // The newest sample is so old: it has arrived, and is still the current one.
    private const int NewestAgeMs = 30_000;

    // Samples are so long after a whole multiple of their distance: no panel asks for a window that ends on one, where 2.42 counts it and today's language does not.
    private const int OffGridMs = 4_321;

    private readonly LabFolder _lab = new();

    internal RunningHub Hub { get; private set; } = null!; // set by InitializeAsync

    internal PrometheusServer Prometheus { get; private set; } = null!; // set by InitializeAsync

    /// <summary>The time of the first sample, in milliseconds.</summary>
    internal long Begin { get; private set; }

    /// <summary>The time of the newest sample.</summary>
    internal long Newest => Begin + (LabSeries.Samples - 1) * (long)LabSeries.EveryMs;

    /// <summary>A moment after the newest sample, and on none: a window of Prometheus 2.42 has both its ends, one of today's the later one.</summary>
    internal long Moment => Newest + 7_123;

    public async Task InitializeAsync()
    {
        _lab.Write("workspace.yaml", "interval: 1s\n");
        _lab.Write("rules/permits.yaml", "metric: permits_open.last\nname: many_permits\nthreshold: 5\nseverity: warning\nrunbook: \"wiki/permits\"\n");
        Hub = await RunningHub.StartAsync(_lab);
        Prometheus = await PrometheusServer.StartAsync(
            _lab, "", "scrape_interval: 1y", "--web.enable-remote-write-receiver", "--enable-feature=native-histograms,exemplar-storage"); // it is not going to scrape itself
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - NewestAgeMs;
        Begin = now - now % LabSeries.EveryMs - (LabSeries.Samples - 1) * (long)LabSeries.EveryMs + OffGridMs;
        var request = Wire.Snap(LabSeries.Request(Begin, 0, LabSeries.Samples));
        foreach (var http in (HttpClient[])[Hub.Http, Prometheus.Http])
            await WriteAsync(http, request);
    }

    /// <summary>Sends a request of remote write 1.0.</summary>
    internal static async Task WriteAsync(HttpClient http, byte[] request)
    {
        using var body = new ByteArrayContent(request);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        body.Headers.ContentEncoding.Add("snappy");
        using var answer = await http.PostAsync(new Uri("/api/v1/write", UriKind.Relative), body);
        Assert.True(answer.IsSuccessStatusCode, $"{http.BaseAddress}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    public async Task DisposeAsync()
    {
        await Prometheus.DisposeAsync();
        await Hub.DisposeAsync();
    }

    public void Dispose() => _lab.Dispose();
}

/// <summary>The readers share one pair: starting it takes longer than asking it.</summary>
[CollectionDefinition(Name)]
public sealed class Readers : ICollectionFixture<WrittenAlike>
{
    public const string Name = "readers";
}
