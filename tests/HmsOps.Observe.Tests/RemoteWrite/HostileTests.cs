using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Tests.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.RemoteWrite;

public sealed class HostileTests
{
    private static readonly WriteLimits Limits = new();

    [Theory]
    [InlineData(WriteMessage.One)]
    [InlineData(WriteMessage.Two)]
    public void Cut_off_at_any_byte_a_message_is_refused_or_is_one_with_less_in_it(WriteMessage version)
    {
        var decoder = new WriteDecoder(Limits);
        var message = Message(version, new Random(5));
        var cutWhole = 0;
        for (var cut = 0; cut < message.Length; cut++)
        {
            var good = decoder.TryDecode(message.AsMemory(0, cut), version);
            Assert.Equal(good, decoder.Fault is null);
            Assert.True(good || decoder.Fault!.Status == 400, $"cut at {cut}: {decoder.Fault}");
            cutWhole += good ? 1 : 0;
            AssertSound(decoder);
        }
        Assert.InRange(cutWhole, 1, message.Length / 4); // between two fields of the outermost message, and nowhere else
    }

    [Theory]
    [InlineData(WriteMessage.One)]
    [InlineData(WriteMessage.Two)]
    public void Mutated_messages_are_read_or_refused_and_never_more(WriteMessage version)
    {
        var random = new Random(6);
        var decoder = new WriteDecoder(Limits);
        var message = Message(version, random);
        var (good, bad) = (0, 0);
        for (var round = 0; round < 50_000; round++)
        {
            var mutated = message.ToArray();
            for (var i = random.Next(1, 5); i > 0; i--)
                mutated[random.Next(mutated.Length)] = random.Next(3) == 0 ? (byte)0xff : (byte)random.Next(256);
            if (decoder.TryDecode(mutated, version))
                good++;
            else
                bad++;
            AssertSound(decoder);
        }
        Assert.True(good > 1_000 && bad > 1_000, $"{good} good, {bad} bad");
    }

    [Fact]
    public void Messages_of_random_bytes_are_refused()
    {
        var random = new Random(7);
        var decoder = new WriteDecoder(Limits);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            foreach (var version in Enum.GetValues<WriteMessage>())
            {
                decoder.TryDecode(bytes, version);
                AssertSound(decoder);
            }
        }
    }

    [Fact]
    public void A_table_of_long_symbols_named_again_and_again_costs_no_more_than_the_limit()
    {
        var limits = new WriteLimits { DecodedBytesMax = 1 << 20 };
        var message = new ProtoWriter().Text(4, "").Text(4, "__name__").Text(4, new string('x', 4_000));
        for (var i = 0; i < 1_000; i++)
            message.Message(5, s => s.Packed(1, [1, 2]));
        var decoder = new WriteDecoder(limits);

        Assert.False(decoder.TryDecode(message.ToArray(), WriteMessage.Two));
        Assert.Equal((413, "decoded_limit"), (decoder.Fault!.Status, decoder.Fault.Reason));
    }

    [Fact]
    public void Buckets_of_a_byte_each_cost_no_more_than_the_limit()
    {
        var limits = new WriteLimits { DecodedBytesMax = 1 << 20 };
        var message = new ProtoWriter();
        for (var i = 0; i < 10; i++)
        {
            message.Message(1, s => s.Message(1, l => l.Text(1, "__name__").Text(2, "a")).Message(4, h => h
                .Varint(1, 10_000).Varint(4, Varint.ZigZag(8)).Message(11, b => b.Varint(2, 10_000)).PackedSigned(12, [1, .. new long[9_999]])));
        }
        var decoder = new WriteDecoder(limits);

        Assert.False(decoder.TryDecode(message.ToArray(), WriteMessage.One));
        Assert.Equal((413, "bucket_limit"), (decoder.Fault!.Status, decoder.Fault.Reason));
    }

    [Theory]
    [InlineData(3, "symbols")]
    [InlineData(0, "the first")]
    public void Symbols_that_are_not_there_are_named(int reference, string what)
    {
        var message = new ProtoWriter().Text(4, what == "the first" ? "x" : "").Text(4, "__name__").Text(4, "a")
            .Message(5, s => s.Packed(1, [1, (ulong)reference]).Message(2, p => p.Double(1, 1))).ToArray();
        var decoder = new WriteDecoder(Limits);

        var good = decoder.TryDecode(message, WriteMessage.Two);

        Assert.Equal(what == "symbols", good);
        Assert.Equal(0, decoder.Batch.Count);
        Assert.Contains(good ? "label_refs" : "malformed", good ? decoder.Refused.ToString() : decoder.Fault!.Reason);
    }

    [Fact]
    public void A_name_of_a_stranger_is_shown_short_and_without_control_characters()
    {
        var decoder = new WriteDecoder(Limits);
        var sent = new Sent($"__name__=\u001b[31mred\n{new string('x', 500)},={1}") { Samples = [(1, 1, 0)] };

        Assert.True(decoder.TryDecode(WriteMessages.One(sent), WriteMessage.One));
        var said = decoder.Refused.ToString();

        Assert.DoesNotContain(said, char.IsControl);
        Assert.InRange(said.Length, 1, 250);
    }

    // What a store may rely on: places that exist, keys it can read, columns of one length.
    private static void AssertSound(WriteDecoder decoder)
    {
        var batch = decoder.Batch;
        if (decoder.Fault is not null)
            return;
        foreach (var place in batch.SampleSeries)
            Assert.InRange(place, 0, batch.SeriesCount - 1);
        for (var i = 0; i < batch.SeriesCount; i++)
        {
            var key = batch.KeyOf(i).Span;
            Assert.False(key.IsEmpty);
            while (!key.IsEmpty)
            {
                Assert.True(LabelBytes.TryRead(ref key, out var name, out var value));
                Assert.True(System.Text.Unicode.Utf8.IsValid(name) && System.Text.Unicode.Utf8.IsValid(value) && !name.IsEmpty);
            }
        }
    }

    private static byte[] Message(WriteMessage version, Random random)
    {
        var series = Enumerable.Range(0, 6).Select(i => new Sent($"__name__=http_requests_total,città=Zürich,code={200 + i},job=permits")
        {
            Samples = i < 4 ? [(random.NextDouble(), Bodies.Time + i, Bodies.Time - 100), (i, Bodies.Time + 1_000, 0)] : [],
            Histograms = i < 4 ? [] : [h => h.Varint(1, 6).Double(3, 2).Varint(4, 2).Message(11, s => s.Varint(1, 3).Varint(2, 3)).PackedSigned(12, [1, 1, 1]).Varint(15, Bodies.Time)],
            Exemplars = [("trace_id=4bf92f3577b34da6", random.NextDouble(), Bodies.Time)],
            Metadata = (1, "requests", "How many."),
        });
        return version == WriteMessage.One ? WriteMessages.One(series) : WriteMessages.Two(series);
    }
}
