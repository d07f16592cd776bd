using System.Net;
using System.Net.Http.Headers;
using HmsOps.Observe;
using HmsOps.Observe.RemoteRead;
using HmsOps.Observe.Wire;
using HmsOps.Present.Tests.Stage;
using HmsOps.Series;

namespace HmsOps.Present.Tests.Api.Prometheus;

/// <summary>The doors by which others fetch samples: <c>/federate</c> and <c>/api/v1/read</c>, over a real connection.</summary>
public sealed class ReadsTests : IAsyncLifetime
{
    private static readonly StoredSeries Stored = new(batch =>
    {
        var requests = batch.AddSeries(Labels.From(("__name__", "requests_total"), ("job", "a")));
        for (var i = 0; i < 1_000; i++)
            batch.Add(requests, StoredSeries.Before(15_000 * (1_000 - i)), i / 8.0);
        batch.Add(Labels.From(("__name__", "load"), ("job", "b")), StoredSeries.Before(299_999), 0.5);
        batch.Add(Labels.From(("__name__", "old"), ("job", "b")), StoredSeries.Before(300_000), 0.5);
        batch.Add(Labels.From(("__name__", "gone"), ("job", "b")), StoredSeries.Before(1_000), StaleMarker.Value);
        batch.Metadata.Add(new MetricMetadata("requests_total", "counter", "", "All of them."));
    });

    private TestHub _hub = null!; // set by InitializeAsync

    public async Task InitializeAsync() => _hub = await TestHub.StartAsync(Stored.Sources());

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    [Fact]
    public async Task The_newest_samples_are_federated_each_series_once()
    {
        using var answer = await _hub.Client.GetAsync("/federate?match[]={job=\"b\"}&match[]=requests_total&match[]={job=~\"a|b\"}");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8; escaping=underscores", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal(
            $"# TYPE load untyped\nload{{job=\"b\"}} 0.5 {StoredSeries.Before(299_999)}\n# HELP requests_total All of them.\n# TYPE requests_total counter\nrequests_total{{job=\"a\"}} 124.875 {StoredSeries.Before(15_000)}\n",
            await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/federate", "no match[] parameter")]
    [InlineData("/federate?match[]=up{", "1:4: parse error")]
    public async Task Federation_says_what_it_cannot_read(string address, string said)
    {
        using var answer = await _hub.Client.GetAsync(address);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(said, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_hub_reads_the_history_of_this_one()
    {
        using var history = new RemoteReadHistory(_hub.Client, new RemoteReadPlan
        {
            Address = new Uri(_hub.Address, "/api/v1/read"),
            From = StoredSeries.Before(20_000_000),
            To = StoredSeries.Before(0),
        }, TimeProvider.System);
        var (samples, sum) = (0, 0.0);
        await foreach (var batch in history.ReadAsync(CancellationToken.None))
        {
            samples += batch.Count;
            foreach (var value in batch.Values)
                sum += StaleMarker.Is(value) ? 0 : value;
        }

        Assert.Equal((1_003, 999 * 1_000 / 2 / 8.0 + 1), (samples, sum));
    }

    [Fact]
    public async Task An_asker_that_knows_no_chunks_gets_samples()
    {
        // One query for requests_total, from and to written as they are on the wire; no accepted forms.
        using var answer = await PostAsync(Question("requests_total", long.MaxValue));

        Assert.Equal((HttpStatusCode.OK, RemoteReadOutlet.SampledType, "snappy"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType, answer.Content.Headers.ContentEncoding.Single()));
        var packed = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(Snappy.TryReadLength(packed, out var length));
        Assert.InRange(length, 1_000u * 18, 1_000u * 22);
    }

    [Theory]
    [InlineData("nonsense", "snappy", 400, "not in snappy")]
    [InlineData("nonsense", "gzip", 415, "snappy's block format alone")]
    public async Task What_cannot_be_read_is_refused_in_words(string body, string encoding, int status, string said)
    {
        using var answer = await PostAsync(System.Text.Encoding.ASCII.GetBytes(body), encoding);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(said, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 422)] // nothing was sent yet
    [InlineData(40_000, 0)] // something was: the connection breaks, so that nobody takes it for all
    public async Task An_answer_that_cannot_go_on_is_never_taken_for_a_whole_one(int sampledBefore, int status)
    {
        var stored = new StoredSeries(batch =>
        {
            var dice = new Random(1);
            for (var n = 0; n < 2; n++)
            {
                var series = batch.AddSeries(Labels.From(("__name__", "m"), ("n", $"{n}")));
                for (var i = 0; i < 40_000; i++)
                    batch.Add(series, StoredSeries.Before(40_000 - i), dice.NextDouble());
            }
        });
        var outlet = new RemoteReadOutlet(stored.Store, new Refusals(), new ReadLimits { SamplesMax = sampledBefore + 1_000 });
        await using var hub = await TestHub.StartAsync(stored.Sources() with { RemoteRead = outlet });
        using var history = new RemoteReadHistory(hub.Client, new RemoteReadPlan { Address = new Uri(hub.Address, "/api/v1/read"), From = StoredSeries.Before(100_000), To = StoredSeries.Before(0) }, TimeProvider.System);

        var failed = await Assert.ThrowsAsync<HmsOps.Observe.History.HistoryUnavailableException>(async () =>
        {
            await foreach (var batch in history.ReadAsync(CancellationToken.None))
                Assert.True(status == 0, $"{batch.Count} samples came");
        });
        Assert.Contains(status == 0 ? "broke off" : "answered 422", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Before_it_is_ready_the_hub_says_so_at_these_doors_too()
    {
        await using var hub = await TestHub.StartAsync(Stored.Sources() with { Hub = () => CountyCourt.Over.Status() with { Stage = HubStage.Starting } });
        using var federate = await hub.Client.GetAsync("/federate?match[]=up");
        using var series = await hub.Client.GetAsync("/api/v1/series?match[]=up");
        using var read = await hub.Client.PostAsync("/api/v1/read", new ByteArrayContent([]));

        Assert.Equal((503, 503, 503), ((int)federate.StatusCode, (int)series.StatusCode, (int)read.StatusCode));
    }

    private async Task<HttpResponseMessage> PostAsync(byte[] body, string encoding = "snappy")
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        content.Headers.ContentEncoding.Add(encoding);
        return await _hub.Client.PostAsync("/api/v1/read", content);
    }

    private static byte[] Question(string metric, long to)
    {
        var varint = new byte[Varint.BytesMax];
        byte[] matcher = [0x12, 8, .. "__name__"u8, 0x1a, (byte)metric.Length, .. System.Text.Encoding.UTF8.GetBytes(metric)];
        byte[] query = [0x10, .. varint[..Varint.Write(varint, (ulong)to)], 0x1a, (byte)matcher.Length, .. matcher];
        byte[] message = [0x0a, (byte)query.Length, .. query];
        var packed = new byte[Snappy.PackedBytesMax(message.Length)];
        return packed[..Snappy.Pack(message, packed)];
    }
}
