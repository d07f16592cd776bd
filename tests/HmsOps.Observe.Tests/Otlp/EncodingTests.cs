using System.Text;
using HmsOps.Observe.Otlp;
using static HmsOps.Observe.Tests.Otlp.Request;

namespace HmsOps.Observe.Tests.Otlp;

/// <summary>JSON and protobuf mean the same; answers speak the form of the request.</summary>
public sealed class EncodingTests
{
    [Fact]
    public void The_same_request_in_both_forms_is_the_same_batch()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var request = AnyRequest(new Random(seed));
            var (binary, json, packed) = (new Door(), new Door(), new Door());
            var outcome = binary.Send(request.Protobuf());
            Assert.Equal(outcome, json.Send(request.JsonBytes(), OtlpEncoding.Json));
            Assert.Equal(outcome, packed.Send(Door.Gzip(request.JsonBytes()), OtlpEncoding.Json, "gzip"));
            Assert.True(binary.Sink.Lines.SequenceEqual(json.Sink.Lines), $"seed {seed}");
            Assert.Equal(binary.Sink.Lines, packed.Sink.Lines);
            Assert.Equal(binary.Sink.Exemplars, json.Sink.Exemplars);
            Assert.Equal(binary.Sink.Metadata, json.Sink.Metadata);
        }
    }

    [Theory]
    [InlineData("""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[{"timeUnixNano":1795190400000000000,"asInt":7}]}}]}]}]}""", "g 7 at 1795190400000")]
    [InlineData("""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[{"timeUnixNano":"1795190400000000000","asDouble":"1.5"}]}}]}]}]}""", "g 1.5 at 1795190400000")]
    [InlineData("""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[{"timeUnixNano":"1795190400000000000","asDouble":0}]}}]}]}]}""", "g 0 at 1795190400000")]
    [InlineData("""{"later":{"deep":[1]},"resourceMetrics":[{"resource":null,"scopeMetrics":[{"scope":{},"metrics":[{"name":"g","gauge":{"dataPoints":[{"timeUnixNano":"1795190400000000000","asDouble":"NaN","new":[{}]}]}}]}]}]}""", "g NaN fff8000000000000 at 1795190400000")]
    [InlineData("{}", "")]
    public void JSON_is_read_as_OTLP_maps_it(string json, string stored)
    {
        var door = new Door();
        Assert.Equal(200, door.Send(Encoding.UTF8.GetBytes(json), OtlpEncoding.Json).HttpStatus);
        Assert.Equal(stored, string.Join('\n', door.Sink.Lines));
    }

    [Theory]
    [InlineData("", "no request in JSON")]
    [InlineData("[]", "an object like")]
    [InlineData("{\"resourceMetrics\":{}}", "'resourceMetrics' ends at byte")]
    [InlineData("{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":7}]}]}]}", "'name' ends at byte 58 and is another number; it has to be text")]
    [InlineData("{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"sum\":{\"aggregationTemporality\":\"AGGREGATION_TEMPORALITY_DELTA\"}}]}]}]}", "a whole number")]
    [InlineData("{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"sum\":{\"dataPoints\":[{\"timeUnixNano\":-1}]}}]}]}]}", "a whole number from 0")]
    [InlineData("{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"sum\":{\"dataPoints\":[{\"exemplars\":[{\"traceId\":\"xyz\"}]}]}}]}]}]}", "hex digits")]
    [InlineData("{\"resourceMetrics\":[{\"resource\":{\"attributes\":[{\"key\":\"\\ud800\"}]}}]}", "not valid UTF-8")]
    [InlineData("{} {}", "no request in JSON")]
    public void What_is_no_request_is_said_with_its_place(string json, string said)
    {
        var outcome = new Door().Send(Encoding.UTF8.GetBytes(json), OtlpEncoding.Json);
        Assert.Equal(400, outcome.HttpStatus);
        Assert.Contains(said, outcome.Message);
    }

    [Fact]
    public void An_attribute_nested_without_end_is_refused_in_JSON_too()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"arrayValue\":{\"values\":[", 5_000));
        var json = "{\"resourceMetrics\":[{\"resource\":{\"attributes\":[{\"key\":\"a\",\"value\":" + deep;
        Assert.Equal(400, new Door().Send(Encoding.UTF8.GetBytes(json), OtlpEncoding.Json).HttpStatus);
    }

    [Fact]
    public void Answers_have_the_shape_OTLP_gives_them()
    {
        var taken = new OtlpOutcome(OtlpVerdict.Taken, "");
        var partial = new OtlpOutcome(OtlpVerdict.Taken, "3 late: x") { RejectedPoints = 3 };
        var busy = new OtlpOutcome(OtlpVerdict.Busy, "full") { RetryAfter = 2 };

        Assert.Empty(OtlpReply.Write(taken, OtlpEncoding.Protobuf));
        Assert.Equal("{}", Text(taken));
        Assert.Equal("0A0D080312093320 6C6174653A2078".Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(OtlpReply.Write(partial, OtlpEncoding.Protobuf)));
        Assert.Equal("""{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"3 late: x"}}""", Text(partial));
        Assert.Equal("""{"code":8,"message":"full"}""", Text(busy));
        var details = Convert.ToHexString(GrpcAnswer.Of(busy).Details.Span);
        Assert.Equal($"0808120466756C6C1A30" + "0A28" + Convert.ToHexString("type.googleapis.com/google.rpc.RetryInfo"u8) + "12040A020802", details);

        static string Text(OtlpOutcome outcome) => Encoding.UTF8.GetString(OtlpReply.Write(outcome, OtlpEncoding.Json));
    }

    [Fact]
    public void A_known_float_point_costs_no_allocation()
    {
        var points = Enumerable.Range(0, 1_000).Select(i => Number(i, ("route", $"/r/{i}"), ("code", 200))).ToList();
        var request = Of(Gauge("g", "", points), Sum("c", "", Cumulative, true, points), Histogram("h", "s", Cumulative, Enumerable.Range(0, 100).Select(i => Classic(3, 1, [1, 2], [1, 1, 1], ("i", i)))));
        var body = request.Protobuf();
        var decoder = new MetricsDecoder(new OtlpLimits());
        var memory = new SeriesMemory(64 << 20);
        for (var warm = 0; warm < 5; warm++)
            Assert.True(decoder.TryDecode(body, memory, 0));

        var before = GC.GetAllocatedBytesForCurrentThread();
        decoder.TryDecode(body, memory, 0);
        var spent = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(2_500, decoder.Batch.Count);
        Assert.True(spent < 1_000, $"{spent} bytes for 2,100 points"); // some a request, none a point
    }

    private static Message AnyRequest(Random random) => With(
        Resource(Attributes(random).Concat([("service.name", (object)"s"), ("service.instance.id", (object)random.Next(3))])),
        Scope(random.Next(2) == 0 ? "" : "lib", "1", Attributes(random)),
        Enumerable.Range(0, random.Next(1, 6)).Select(i => AnyMetric(random, $"m.{i}")));

    private static Message AnyMetric(Random random, string name)
    {
        string[] units = ["", "1", "s", "By/s", "{x}", "é"];
        var unit = units[random.Next(units.Length)];
        var points = random.Next(1, 4);
        return random.Next(5) switch
        {
            0 => Gauge(name, unit, Many(() => Number(AnyDouble(random), Attributes(random)))),
            1 => Sum(name, unit, random.Next(0, 4), random.Next(2) == 0, Many(() => Integer(random.NextInt64(), Now - (ulong)random.Next(1 << 30)).Children("exemplars", 5, AnyExemplar(random)))),
            2 => Histogram(name, unit, random.Next(1, 3), Many(() => Classic(10, AnyDouble(random), [-1, 0.1, 5], [1, 2, 3, 4], Attributes(random)).Children("exemplars", 8, AnyExemplar(random)))),
            3 => Exponential(name, unit, random.Next(1, 3), Many(() => Native(random.Next(-5, 12), 6, AnyDouble(random), 1, (random.Next(-50, 50), [1, 0, 2]), (random.Next(-9, 9), [2])))),
            _ => Summary(name, unit, Many(() => Quantiles(3, AnyDouble(random), (0, AnyDouble(random)), (1, AnyDouble(random))))),
        };

        IEnumerable<Message> Many(Func<Message> make) => Enumerable.Range(0, points).Select(_ => make()).ToList();
    }

    private static Message AnyExemplar(Random random) => new Message().Children("filteredAttributes", 7, Attributes(random).Select(Pair)).Fixed("timeUnixNano", 2, Now)
        .Double("asDouble", 3, random.NextDouble()).Hex("spanId", 4, "00f067aa0ba902b7").Hex("traceId", 5, "4bf92f3577b34da6a3ce929d0e0e4736");

    private static List<(string, object)> Attributes(Random random)
    {
        object[] values = ["", "a", "ü\"\n", true, false, -5, 1L << 53, 0.5, 1e300, new byte[] { 0, 255 }, new object[] { 1, new object[] { "x" } }, new (string, object)[] { ("k", 1.5), ("a", "<") }];
        return [.. Enumerable.Range(0, random.Next(4)).Select(i => ($"k.{i}", values[random.Next(values.Length)]))];
    }

    private static double AnyDouble(Random random)
    {
        double[] values = [0, -0.0, 1.5, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, 0.1];
        return values[random.Next(values.Length)];
    }
}
