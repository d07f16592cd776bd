using static HmsOps.Observe.Tests.Otlp.Request;

namespace HmsOps.Observe.Tests.Otlp;

/// <summary>What becomes of metrics: a request in, lines of samples out.</summary>
public sealed class MappingTests
{
    private const string T = "at 1795190400000";
    private const string From = "from 1795190340000";

    [Fact]
    public void A_gauge_is_a_sample_of_its_own_name_and_unit() => Assert.Equal(
        [$$"""{"pool.usage_bytes", db="main", job="permit-svc"} 12.5 {{T}}"""], Door.Stored(Of(Gauge("pool.usage", "By", Number(12.5, ("db", "main"))))));

    [Fact]
    public void A_sum_that_only_grows_is_a_counter_and_knows_when_it_began() => Assert.Equal(
        [$$"""{"http.requests_total", job="permit-svc"} 41 {{T}} {{From}}"""], Door.Stored(Of(Sum("http.requests", "{request}", Cumulative, true, Integer(41)))));

    [Fact]
    public void A_sum_that_goes_up_and_down_is_a_gauge() => Assert.Equal(
        [$$"""queue_depth{job="permit-svc"} -3 {{T}} {{From}}"""], Door.Stored(Of(Sum("queue_depth", "", Cumulative, false, Integer(-3)))));

    [Fact]
    public void A_classic_histogram_is_its_series() => Assert.Equal(
        [
            $$"""{"http.latency_seconds_sum", job="permit-svc", route="/a"} 1.25 {{T}} {{From}}""",
            $$"""{"http.latency_seconds_count", job="permit-svc", route="/a"} 6 {{T}} {{From}}""",
            $$"""{"http.latency_seconds_bucket", job="permit-svc", le="0.005", route="/a"} 1 {{T}} {{From}}""",
            $$"""{"http.latency_seconds_bucket", job="permit-svc", le="2.5", route="/a"} 3 {{T}} {{From}}""",
            $$"""{"http.latency_seconds_bucket", job="permit-svc", le="+Inf", route="/a"} 6 {{T}} {{From}}""",
        ],
        Door.Stored(Of(Histogram("http.latency", "s", Cumulative, Classic(6, 1.25, [0.005, 2.5], [1, 2, 3], ("route", "/a"))))));

    [Fact]
    public void A_histogram_without_sum_or_buckets_leaves_them_out() => Assert.Equal(
        [$$"""h_count{job="permit-svc"} 6 {{T}} {{From}}""", $$"""h_bucket{job="permit-svc", le="+Inf"} 6 {{T}} {{From}}"""],
        Door.Stored(Of(Histogram("h", "", Cumulative, Classic(6, null, [], [])))));

    [Fact]
    public void A_summary_is_a_series_a_quantile() => Assert.Equal(
        [
            $$"""rpc_milliseconds_sum{job="permit-svc"} 17 {{T}} {{From}}""", $$"""rpc_milliseconds_count{job="permit-svc"} 4 {{T}} {{From}}""",
            $$"""rpc_milliseconds{job="permit-svc", quantile="0"} 1 {{T}} {{From}}""", $$"""rpc_milliseconds{job="permit-svc", quantile="0.99"} 9.5 {{T}} {{From}}""",
        ],
        Door.Stored(Of(Summary("rpc", "ms", Quantiles(4, 17, (0, 1), (0.99, 9.5))))));

    [Theory]
    // OpenTelemetry's bucket i is the store's i + 1. The scale stays while the store has it.
    [InlineData(3, -2, new long[] { 1, 0, 2 }, "schema 3 count 8 sum 9 zero 5/0 +-1:1 +1:2")]
    [InlineData(-4, 0, new long[] { 3 }, "schema -4 count 8 sum 9 zero 5/0 +1:3")]
    // Two scales finer: four buckets make one. -1 lies in bucket -1 of the coarser, 0 to 3 in its 0, 4 in its 1.
    [InlineData(10, -1, new long[] { 1, 2, 0, 0, 4, 8 }, "schema 8 count 20 sum 9 zero 5/0 +0:1 +1:6 +2:8")]
    [InlineData(20, -3, new long[] { 1, 1, 1 }, "schema 8 count 8 sum 9 zero 5/0 +0:3")]
    public void An_exponential_histogram_is_a_native_one_exactly(int scale, int offset, long[] counts, string stored) => Assert.Equal(
        [$$"""h{job="permit-svc"} {{{stored}}} {{T}} {{From}}"""],
        Door.Stored(Of(Exponential("h", "", Cumulative, Native(scale, (ulong)counts.Sum() + 5, 9, 5, (offset, counts), (0, []))))));

    [Fact]
    public void Negative_buckets_and_the_zero_threshold_are_kept() => Assert.Equal(
        [$$"""h{job="permit-svc"} {schema 0 count 6 sum -2 zero 1/0.25 +3:2 -1:3} {{T}} {{From}}"""],
        Door.Stored(Of(Exponential("h", "", Cumulative, Native(0, 6, -2, 1, (2, [2]), (0, [3])).Double("zeroThreshold", 14, 0.25)))));

    [Theory]
    [InlineData(0x7ff8000000000000)]
    [InlineData(0x7ff8000000000123)]
    [InlineData(0x7ff0000000000002)]
    public void Every_NaN_survives_bit_for_bit(long bits)
    {
        var value = BitConverter.Int64BitsToDouble(bits);
        var line = Assert.Single(Door.Stored(Of(Gauge("g", "", Number(value)))));
        Assert.Contains(bits == 0x7ff0000000000002 ? " stale " : $" NaN {bits:x} ", line);
        Assert.Contains(Door.Stored(Of(Histogram("h", "", Cumulative, Classic(1, value, [], [])))), each => each.StartsWith("h_sum", StringComparison.Ordinal) && (each.Contains("stale") || each.Contains($"{bits:x}")));
    }

    [Fact]
    public void Nothing_recorded_any_more_is_a_stale_marker_on_every_series_of_the_point()
    {
        var door = new Door();
        door.Send(Of(Histogram("h", "", Cumulative, Classic(2, 1, [0.5], [1, 1]))).Protobuf());
        door.Sink.Lines.Clear();

        // Who says it does not name the buckets again.
        door.Send(Of(Histogram("h", "", Cumulative, Times().Varint("flags", 10, 1)), Gauge("g", "", Times().Varint("flags", 8, 1))).Protobuf());

        Assert.Equal(
            [
                $$"""h_sum{job="permit-svc"} stale {{T}} {{From}}""", $$"""h_count{job="permit-svc"} stale {{T}} {{From}}""",
                $$"""h_bucket{job="permit-svc", le="0.5"} stale {{T}} {{From}}""", $$"""h_bucket{job="permit-svc", le="+Inf"} stale {{T}} {{From}}""",
                $$"""g{job="permit-svc"} stale {{T}}""",
            ],
            door.Sink.Lines);
    }

    [Fact]
    public void A_resource_is_job_instance_and_target_info()
    {
        var resource = Resource(("service.name", "permit-svc"), ("service.namespace", "county"), ("service.instance.id", "pod-7"), ("k8s.node", "n1"), ("cores", 8));

        Assert.Equal(
            [
                $$"""g{instance="pod-7", job="county/permit-svc"} 1 {{T}}""",
                $$"""target_info{cores="8", instance="pod-7", job="county/permit-svc", "k8s.node"="n1"} 1 {{T}}""",
            ],
            Door.Stored(With(resource, Scope(""), Gauge("g", "", Number(1)))));
    }

    [Fact]
    public void A_resource_that_nothing_can_be_joined_by_has_no_target_info() =>
        Assert.Equal([$"g 1 {T}"], Door.Stored(With(Resource(("host.name", "h1")), Scope(""), Gauge("g", "", Number(1)))));

    [Fact]
    public void A_scope_is_labels_of_its_own_and_wins_over_attributes() => Assert.Equal(
        [$$"""g{a="x", otel_scope_lang="go", otel_scope_name="lib", otel_scope_version="1.2"} 1 {{T}}"""],
        Door.Stored(With(Resource(), Scope("lib", "1.2", ("lang", "go")), Gauge("g", "", Number(1, ("a", "x"), ("otel_scope_name", "mine"))))));

    [Fact]
    public void Our_labels_win_over_attributes_of_their_names() => Assert.Contains(
        $$"""h_bucket{job="permit-svc", le="1"} 1 {{T}} {{From}}""", Door.Stored(Of(Histogram("h", "", Cumulative, Classic(1, 1, [1], [1, 0], ("le", "x"), ("job", "y"))))));

    [Fact]
    public void Exemplars_go_to_the_bucket_they_fall_into_with_their_trace()
    {
        var door = new Door();
        var exemplar = new Message().Children("filteredAttributes", 7, Pair(("user", "u1"))).Fixed("timeUnixNano", 2, Now - 1_000_000_000).Double("asDouble", 3, 0.7)
            .Hex("spanId", 4, "00f067aa0ba902b7").Hex("traceId", 5, "4bf92f3577b34da6a3ce929d0e0e4736");
        var counted = new Message().SignedFixed("asInt", 6, 3).Hex("traceId", 5, "00000000000000000000000000000000");

        door.Send(Of(
            Histogram("h", "", Cumulative, Classic(2, 1, [0.5, 1], [1, 1, 0]).Children("exemplars", 8, exemplar)),
            Sum("c", "", Cumulative, true, Integer(9).Children("exemplars", 5, counted)),
            Gauge("g", "", Number(1).Children("exemplars", 5, counted))).Protobuf());

        Assert.Equal(
            [
                """h_bucket{job="permit-svc", le="1"} # {span_id="00f067aa0ba902b7", trace_id="4bf92f3577b34da6a3ce929d0e0e4736", user="u1"} 0.7 at 1795190399000""",
                $$"""c_total{job="permit-svc"} # {} 3 {{T}}""",
            ],
            door.Sink.Exemplars);
        Assert.Equal([("otlp", "exemplar_not_kept", 1L)], door.Refusals.All); // a gauge's has no place
    }

    [Fact]
    public void What_is_said_about_a_metric_is_passed_on()
    {
        var door = new Door();
        door.Send(Of(Sum("io", "By/s", Cumulative, true, Integer(1)), Histogram("h", "s", Cumulative, Classic(0, 0, [], []))).Protobuf());

        Assert.Equal(["io_bytes_per_second_total counter bytes_per_second 'io, described'", "h_seconds histogram seconds 'h, described'"],
            door.Sink.Metadata.Select(each => $"{each.Metric} {each.Type} {each.Unit} '{each.Help}'"));
    }

    [Fact]
    public void Differences_are_added_up_by_the_store_under_the_id_of_their_span_of_time()
    {
        var lines = Door.Stored(Of(
            Sum("hits", "", Delta, true, Integer(5), Number(2.5, ("a", "b"))),
            Histogram("h", "s", Delta, Classic(6, 1.25, [0.005, 2.5], [1, 0, 5])),
            Exponential("e", "", Delta, Native(9, 4, 3, 0, (0, [1, 3]), (0, [])))));

        var id = $"otlp:{Start:x}:{Now:x}";
        Assert.Equal(
            [
                $$"""hits_total{job="permit-svc"} + 5 (Increment, {{id}})""",
                $$"""hits_total{a="b", job="permit-svc"} + 2.5 (Increment, {{id}})""",
                $$"""h_seconds{job="permit-svc"} + {schema -53 count 6 sum 1.25 zero 0/0 +0:1 +2:5 bounds 0.005,2.5} (Histogram, {{id}})""",
                $$"""e{job="permit-svc"} + {schema 8 count 4 sum 3 zero 0/0 +1:4} (Histogram, {{id}})""",
            ],
            lines);
    }

    [Theory]
    [InlineData("http.requests", "1", true, "http.requests_total")]
    [InlineData("http.requests.total", "1", true, "http.requests_total")]
    [InlineData("cpu_seconds_total", "s", true, "cpu_seconds_total")]
    [InlineData("cpu.time", "s", true, "cpu.time_seconds_total")]
    [InlineData("disk.io", "By", true, "disk.io_bytes_total")]
    [InlineData("net.io", "By/s", true, "net.io_bytes_per_second_total")]
    [InlineData("saturation", "1", false, "saturation_ratio")]
    [InlineData("saturation_ratio", "1", false, "saturation_ratio")]
    [InlineData("load", "", false, "load")]
    [InlineData("wait", "{thread}", false, "wait")]
    [InlineData("rate", "{request}/s", false, "rate_per_second")]
    [InlineData("temp", "Cel", false, "temp_celsius")]
    [InlineData("odd", "furlong/w", false, "odd_furlong_per_week")]
    [InlineData("größe", "MiBy", false, "größe_mebibytes")]
    [InlineData("total", "", true, "total_total")]
    public void Names_get_their_unit_and_type_once(string name, string unit, bool isCounter, string stored)
    {
        var line = Assert.Single(Door.Stored(With(Resource(), Scope(""), isCounter ? Sum(name, unit, Cumulative, true, Integer(1)) : Gauge(name, unit, Number(1)))));
        Assert.StartsWith(stored.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? $"{stored} " : $$"""{"{{stored}}"} """, line);
    }

    public static TheoryData<object, string> Attributes { get; } = new()
    {
        { "text", "text" },
        { true, "true" },
        { -7, "-7" },
        { 2.5, "2.5" },
        { 1e21, "1e+21" },
        { 1e-7, "1e-7" },
        { 1e20, "100000000000000000000" },
        { 0.0, "0" },
        { double.NaN, "NaN" },
        { new byte[] { 1, 2, 255 }, "AQL/" },
        { new object[] { 1, "a\"<b>", true, 2.5, Array.Empty<object>() }, """[1,"a\"\u003cb\u003e",true,2.5,[]]""" },
        { new (string, object)[] { ("z", 1), ("a", new object[] { "x" }) }, """{"a":["x"],"z":1}""" },
    };

    [Theory]
    [MemberData(nameof(Attributes))]
    public void An_attribute_of_any_type_is_text(object value, string text)
    {
        var line = Assert.Single(Door.Stored(With(Resource(), Scope(""), Gauge("g", "", Number(1, ("a", value))))));
        Assert.Equal($"g{{a={HmsOps.Series.LabelNames.Quote(text)}}} 1 {T}", line);
    }

    [Fact]
    public void An_attribute_without_a_value_is_an_absent_label() =>
        Assert.Equal([$"g 1 {T}"], Door.Stored(With(Resource(), Scope(""), Gauge("g", "", Number(1, ("a", ""), ("b", new object()))))));

    [Fact]
    public void Fields_come_in_any_order() => Assert.Equal(
        Door.Stored(Of(Sum("c", "s", Cumulative, true, Number(1, ("a", "x"), ("b", "y"))))),
        Door.Stored(Of(Sum("c", "s", Cumulative, true, Number(1, ("a", "x"), ("b", "y")).Reversed()).Reversed())));

    [Fact]
    public void A_backlog_has_a_target_info_every_two_and_a_half_minutes()
    {
        var resource = Resource(("service.name", "s"), ("k", "v"));
        var lines = Door.Stored(With(resource, Scope(""), Gauge("g", "", Integer(1, Now - 400_000_000_000), Integer(2))));
        Assert.Equal([-400_000, -250_000, -100_000, 0],
            lines.Where(each => each.StartsWith("target_info", StringComparison.Ordinal)).Select(each => long.Parse(each[(each.LastIndexOf(' ') + 1)..]) - 1_795_190_400_000));
    }

    [Fact]
    public void What_was_seen_before_is_remembered_and_means_the_same()
    {
        var door = new Door();
        var request = Of(Sum("c", "s", Cumulative, true, Number(1, ("a", "x"))), Histogram("h", "", Cumulative, Classic(1, 1, [1], [1, 0])), Summary("s", "", Quantiles(1, 1, (0.5, 1)))).Protobuf();
        door.Send(request);
        var first = door.Sink.Lines.ToList();
        door.Sink.Lines.Clear();
        door.Send(request);
        Assert.Equal(first, door.Sink.Lines);

        // The same series with other bounds.
        door.Sink.Lines.Clear();
        door.Send(Of(Histogram("h", "", Cumulative, Classic(1, 1, [1, 2], [1, 0, 0]))).Protobuf());
        Assert.Contains(door.Sink.Lines, each => each.Contains("le=\"2\"", StringComparison.Ordinal));
    }
}
