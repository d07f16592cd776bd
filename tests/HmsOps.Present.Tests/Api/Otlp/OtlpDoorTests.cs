using System.Net;
using System.Net.Http.Headers;
using System.Text;
using HmsOps.Present.Tests.Stage;

namespace HmsOps.Present.Tests.Api.Otlp;

/// <summary>The doors of OTLP in the words of HTTP and gRPC.</summary>
public sealed class OtlpDoorTests
{
    private const string Export = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    private const string Gauge = """{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[{"timeUnixNano":"TIME","asInt":"7"}]}}]}]}]}""";

    [Fact]
    public async Task A_post_is_answered_in_its_own_form()
    {
        await using var stage = await OtlpStage.StartAsync();

        var taken = await stage.Client.SendAsync(Post(stage, "/v1/metrics", Encoding.UTF8.GetBytes(Gauge.Replace("TIME", Now, StringComparison.Ordinal)), "application/json; charset=utf-8"));
        var partial = await stage.Client.SendAsync(Post(stage, "/v1/metrics", Encoding.UTF8.GetBytes(Gauge.Replace("TIME", "0", StringComparison.Ordinal)), "application/json"));
        var empty = await stage.Client.SendAsync(Post(stage, "/v1/metrics", [], "application/x-protobuf"));
        var cut = await stage.Client.SendAsync(Post(stage, "/v1/metrics", [0x0a, 0x09], "application/x-protobuf"));
        var other = await stage.Client.SendAsync(Post(stage, "/v1/metrics", [1], "text/plain"));

        Assert.Equal((HttpStatusCode.OK, "{}"), (taken.StatusCode, await taken.Content.ReadAsStringAsync()));
        Assert.Equal(["g 7"], stage.Stored("g"));
        Assert.Equal(HttpStatusCode.OK, partial.StatusCode);
        Assert.StartsWith("""{"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"1 no_time: g: """, await partial.Content.ReadAsStringAsync());
        Assert.Equal((HttpStatusCode.OK, "application/x-protobuf", 0L), (empty.StatusCode, empty.Content.Headers.ContentType!.MediaType, empty.Content.Headers.ContentLength));
        Assert.Equal((HttpStatusCode.BadRequest, "application/x-protobuf"), (cut.StatusCode, cut.Content.Headers.ContentType!.MediaType));
        Assert.Equal([0x08, 0x03, 0x12], (await cut.Content.ReadAsByteArrayAsync())[..3]); // google.rpc.Status: INVALID_ARGUMENT, and its message
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "application/json"), (other.StatusCode, other.Content.Headers.ContentType!.MediaType));
    }

    [Theory]
    [InlineData("/v1/traces", "traces are not in this version")]
    [InlineData("/v1/logs", "logs are not in this version")]
    public async Task Other_signals_are_refused_by_name(string address, string said)
    {
        await using var stage = await OtlpStage.StartAsync();
        var answer = await stage.Client.SendAsync(Post(stage, address, "{}"u8.ToArray(), "application/json"));
        Assert.Equal(HttpStatusCode.NotImplemented, answer.StatusCode);
        Assert.Contains(said, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_hub_that_starts_says_when_to_come_again()
    {
        await using var stage = await OtlpStage.StartAsync(sources => sources with { Hub = () => CountyCourt.Over.Status() with { Stage = HubStage.Starting } });

        var answer = await stage.Client.SendAsync(Post(stage, "/v1/metrics", [], "application/x-protobuf"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 1), (answer.StatusCode, answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds));

        using var call = await stage.GrpcClient.SendAsync(Call(stage, Export, [0, 0, 0, 0, 0]));
        await call.Content.ReadAsByteArrayAsync();
        Assert.Equal("14", Trailer(call, "grpc-status"));
        var details = Trailer(call, "grpc-status-details-bin");
        Assert.Contains("google.rpc.RetryInfo", Encoding.UTF8.GetString(Convert.FromBase64String(details + new string('=', -details.Length & 3))));
    }

    [Theory]
    [InlineData(Export, new byte[] { 0, 0, 0, 0, 0 }, "0", "")]
    [InlineData(Export, new byte[] { 0, 0, 0, 0, 9, 1 }, "13", "says it has 9 bytes")]
    [InlineData(Export, new byte[] { 1, 0, 0, 0, 0 }, "13", "does not say how")]
    [InlineData(Export, new byte[] { 0, 0, 0, 0, 1, 7 }, "3", "cannot be read")]
    [InlineData("/opentelemetry.proto.collector.trace.v1.TraceService/Export", new byte[] { 0, 0, 0, 0, 0 }, "12", "traces are not in this version")]
    [InlineData("/opentelemetry.proto.collector.logs.v1.LogsService/Export", new byte[] { 0, 0, 0, 0, 0 }, "12", "logs are not in this version")]
    [InlineData("/grpc.health.v1.Health/Check", new byte[] { 0, 0, 0, 0, 0 }, "12", "there is no /grpc.health.v1.Health/Check here")]
    [InlineData("/incidents", new byte[] { 0, 0, 0, 0, 0 }, "12", "there is no /incidents here")]
    public async Task A_call_is_answered_in_its_trailers(string path, byte[] body, string status, string said)
    {
        await using var stage = await OtlpStage.StartAsync();
        using var answer = await stage.GrpcClient.SendAsync(Call(stage, path, body));
        var frame = await answer.Content.ReadAsByteArrayAsync();

        Assert.Equal((HttpStatusCode.OK, "application/grpc", status), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType, Trailer(answer, "grpc-status")));
        Assert.Contains(said, said.Length == 0 ? "" : Uri.UnescapeDataString(Trailer(answer, "grpc-message")));
        Assert.Equal(status == "0" ? 5 : 0, frame.Length);
    }

    [Fact]
    public async Task The_port_of_gRPC_shows_nothing_else_of_the_hub()
    {
        await using var stage = await OtlpStage.StartAsync();
        using var page = await stage.GrpcClient.GetAsync(new Uri(stage.Grpc, "/incidents"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, page.StatusCode);
        Assert.StartsWith("This port speaks OTLP over gRPC alone.", await page.Content.ReadAsStringAsync());

        using var call = Call(stage, Export, [0, 0, 0, 0, 0]);
        call.Headers.Host = "evil.example";
        using var foreign = await stage.GrpcClient.SendAsync(call);
        await foreign.Content.ReadAsByteArrayAsync();
        Assert.Equal("7", Trailer(foreign, "grpc-status"));
    }

    [Fact]
    public async Task A_caller_that_hangs_up_in_its_message_leaves_the_door_open()
    {
        await using var stage = await OtlpStage.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            using var hangUp = new CancellationTokenSource();
            var endless = new Endless(hangUp);
            var call = new HttpRequestMessage(HttpMethod.Post, new Uri(stage.Grpc, Export)) { Content = endless, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            call.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stage.GrpcClient.SendAsync(call, hangUp.Token));
        }
        using var good = await stage.GrpcClient.SendAsync(Call(stage, Export, [0, 0, 0, 0, 0]));
        await good.Content.ReadAsByteArrayAsync();
        Assert.Equal("0", Trailer(good, "grpc-status"));
    }

    private static string Now => (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000_000).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Trailer(HttpResponseMessage answer, string name) => answer.TrailingHeaders.TryGetValues(name, out var values) ? values.Single() : "none";

    private static HttpRequestMessage Post(OtlpStage stage, string address, byte[] body, string type)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(stage.Http, address)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return request;
    }

    private static HttpRequestMessage Call(OtlpStage stage, string path, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(stage.Grpc, path))
        {
            Content = new ByteArrayContent(body),
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        return request;
    }

    /// <summary>Sends the beginning of a message, and hangs up.</summary>
    private sealed class Endless(CancellationTokenSource hangUp) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[] { 0, 0, 15, 0, 0, 1, 2, 3 });
            await stream.FlushAsync();
            hangUp.Cancel();
            hangUp.Token.ThrowIfCancellationRequested();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
