using System.Net;
using System.Net.Http.Headers;
using HmsOps.Observe;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Wire;
using HmsOps.Present.Tests.Stage;
using HmsOps.Series;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HmsOps.Present.Tests.Api.Bulk;

/// <summary>The doors of remote write and Influx over HTTP: what Observe decides, in the words of each protocol. A sink of our own takes all or nothing.</summary>
public sealed class BulkDoorTests
{
    // { timeseries { labels { __name__ = up } samples { value 1, timestamp 1795190400000 } } }, in snappy
    private static readonly byte[] Request = Pack(
        [0x0a, 0x22, 0x0a, 0x0e, 0x0a, 0x08, .. "__name__"u8, 0x12, 0x02, .. "up"u8, 0x12, 0x10, 0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, .. Varint64(1_795_190_400_000)]);

    private readonly Sink _sink = new();

    [Fact]
    public async Task Remote_write_answers_with_counts()
    {
        await using var hub = await StartAsync();

        var answer = await hub.Client.SendAsync(Write(Request));

        Assert.Equal((HttpStatusCode.NoContent, 1), (answer.StatusCode, _sink.Samples));
        Assert.Equal("1", answer.Headers.GetValues("X-Prometheus-Remote-Write-Samples-Written").Single());
        Assert.Equal("0", answer.Headers.GetValues("X-Prometheus-Remote-Write-Histograms-Written").Single());
        Assert.Equal("0", answer.Headers.GetValues("X-Prometheus-Remote-Write-Exemplars-Written").Single());
    }

    [Fact]
    public async Task What_remote_write_refuses_is_a_line_of_text()
    {
        await using var hub = await StartAsync();
        _sink.Refuses = "late";

        var answer = await hub.Client.SendAsync(Write(Request));

        Assert.Equal((HttpStatusCode.BadRequest, "text/plain"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Equal("1 refused, 0 stored: 1 late: too old\n", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_store_that_cannot_write_is_503_with_a_time_to_come_again()
    {
        await using var hub = await StartAsync();
        _sink.Refuses = "read_only";

        var answer = await hub.Client.SendAsync(Write(Request));
        var line = await hub.Client.SendAsync(Line("/api/v2/write", "m x=1"));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, 10), (answer.StatusCode, answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 10), (line.StatusCode, line.Headers.RetryAfter!.Delta!.Value.TotalSeconds));
    }

    [Theory]
    [InlineData("/api/v1/write")]
    [InlineData("/write")]
    [InlineData("/api/v2/write")]
    public async Task A_hub_that_starts_takes_nothing_and_says_when(string address)
    {
        await using var hub = await StartAsync(HubStage.Starting);

        var answer = await hub.Client.SendAsync(address == "/api/v1/write" ? Write(Request) : Line(address, "m x=1"));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, 1), (answer.StatusCode, answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds));
        Assert.Equal(0, _sink.Samples);
    }

    [Theory]
    [InlineData(9 << 20, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(100, HttpStatusCode.BadRequest)]
    public async Task A_body_is_measured_by_the_door(int bytes, HttpStatusCode status)
    {
        await using var hub = await StartAsync();
        using var request = Write(new byte[bytes]);
        request.Headers.ExpectContinue = true;

        Assert.Equal(status, (await hub.Client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task A_wrong_line_is_answered_in_the_words_of_each_version()
    {
        await using var hub = await StartAsync();

        var two = await hub.Client.SendAsync(Line("/api/v2/write?org=o&bucket=b&precision=s", "m x=1 5\nm x=oops\nm s=\"text\" 5"));
        var one = await hub.Client.SendAsync(Line("/write?db=telegraf", "m x=oops"));

        const string Wrong = "'oops' is no value; write 1, 1.5, 1i, 1u, true, false or \\u0022text\\u0022";
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (two.StatusCode, one.StatusCode));
        Assert.Equal($"{{\"code\":\"invalid\",\"message\":\"partial write: 1 refused, 1 samples stored: line 2: {Wrong}\"}}", (await two.Content.ReadAsStringAsync()).Replace("\\u0027", "'", StringComparison.Ordinal));
        Assert.Equal($"{{\"error\":\"partial write: 1 refused, 0 samples stored: line 1: {Wrong}\"}}", (await one.Content.ReadAsStringAsync()).Replace("\\u0027", "'", StringComparison.Ordinal));
        Assert.Equal("1", two.Headers.GetValues("X-HMS-Skipped-Text-Fields").Single());
    }

    /// <summary>The requests of Telegraf's two outputs, header for header.</summary>
    [Theory]
    [InlineData("/write?db=telegraf", null)]
    [InlineData("/api/v2/write?bucket=any&org=any", "Token none")]
    public async Task Telegrafs_requests_are_taken(string address, string? token)
    {
        await using var hub = await StartAsync();
        using var request = Line(address, "cpu,cpu=cpu-total,host=permit-svc-1 usage_idle=98.25,usage_user=1.5 1795190400000000000\nsystem,host=permit-svc-1 n_cpus=2i,uptime_format=\"1 day,  2:03\" 1795190400000000000\n");
        request.Headers.UserAgent.ParseAdd("Telegraf/1.30.0 Go/1.22.2");
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", token);
        using var packed = new MemoryStream();
        await using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest))
            await gzip.WriteAsync(await request.Content!.ReadAsByteArrayAsync());
        request.Content = new ByteArrayContent(packed.ToArray());
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "text/plain; charset=utf-8");
        request.Content.Headers.ContentEncoding.Add("gzip");

        var answer = await hub.Client.SendAsync(request);

        Assert.Equal((HttpStatusCode.NoContent, 3), (answer.StatusCode, _sink.Samples));
    }

    [Theory]
    [InlineData("q=CREATE+DATABASE+%22telegraf%22", HttpStatusCode.OK, "nothing was created")]
    [InlineData("q=SHOW+DATABASES", HttpStatusCode.BadRequest, "PromQL")]
    [InlineData("", HttpStatusCode.BadRequest, "PromQL")]
    public async Task Telegrafs_first_question_is_answered_truly(string form, HttpStatusCode status, string said)
    {
        await using var hub = await StartAsync();

        var answer = await hub.Client.SendAsync(TestHub.Post("/query", form, "application/x-www-form-urlencoded"));
        var text = await answer.Content.ReadAsStringAsync();

        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(said, text);
        Assert.Equal(status == HttpStatusCode.OK, text.Contains("\"statement_id\":0", StringComparison.Ordinal) && !text.Contains("\"error\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whether_it_is_there_can_be_asked()
    {
        await using var hub = await StartAsync();
        await using var starting = await StartAsync(HubStage.Starting);

        var ping = await hub.Client.GetAsync("/ping");

        Assert.Equal((HttpStatusCode.NoContent, "1.8", "HMS-OPS"), (ping.StatusCode, ping.Headers.GetValues("X-Influxdb-Version").Single(), ping.Headers.GetValues("X-Influxdb-Build").Single()));
        Assert.Contains("\"status\":\"pass\"", await hub.Client.GetStringAsync("/health"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await starting.Client.GetAsync("/health")).StatusCode);
    }

    [Fact]
    public void Who_sends_a_byte_a_second_is_cut_off_by_Kestrel()
    {
        var services = new ServiceCollection();
        services.AddPresent(CountyCourt.Over.Sources());
        using var built = services.BuildServiceProvider();
        var rate = built.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.MinRequestBodyDataRate;

        Assert.Equal((240, TimeSpan.FromSeconds(5)), (rate!.BytesPerSecond, rate.GracePeriod));
    }

    private Task<TestHub> StartAsync(HubStage stage = HubStage.Ready) => TestHub.StartAsync(CountyCourt.Over.Sources(sources => sources with
    {
        RemoteWrite = new RemoteWriteIntake(_sink, new Refusals(), new WriteLimits()),
        Influx = new Observe.Influx.InfluxIntake(_sink, new Refusals(), new Observe.Influx.InfluxLimits(), sources.Time),
        Hub = () => CountyCourt.Over.Status() with { Stage = stage },
    }));

    private static HttpRequestMessage Write(byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/write") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        request.Content.Headers.ContentEncoding.Add("snappy");
        request.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
        return request;
    }

    private static HttpRequestMessage Line(string address, string lines) => new(HttpMethod.Post, address) { Content = new StringContent(lines) };

    private static byte[] Pack(byte[] body)
    {
        var packed = new byte[Snappy.PackedBytesMax(body.Length)];
        return packed[..Snappy.Pack(body, packed)];
    }

    private static byte[] Varint64(ulong value)
    {
        var bytes = new byte[Varint.BytesMax];
        return bytes[..Varint.Write(bytes, value)];
    }

    private sealed class Sink : ISeriesSink
    {
        public int Samples { get; private set; }

        public string? Refuses { get; set; }

        public ValueTask<AppendResult> AppendAsync(SampleBatch batch, CancellationToken cancellationToken)
        {
            if (Refuses is { } reason)
                return ValueTask.FromResult(new AppendResult(0, [.. Enumerable.Range(0, batch.Count).Select(i => new RefusedSample(i, reason, "too old"))]));
            Samples += batch.Count;
            return ValueTask.FromResult(AppendResult.All(batch.Count));
        }

        public ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
