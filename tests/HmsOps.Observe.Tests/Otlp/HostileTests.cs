using System.Buffers.Binary;
using HmsOps.Observe.Otlp;
using static HmsOps.Observe.Tests.Otlp.Request;

namespace HmsOps.Observe.Tests.Otlp;

/// <summary>Bytes that were cut, changed, or made to harm.</summary>
public sealed class HostileTests
{
    private static Message Everything { get; } = With(
        Resource(("service.name", "permit-svc"), ("service.instance.id", "i"), ("list", new object[] { 1, "a", new (string, object)[] { ("k", 2.5) } })),
        Scope("lib", "1", ("x", true)),
        Gauge("g", "By", Number(1.5, ("a", "b")), Integer(7)),
        Sum("c", "1", Cumulative, true, Integer(41).Children("exemplars", 5, new Message().Double("asDouble", 3, 2).Hex("traceId", 5, "4bf92f3577b34da6a3ce929d0e0e4736"))),
        Sum("d", "", Delta, true, Integer(2)),
        Histogram("h", "s", Cumulative, Classic(6, 1.25, [0.005, 2.5], [1, 2, 3])),
        Histogram("hd", "s", Delta, Classic(6, 1.25, [0.005, 2.5], [1, 2, 3])),
        Exponential("e", "s", Cumulative, Native(3, 9, 4, 1, (-2, [1, 0, 2]), (4, [5]))),
        Summary("q", "", Quantiles(4, 17, (0, 1), (0.99, 9.5))));

    [Fact]
    public void A_request_cut_at_any_byte_is_refused_whole_or_is_a_shorter_one()
    {
        var whole = Everything.Protobuf();
        var door = new Door();
        for (var length = 0; length < whole.Length; length++)
        {
            // All lies in one field, so only nothing at all is whole too.
            var outcome = door.Send(whole[..length]);
            Assert.Equal(length == 0 ? 200 : 400, outcome.HttpStatus);
            Assert.Empty(door.Sink.Lines);
        }
        Assert.Equal(200, door.Send(whole).HttpStatus);
        Assert.Equal(0, door.BytesHeld);
    }

    [Fact]
    public void A_request_in_JSON_cut_at_any_byte_is_refused_whole()
    {
        var whole = Everything.JsonBytes();
        var door = new Door();
        for (var length = 0; length < whole.Length; length += 3)
            Assert.Equal(400, door.Send(whole[..length], OtlpEncoding.Json).HttpStatus);
        Assert.Empty(door.Sink.Lines);
        Assert.Equal(0, door.BytesHeld);
    }

    [Theory]
    [InlineData(OtlpEncoding.Protobuf, 30_000, 1)]
    [InlineData(OtlpEncoding.Json, 10_000, 2)]
    public void Changed_bytes_are_taken_or_refused_and_nothing_else(OtlpEncoding form, int rounds, int seed)
    {
        var random = new Random(seed);
        var whole = form == OtlpEncoding.Json ? Everything.JsonBytes() : Everything.Protobuf();
        var door = new Door(new OtlpLimits { RememberedBytesMax = 1 << 20 });
        var statuses = new SortedDictionary<int, int>();
        for (var round = 0; round < rounds; round++)
        {
            var outcome = door.Send(Mutate(whole, random), form);
            statuses[outcome.HttpStatus] = statuses.GetValueOrDefault(outcome.HttpStatus) + 1;
            door.Sink.Lines.Clear();
            door.Sink.Exemplars.Clear();
            door.Sink.Metadata.Clear();
        }
        Assert.Equal([200, 400], statuses.Keys);
        Assert.Equal(0, door.BytesHeld);
    }

    [Fact]
    public void A_decoder_means_the_same_after_hostile_requests_as_before()
    {
        var random = new Random(3);
        var whole = Everything.Protobuf();
        var door = new Door();
        door.Send(whole);
        var first = door.Sink.Lines.ToList();
        for (var round = 0; round < 200; round++)
            door.Send(Mutate(whole, random));
        door.Sink.Lines.Clear();
        door.Send(whole);
        Assert.Equal(first, door.Sink.Lines);
    }

    public static TheoryData<string, byte[], string?, GrpcStatus, string> Frames { get; } = new()
    {
        { "nothing", [], null, GrpcStatus.Internal, "ended before its message began" },
        { "half a prefix", [0, 0, 0], null, GrpcStatus.Internal, "ended before its message began" },
        { "shorter than it says", [0, 0, 0, 0, 9, 1, 2], null, GrpcStatus.Internal, "says it has 9 bytes, and the call ended after 2" },
        { "a length of four gigabytes", [0, 255, 255, 255, 255, 1], null, GrpcStatus.Internal, "says it has 4,294,967,295 bytes" },
        { "longer than it says", [0, 0, 0, 0, 0, 1, 2], null, GrpcStatus.Internal, "2 bytes follow the message" },
        { "two messages", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], null, GrpcStatus.Internal, "5 bytes follow the message" },
        { "an odd flag", [2, 0, 0, 0, 0], null, GrpcStatus.Internal, "begins with the byte 2" },
        { "compressed, nobody says how", [1, 0, 0, 0, 0], null, GrpcStatus.Internal, "does not say how" },
        { "compressed by identity", [1, 0, 0, 0, 0], "identity", GrpcStatus.Internal, "does not say how" },
        { "an encoding we have not", [1, 0, 0, 0, 0], "zstd", GrpcStatus.Unimplemented, "neither gzip nor identity" },
        { "gzip that is none", [1, 0, 0, 0, 2, 7, 7], "gzip", GrpcStatus.InvalidArgument, "not gzip" },
        { "no message", [0, 0, 0, 0, 1, 7], null, GrpcStatus.InvalidArgument, "cannot be read" },
    };

    [Theory]
    [MemberData(nameof(Frames))]
    public void A_frame_that_is_none_is_named(string what, byte[] body, string? encoding, GrpcStatus status, string said)
    {
        var door = new Door();
        var answer = door.Call(body, encoding);
        Assert.True(answer.Status == status && answer.Message.Contains(said, StringComparison.Ordinal), $"{what}: {answer}");
        Assert.Empty(door.Sink.Lines);
        Assert.Equal(0, door.BytesHeld);
    }

    [Fact]
    public void A_call_is_taken_plain_and_packed()
    {
        var message = Of(Gauge("g", "", Number(1))).Protobuf();
        foreach (var (body, encoding) in new[] { (Frame(0, message), null), (Frame(0, message), "gzip"), (Frame(1, Door.Gzip(message)), "gzip") })
        {
            var door = new Door();
            var answer = door.Call(body, encoding);
            Assert.Equal(GrpcStatus.Ok, answer.Status);
            Assert.Equal([0, 0, 0, 0, 0], answer.Body.ToArray()); // nothing to say
            Assert.Single(door.Sink.Lines);
        }
    }

    [Fact]
    public void An_endless_message_ends_at_the_limit()
    {
        var answer = new Door(new OtlpLimits { PackedBytesMax = 1000 }).Call(Frame(0, new byte[2_000]));
        Assert.Equal((GrpcStatus.ResourceExhausted, 0), (answer.Status, answer.Details.Length)); // and no word of trying again
    }

    private static byte[] Frame(byte flag, byte[] message)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private static byte[] Mutate(byte[] whole, Random random)
    {
        var bytes = whole.ToList();
        for (var n = random.Next(1, 4); n > 0; n--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at - (bytes.Count - at == bytes.Count ? 1 : 0)));
                    break;
                case 3:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count / 2), random.Next(1, bytes.Count / 2)));
                    break;
            }
        }
        return [.. bytes];
    }
}
