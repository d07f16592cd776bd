using System.Buffers.Binary;
using System.Text;
using HmsOps.Observe.Exposition;

namespace HmsOps.Observe.Tests.Exposition;

public sealed class ProtobufExpositionTests
{
    private static byte[] Varint(ulong value)
    {
        var bytes = new byte[10];
        return bytes[..Series.Varint.Write(bytes, value)];
    }

    private static byte[] Number(int field, ulong value) => [.. Varint((ulong)field << 3), .. Varint(value)];

    private static byte[] Signed(int field, long value) => Number(field, Series.Varint.ZigZag(value));

    private static byte[] Double(int field, double value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        return [.. Varint(((ulong)field << 3) | 1), .. bytes];
    }

    private static byte[] Block(int field, params byte[][] parts)
    {
        byte[] inner = [.. parts.SelectMany(part => part)];
        return [.. Varint(((ulong)field << 3) | 2), .. Varint((ulong)inner.Length), .. inner];
    }

    private static byte[] Text(int field, string text) => Block(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Label(string name, string value) => Block(1, Text(1, name), Text(2, value));

    private static byte[] Delimited(params byte[][] parts)
    {
        byte[] inner = [.. parts.SelectMany(part => part)];
        return [.. Varint((ulong)inner.Length), .. inner];
    }

    private static byte[] Time(int field, ulong seconds) => Block(field, Number(1, seconds));

    private static byte[] Native => Block(7,
        Number(1, 6), Double(2, 12.5), Signed(5, 1), Double(6, 0.001), Number(7, 1),
        Block(12, Signed(1, -1), Number(2, 2)), Block(12, Signed(1, 1), Number(2, 1)),
        Block(13, Varint(Series.Varint.ZigZag(1)), Varint(Series.Varint.ZigZag(1)), Varint(Series.Varint.ZigZag(-1))),
        Block(9, Signed(1, 0), Number(2, 1)), Block(10, Varint(Series.Varint.ZigZag(1))),
        Block(3, Number(1, 4), Double(2, 1)), Time(15, 1_700_000_000), Block(16, Label("trace_id", "x"), Double(2, 0.7), Time(3, 1_700_000_001)));

    public static TheoryData<byte[], bool, string> Read => new()
    {
        { Delimited(Text(1, "a"), Text(2, "A help"), Number(3, 1), Text(5, "s"), Block(4, Label("x", "1"), Block(2, Double(1, 2.5)), Number(6, 99))), false,
            "a Type: gauge\na Help: A help\na Unit: s\na{x=\"1\"} 2.5 @99" },
        { Delimited(Text(1, "tax-bot.ok"), Number(3, 0), Block(4, Block(3, Double(1, 7), Block(2, Label("trace_id", "x"), Double(2, 1)), Time(3, 1_700_000_000)))), false,
            "tax-bot.ok Type: counter\ntax-bot.ok Help: \n{\"tax-bot.ok\"} 7 since 1700000000000\n  # {trace_id=\"x\"} 1" },
        { Delimited(Block(4, Block(5, Double(1, 1))), Number(3, 3), Text(1, "late")), false, "late Type: unknown\nlate Help: \nlate 1" }, // fields in another order
        { Delimited(Text(1, "s"), Number(3, 2), Block(4, Block(4, Number(1, 3), Double(2, 6), Block(3, Double(1, 0.5), Double(2, 2)), Time(4, 1_700_000_000)))), false,
            "s Type: summary\ns Help: \ns{quantile=\"0.5\"} 2 since 1700000000000\ns_sum 6 since 1700000000000\ns_count 3 since 1700000000000" },
        { Delimited(Text(1, "h"), Number(3, 4), Block(4, Block(7, Number(1, 5), Double(2, 10), Block(3, Number(1, 2), Double(2, 1), Block(3, Label("t", "y"), Double(2, 0.5)))))), false,
            "h Type: histogram\nh Help: \nh_bucket{le=\"1.0\"} 2\n  # {t=\"y\"} 0.5\nh_bucket{le=\"+Inf\"} 5\nh_sum 10\nh_count 5" },
        { Delimited(Text(1, "n"), Number(3, 4), Block(4, Label("x", "1"), Native)), false,
            "n Type: histogram\nn Help: \nn{x=\"1\"} {schema 1, count 6, sum 12.5, zero 1±0.001, +[-1:1 0:2 2:1] -[0:1]} since 1700000000000\n  # {trace_id=\"x\"} 0.7 @1700000001000" },
        { Delimited(Text(1, "g"), Number(3, 5), Block(4, Block(7, Double(4, 2.5), Double(2, 1), Signed(5, 0), Double(6, 0.5), Double(8, 2.5)))), false,
            "g Type: gaugehistogram\ng Help: \ng {schema 0, count 2.5, sum 1, zero 2.5±0.5, +[] -[] float gauge}" },
        { Delimited(Text(1, "n"), Number(3, 4), Block(4, Native)), true,
            "n Type: histogram\nn Help: \nn {schema 1, count 6, sum 12.5, zero 1±0.001, +[-1:1 0:2 2:1] -[0:1]} since 1700000000000\n  # {trace_id=\"x\"} 0.7 @1700000001000\n" +
            "n_bucket{le=\"1.0\"} 4 since 1700000000000\nn_bucket{le=\"+Inf\"} 6 since 1700000000000\nn_sum 12.5 since 1700000000000\nn_count 6 since 1700000000000" },
        { [], false, "" },
        { [5, 10, 1, 97], false, "! byte 0: expected a metric family of the length that is said, found the end of the body: it was cut off" },
        { Delimited(Text(1, "a"), Number(3, 9)), false, "! byte 0: expected the fields of a metric family, found other bytes" },
        { Delimited(Text(1, "a"), Number(3, 1), Block(4, Label("x", "1"))), false, "a Type: gauge\na Help: \n! family \"a\": expected a value in a metric, found none" },
        { Delimited(Text(1, "a"), Number(3, 1), Block(4, Label("x", "1"), Label("x", "2"), Block(2, Double(1, 1)))), false, "a Type: gauge\na Help: \n! family \"a\": the label \"x\" stands there twice" },
        { Delimited(Text(1, "n"), Number(3, 4), Block(4, Block(7, Block(12, Signed(1, 0), Number(2, 1_000_000))))), false, "n Type: histogram\nn Help: \n! family \"n\": expected a histogram whose spans and buckets agree, found another" },
    };

    [Theory]
    [MemberData(nameof(Read))]
    public void Families_are_read_whatever_they_hold(byte[] body, bool classicToo, string read) => Assert.Equal(read, Readings.Of(body, ExpositionFormat.Protobuf, classicToo));

    [Fact]
    public void Broken_protobuf_is_refused_or_read_and_nothing_else()
    {
        var dice = new Random(13);
        byte[] whole = [.. Read.SelectMany(row => (byte[])row[0])];
        for (var round = 0; round < 5_000; round++)
        {
            var bytes = whole.ToArray();
            for (var cuts = dice.Next(1, 6); cuts > 0 && bytes.Length > 0; cuts--)
                bytes = Mutation.Of(bytes, dice);
            Assert.True(Readings.Of(bytes, ExpositionFormat.Protobuf, classicToo: round % 2 == 0).Length < (bytes.Length * 20) + 10_000);
        }
    }

    [Fact]
    public void Every_cut_is_noticed()
    {
        var body = Delimited(Text(1, "n"), Number(3, 4), Block(4, Label("x", "1"), Native));
        for (var length = 1; length < body.Length; length++)
            Assert.Contains("! ", Readings.Of(body.AsSpan(0, length), ExpositionFormat.Protobuf));
    }
}
