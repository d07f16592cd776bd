using HmsOps.Observe.Otlp;
using static HmsOps.Observe.Tests.Otlp.Request;

namespace HmsOps.Observe.Tests.Otlp;

/// <summary>What is refused, how it is named, and that the rest is taken.</summary>
public sealed class RefusalTests
{
    public static TheoryData<string, Message> Wrong { get; } = new()
    {
        { "attribute_twice", Gauge("bad", "", Number(1, ("a", "x"), ("a", "y"))) },
        { "label_reserved", Gauge("bad", "", Number(1, ("__name__", "x"))) },
        { "label_empty_name", Gauge("bad", "", Number(1, ("", "x"))) },
        { "label_name", Gauge("bad", "", Number(1, (new string('n', 257), "x"))) },
        { "label_value", Gauge("bad", "", Number(1, ("a", new string('v', 4097)))) },
        { "label_count", Gauge("bad", "", Number(1, Enumerable.Range(0, 63).Select(i => ($"a{i}", (object)"x")))) },
        { "attribute_depth", Gauge("bad", "", Number(1, ("a", Enumerable.Range(0, 9).Aggregate((object)"x", (inner, _) => new[] { inner })))) },
        { "no_name", Gauge("", "", Number(1)) },
        { "no_value", Gauge("bad", "", Times()) },
        { "no_time", Gauge("bad", "", Integer(1, 0)) },
        { "no_time", Gauge("bad", "", Integer(1, ulong.MaxValue)) },
        { "temporality", Sum("bad", "", 0, true, Integer(1)) },
        { "temporality", Histogram("bad", "", 3, Classic(0, 0, [], [])) },
        { "delta_up_down", Sum("bad", "", Delta, false, Integer(1)) },
        { "negative", Sum("bad", "", Delta, true, Integer(-1)) },
        { "negative", Sum("bad", "", Delta, true, Number(double.NaN)) },
        { "not_finite", Histogram("bad", "", Delta, Classic(0, double.NaN, [], [])) },
        { "late", Sum("bad", "", Delta, true, Integer(1, Now - 300_001_000_000)) },
        { "late", Sum("bad", "", Delta, true, Integer(1, Now + 300_001_000_000)) },
        { "histogram_shape", Histogram("bad", "", Cumulative, Classic(1, 1, [1], [1])) },
        { "histogram_bounds", Histogram("bad", "", Cumulative, Classic(1, 1, [1, 1], [1, 0, 0])) },
        { "histogram_bounds", Histogram("bad", "", Cumulative, Classic(1, 1, [double.PositiveInfinity], [1, 0])) },
        { "histogram_count", Histogram("bad", "", Delta, Classic(2, 1, [1], [1, 0])) },
        { "histogram_scale", Exponential("bad", "", Cumulative, Native(-5, 0, 0, 0, (0, []), (0, []))) },
        { "histogram_count", Exponential("bad", "", Cumulative, Native(0, 2, 0, 0, (0, [1]), (0, []))) },
        { "histogram_offset", Exponential("bad", "", Cumulative, Native(0, 1, 0, 0, (int.MaxValue, [1]), (0, []))) },
        { "histogram_zero", Exponential("bad", "", Cumulative, Native(0, 0, 0, 0, (0, []), (0, [])).Double("zeroThreshold", 14, -1)) },
        { "bucket_limit", Histogram("bad", "", Cumulative, Classic(0, 0, [.. Enumerable.Range(0, 10_001)], new ulong[10_002])) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_point_that_is_wrong_is_refused_by_name_and_the_others_are_taken(string reason, Message metric)
    {
        var door = new Door();
        var outcome = door.Send(Of(metric, Gauge("good", "", Number(1))).Protobuf());

        Assert.Equal((OtlpVerdict.Taken, 1), (outcome.Verdict, outcome.RejectedPoints));
        Assert.StartsWith($"1 {reason}: ", outcome.Message);
        Assert.Equal(("otlp", reason, 1), door.Refusals.All.Single(each => each.Reason != "metadata_not_kept"));
        Assert.Equal(["""good{job="permit-svc"} 1 at 1795190400000"""], door.Sink.Lines);
    }

    [Fact]
    public void What_is_wrong_with_a_resource_or_scope_costs_its_points()
    {
        var door = new Door();
        var twice = With(Resource(("service.name", "a"), ("service.name", "b")), Scope(""), Gauge("g", "", Number(1), Number(2, ("a", "b"))));
        Assert.Equal(2, door.Send(twice.Protobuf()).RejectedPoints);
        var scope = With(Resource(("service.name", "a")), Scope("s", "", ("x", "1"), ("x", "2")), Gauge("g", "", Number(1)));
        Assert.Equal(1, door.Send(scope.Protobuf()).RejectedPoints);
        Assert.Empty(door.Sink.Lines);
    }

    [Fact]
    public void A_resource_too_large_for_target_info_keeps_its_points_and_says_so()
    {
        var door = new Door();
        var outcome = door.Send(With(Resource(("service.name", "a"), ("args", new string('x', 5_000))), Scope(""), Gauge("g", "", Number(1))).Protobuf());
        Assert.Equal((OtlpVerdict.Taken, 0), (outcome.Verdict, outcome.RejectedPoints));
        Assert.Contains("target_info of a resource is left out", outcome.Message);
        Assert.Single(door.Sink.Lines);
    }

    [Fact]
    public void A_point_counts_once_however_many_of_its_series_the_store_refuses()
    {
        var door = new Door();
        door.Sink.Refuse["h_bucket"] = "series_limit";
        door.Sink.Refuse["c_total"] = "series_limit";
        var outcome = door.Send(Of(Histogram("h", "", Cumulative, Classic(3, 1, [1, 2], [1, 1, 1])), Sum("c", "", Delta, true, Integer(1)), Gauge("g", "", Number(1))).Protobuf());

        Assert.Equal((OtlpVerdict.Taken, 2), (outcome.Verdict, outcome.RejectedPoints));
        Assert.Equal(("otlp", "series_limit", 4), Assert.Single(door.Refusals.All));
    }

    [Fact]
    public void A_store_that_cannot_write_is_asked_again()
    {
        var door = new Door();
        door.Sink.Refuse["g"] = "read_only";
        var outcome = door.Send(Of(Gauge("g", "", Number(1))).Protobuf());
        Assert.Equal((503, GrpcStatus.Unavailable, 10), (outcome.HttpStatus, outcome.GrpcStatus, outcome.RetryAfter));
    }

    [Fact]
    public void Points_up_to_the_limit_are_taken_and_one_more_is_too_many()
    {
        var limits = new OtlpLimits { ItemsMax = 3 };
        Message Points(int count) => Of(Gauge("g", "", Enumerable.Range(0, count).Select(i => Number(i, ("i", i)))));

        Assert.Equal(OtlpVerdict.Taken, new Door(limits).Send(Points(2).Protobuf()).Verdict);
        Assert.Equal(OtlpVerdict.Taken, new Door(limits).Send(Points(3).Protobuf()).Verdict);
        AssertTooLarge(new Door(limits), door => door.Send(Points(4).Protobuf()), "limits.otlp.items");
    }

    [Fact]
    public void Bytes_up_to_the_limits_are_taken_and_one_more_is_too_many()
    {
        var body = Of(Gauge("g", "", Number(1))).Protobuf();
        Assert.Equal(OtlpVerdict.Taken, new Door(new OtlpLimits { PackedBytesMax = body.Length }).Send(body).Verdict);
        AssertTooLarge(new Door(new OtlpLimits { PackedBytesMax = body.Length - 1 }), door => door.Send(body), "limits.otlp.packed");
        AssertTooLarge(new Door(new OtlpLimits { PackedBytesMax = body.Length - 1 }), door => door.Send([], announced: body.Length), "limits.otlp.packed");

        Assert.Equal(OtlpVerdict.Taken, new Door(new OtlpLimits { DecodedBytesMax = body.Length }).Send(Door.Gzip(body), contentEncoding: "gzip").Verdict);
        AssertTooLarge(new Door(new OtlpLimits { DecodedBytesMax = body.Length - 1 }), door => door.Send(Door.Gzip(body), contentEncoding: "gzip"), "limits.otlp.decoded");
    }

    [Fact]
    public void A_bomb_is_refused_before_it_is_unpacked() =>
        AssertTooLarge(new Door(), door => door.Send(Door.Gzip(new byte[20 << 20]), contentEncoding: "gzip"), "more than 100 times itself");

    [Fact]
    public void Samples_and_label_bytes_are_bounded_too()
    {
        var histogram = Of(Histogram("h", "", Cumulative, Classic(3, 1, [1, 2], [1, 1, 1])));
        Assert.Equal(OtlpVerdict.Taken, new Door(new OtlpLimits { SamplesMax = 5 }).Send(histogram.Protobuf()).Verdict);
        AssertTooLarge(new Door(new OtlpLimits { SamplesMax = 4 }), door => door.Send(histogram.Protobuf()), "limits.otlp.samples");

        // 9,000 buckets, each of whose series has ten kilobytes of labels: small on the wire, 90 MB of series.
        var wide = Enumerable.Range(0, 3).Select(i => ($"a{i}", (object)new string('x', 4_000)));
        var request = Of(Histogram("h", "", Cumulative, Classic(0, 0, [.. Enumerable.Range(0, 9_000)], new ulong[9_001], wide)));
        AssertTooLarge(new Door(), door => door.Send(request.Protobuf()), "bytes of labels together");
    }

    [Theory]
    [InlineData(null, null, 415)]
    [InlineData(OtlpEncoding.Protobuf, "zstd", 415)]
    [InlineData(OtlpEncoding.Protobuf, "identity", 200)]
    [InlineData(OtlpEncoding.Protobuf, "gzip", 400)]
    public void Encodings_that_are_not_read_here_are_named(OtlpEncoding? form, string? contentEncoding, int status) =>
        Assert.Equal(status, new Door().Send(Of(Gauge("g", "", Number(1))).Protobuf(), form, contentEncoding).HttpStatus);

    private static void AssertTooLarge(Door door, Func<Door, OtlpOutcome> send, string said)
    {
        var outcome = send(door);
        Assert.Equal((413, GrpcStatus.ResourceExhausted, (int?)null), (outcome.HttpStatus, outcome.GrpcStatus, outcome.RetryAfter));
        Assert.Contains(said, outcome.Message);
        Assert.Empty(door.Sink.Lines);
        Assert.Equal(0, door.BytesHeld);
    }
}
