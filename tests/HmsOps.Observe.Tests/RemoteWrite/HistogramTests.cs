using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Tests.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.RemoteWrite;

public sealed class HistogramTests
{
    private readonly HistogramReader _reader = new(10);

    [Fact]
    public void Integer_differences_become_counts()
    {
        var histogram = Read(h => h.Varint(1, 21).Double(3, 18.4).Varint(4, Varint.ZigZag(1)).Double(5, 0.001).Varint(6, 2)
            .Message(8, s => s.Varint(1, Varint.ZigZag(-3)).Varint(2, 1)).PackedSigned(9, [4])
            .Message(11, s => s.Varint(1, Varint.ZigZag(-2)).Varint(2, 3)).Message(11, s => s.Varint(1, Varint.ZigZag(1)).Varint(2, 2)).PackedSigned(12, [1, 2, -3, 5, 1])
            .Varint(14, 2).Varint(15, 1_000).Varint(17, 900));

        Assert.Equal((1, 0.001, 2.0, 21.0, 18.4), (histogram.Schema, histogram.ZeroThreshold, histogram.ZeroCount, histogram.Count, histogram.Sum));
        Assert.Equal([new(-2, 1), new(-1, 3), new(2, 5), new(3, 6)], histogram.Positive); // the third, of 0, is left out; the span behind it skips one
        Assert.Equal([new(-3, 4)], histogram.Negative);
        Assert.Equal((CounterResetHint.NoReset, false), (histogram.Reset, histogram.IsFloat));
        Assert.Equal((1_000, 900), (_reader.Time, _reader.StartTime));
    }

    [Fact]
    public void Float_counts_stand_for_themselves()
    {
        var histogram = Read(h => h.Double(2, 2.75).Double(3, -1).Varint(4, Varint.ZigZag(-4)).Double(7, 0.25).Message(11, s => s.Varint(2, 2)).PackedDoubles(13, [1.5, 1]).Varint(14, 3));

        Assert.Equal((2.75, 0.25, true, true), (histogram.Count, histogram.ZeroCount, histogram.IsFloat, histogram.IsGauge));
        Assert.Equal([new(0, 1.5), new(1, 1)], histogram.Positive);
    }

    [Fact]
    public void Own_bounds_are_kept()
    {
        var histogram = Read(h => h.Varint(1, 6).Varint(4, Varint.ZigZag(-53)).Message(11, s => s.Varint(2, 3)).PackedSigned(12, [1, 1, 1]).PackedDoubles(16, [0.1, 0.5]));

        Assert.Equal([0.1, 0.5], histogram.Bounds);
        Assert.Equal([new(0, 1), new(1, 2), new(2, 3)], histogram.Positive);
    }

    [Fact]
    public void A_stale_marker_is_an_empty_histogram_with_a_sum_of_its_own()
    {
        var histogram = Read(h => h.Double(3, StaleMarker.Value).Varint(15, 7));

        Assert.True(StaleMarker.Is(histogram.Sum));
        Assert.Equal(0, histogram.Count);
    }

    [Fact]
    public void Observations_of_NaN_are_counted_and_lie_in_no_bucket()
    {
        Assert.Equal(5, Read(h => h.Varint(1, 5).Double(3, double.NaN).Message(11, s => s.Varint(2, 1)).PackedSigned(12, [4])).Count);
    }

    [Fact]
    public void Values_that_are_not_packed_are_read_too()
    {
        var histogram = Read(h => h.Varint(1, 3).Message(11, s => s.Varint(2, 2)).Varint(12, Varint.ZigZag(1)).Varint(12, Varint.ZigZag(1)));

        Assert.Equal([new(0, 1), new(1, 2)], histogram.Positive);
    }

    public static TheoryData<string, string> Wrong => new()
    {
        { "schema 9", "histogram_schema" }, { "schema -5", "histogram_schema" }, { "schema of 64 bits", "histogram_schema" },
        { "reset 4", "histogram_reset" },
        { "fewer counts than spans", "histogram_spans" }, { "more counts than spans", "histogram_spans" }, { "a span of 4 billion", "histogram_spans" },
        { "float counts of an integer histogram", "histogram_spans" }, { "spans that overlap", "histogram_spans" }, { "a bucket no number falls into", "histogram_spans" },
        { "a count below zero", "histogram_count" }, { "a difference of 63 bits", "histogram_count" }, { "a count of NaN", "histogram_count" },
        { "a count of 2^60", "histogram_count" }, { "buckets that do not add up", "histogram_count" },
        { "a zero threshold of NaN", "histogram_zero" }, { "a zero threshold below zero", "histogram_zero" }, { "own bounds and a zero bucket", "histogram_zero" },
        { "bounds out of order", "histogram_bounds" }, { "a bound of infinity", "histogram_bounds" }, { "bounds where there are none", "histogram_bounds" }, { "own bounds and negative buckets", "histogram_bounds" },
        { "a bucket past own bounds", "histogram_spans" },
        { "11 buckets", "bucket_limit" }, { "11 spans", "bucket_limit" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_no_histogram_is_refused_by_name(string what, string reason)
    {
        var writer = new ProtoWriter();
        Write(what, writer);
        var bytes = writer.ToArray();

        Assert.True(_reader.TryRead(bytes, 0, bytes.Length, out var histogram));
        Assert.Null(histogram);
        Assert.Equal(reason, _reader.Flaw?.Reason);
    }

    [Fact]
    public void As_many_buckets_as_may_be_are_taken()
    {
        Assert.Equal(10, Read(h => h.Varint(1, 10).Message(11, s => s.Varint(2, 10)).PackedSigned(12, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0])).Positive.Count);
    }

    private NativeHistogram Read(Action<ProtoWriter> write)
    {
        var writer = new ProtoWriter();
        write(writer);
        var bytes = writer.ToArray();
        Assert.True(_reader.TryRead(bytes, 0, bytes.Length, out var histogram));
        Assert.True(histogram is not null, _reader.Flaw?.Sentence);
        return histogram;
    }

    private static ProtoWriter Write(string what, ProtoWriter h) => what switch
    {
        "schema 9" => h.Varint(4, Varint.ZigZag(9)),
        "schema -5" => h.Varint(4, Varint.ZigZag(-5)),
        "schema of 64 bits" => h.Varint(4, ulong.MaxValue),
        "reset 4" => h.Varint(14, 4),
        "fewer counts than spans" => h.Varint(1, 1).Message(11, s => s.Varint(2, 2)).PackedSigned(12, [1]),
        "more counts than spans" => h.Varint(1, 2).Message(11, s => s.Varint(2, 1)).PackedSigned(12, [1, 0]),
        "a span of 4 billion" => h.Varint(1, 1).Message(11, s => s.Varint(2, uint.MaxValue)).PackedSigned(12, [1]),
        "float counts of an integer histogram" => h.Varint(1, 1).Message(11, s => s.Varint(2, 1)).PackedDoubles(13, [1]),
        "spans that overlap" => h.Varint(1, 2).Message(11, s => s.Varint(2, 1)).Message(11, s => s.Varint(1, Varint.ZigZag(-1)).Varint(2, 1)).PackedSigned(12, [1, 0]),
        "a bucket no number falls into" => h.Varint(1, 1).Message(11, s => s.Varint(1, Varint.ZigZag(2_000)).Varint(2, 1)).PackedSigned(12, [1]),
        "a count below zero" => h.Varint(1, 1).Message(11, s => s.Varint(2, 2)).PackedSigned(12, [1, -2]),
        "a difference of 63 bits" => h.Varint(1, 1).Message(11, s => s.Varint(2, 2)).PackedSigned(12, [long.MaxValue, long.MaxValue]),
        "a count of NaN" => h.Double(2, double.NaN),
        "a count of 2^60" => h.Varint(1, 1UL << 60),
        "buckets that do not add up" => h.Varint(1, 3).Message(11, s => s.Varint(2, 1)).PackedSigned(12, [2]),
        "a zero threshold of NaN" => h.Double(5, double.NaN),
        "a zero threshold below zero" => h.Double(5, -1),
        "own bounds and a zero bucket" => h.Varint(1, 1).Varint(4, Varint.ZigZag(-53)).Varint(6, 1).PackedDoubles(16, [1]),
        "bounds out of order" => h.Varint(4, Varint.ZigZag(-53)).PackedDoubles(16, [1, 1]),
        "a bound of infinity" => h.Varint(4, Varint.ZigZag(-53)).PackedDoubles(16, [1, double.PositiveInfinity]),
        "bounds where there are none" => h.PackedDoubles(16, [1]),
        "own bounds and negative buckets" => h.Varint(1, 1).Varint(4, Varint.ZigZag(-53)).Message(8, s => s.Varint(2, 1)).PackedSigned(9, [1]),
        "a bucket past own bounds" => h.Varint(1, 1).Varint(4, Varint.ZigZag(-53)).Message(11, s => s.Varint(1, Varint.ZigZag(2)).Varint(2, 1)).PackedSigned(12, [1]).PackedDoubles(16, [1]),
        "11 buckets" => h.Varint(1, 11).Message(11, s => s.Varint(2, 11)).PackedSigned(12, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        "11 spans" => Enumerable.Range(0, 11).Aggregate(h, (w, _) => w.Message(11, s => s.Varint(2, 0))),
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, "No such histogram."),
    };
}
