using System.IO.Compression;
using System.Text;
using HmsOps.Fuzz.Harness;
using HmsOps.Observe.Otlp;
using HmsOps.Observe.Tests.RemoteWrite;
using HmsOps.Observe.Wire;
using HmsOps.Series;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>What several doors read with: snappy, gzip, protobuf, gRPC's frame, label sets.</summary>
static class WireDecoders
{
    const int UnpackedMax = 1 << 20; // the caller holds the declared length against a limit; this is ours

    public static IReadOnlyList<Decoder> All =>
    [
        new("snappy", ReadSnappy) { Seeds = SnappySeeds, AllocationBase = 6L * UnpackedMax, Share = 150 },
        new("protobuf", ReadFields) { Seeds = FieldSeeds, AllocationPerByte = 400, Share = 500 },
        new("gzip", ReadGzip) { Seeds = GzipSeeds, AllocationBase = 512 << 10, AllocationPerByte = 4096, Share = 100 },
        new("grpc-frame", ReadFrame) { Seeds = FrameSeeds, InputBytesMax = 256, Share = 300 },
        new("labels", ReadLabels) { Seeds = LabelSeeds, AllocationPerByte = 600, Share = 500 },
    ];

    static Reading ReadSnappy(ReadOnlyMemory<byte> input)
    {
        if (!Snappy.TryReadLength(input.Span, out var declared))
            return Reading.Refused("no length");
        if (declared > UnpackedMax)
            return Reading.Refused("longer than the limit");
        var exact = Unpacked(input.Span, (int)declared, slack: 0);
        var roomy = Unpacked(input.Span, (int)declared, Snappy.SlackBytes);
        var slow = SlowSnappy(input.Span, (int)declared);
        Unless((exact is null) == (slow is null) && (roomy is null) == (slow is null), "a reader of the documented format does not agree whether this is a block");
        if (exact is null || roomy is null || slow is null)
            return Reading.Refused("damaged");
        Unless(exact.AsSpan().SequenceEqual(slow) && roomy.AsSpan().SequenceEqual(slow), "a reader of the documented format reads other bytes");
        var packed = new byte[Snappy.PackedBytesMax(exact.Length)];
        var again = Unpacked(packed.AsSpan(0, Snappy.Pack(exact, packed)), exact.Length, slack: 0);
        Unless(again is not null && again.AsSpan().SequenceEqual(exact), "what was packed unpacks to something else");
        var digest = new Digest();
        digest.Add(exact);
        return Reading.Accepted($"{declared} bytes", digest);
    }

    // The output between guards: a block must not write beside it either.
    static byte[]? Unpacked(ReadOnlySpan<byte> packed, int length, int slack)
    {
        const int Guards = 96;
        var all = new byte[Guards + length + slack + Guards];
        all.AsSpan().Fill(0xa5);
        var done = Snappy.TryUnpack(packed, all.AsSpan(Guards, length + slack), out var written);
        Unless(!all.AsSpan(0, Guards).ContainsAnyExcept((byte)0xa5) && !all.AsSpan(Guards + length + slack).ContainsAnyExcept((byte)0xa5), "it writes beside its output");
        Unless(!done || written == length, "it writes another length than it declares");
        return done ? all[Guards..(Guards + length)] : null;
    }

    // format_description.txt, byte by byte.
    static byte[]? SlowSnappy(ReadOnlySpan<byte> packed, int length)
    {
        var rest = packed;
        _ = Varint.TryRead(ref rest, out _);
        var output = new List<byte>();
        while (!rest.IsEmpty)
        {
            var tag = rest[0];
            var extra = (tag & 3) switch { 0 => Math.Max(0, (tag >> 2) - 59), 1 => 1, 2 => 2, _ => 4 };
            if (rest.Length <= extra)
                return null;
            uint number = 0;
            for (var i = extra; i > 0; i--)
                number = (number << 8) | rest[i];
            rest = rest[(1 + extra)..];
            if ((tag & 3) == 0)
            {
                var literal = 1 + (extra == 0 ? tag >> 2 : (long)number);
                if (literal > rest.Length || literal > length - output.Count)
                    return null;
                output.AddRange(rest[..(int)literal]);
                rest = rest[(int)literal..];
                continue;
            }
            var count = (tag & 3) == 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
            var offset = (tag & 3) == 1 ? (uint)((tag >> 5) << 8) | number : number;
            if (offset == 0 || offset > output.Count || count > length - output.Count)
                return null;
            for (; count > 0; count--)
                output.Add(output[^(int)offset]);
        }
        return output.Count == length ? [.. output] : null;
    }

    // Walks all fields, and down into every block as if it were a message.
    static Reading ReadFields(ReadOnlyMemory<byte> input)
    {
        var digest = new Digest();
        var whole = Walk(input.Span, 0, input.Length, 0, ref digest);
        return new Reading(whole, whole ? "message" : "no message", digest.Value);
    }

    static bool Walk(ReadOnlySpan<byte> body, int start, int length, int depth, ref Digest digest)
    {
        const int DepthMax = 6;
        var fields = new ProtoReader(body, start, length);
        while (!fields.IsAtEnd)
        {
            var before = fields.At;
            if (!fields.TryReadTag(out var tag))
                return false;
            digest.Add((ulong)tag);
            var behind = fields; // a copy: what is read in place and what is stepped over end at the same byte
            if (!behind.TrySkip(tag))
                return false;
            if ((tag & 7) == 2)
            {
                Unless(fields.TryReadBlock(out int at, out var size), "a field that can be stepped over cannot be read");
                Unless(at >= start && size >= 0 && at + size <= start + length, $"a block at {at} of {size} bytes lies outside its message of {length} at {start}");
                if (depth < DepthMax)
                    Walk(body, at, size, depth + 1, ref digest);
            }
            else if ((tag & 7) == 0)
            {
                Unless(fields.TryReadVarint(out var value), "a field that can be stepped over cannot be read");
                digest.Add(value);
            }
            else
            {
                fields = behind;
            }
            Unless(fields.At == behind.At && fields.At > before && fields.At <= start + length, $"it stands at {fields.At} in a message that ends at {start + length}");
        }
        return true;
    }

    static Reading ReadGzip(ReadOnlyMemory<byte> input)
    {
        var limits = new OtlpLimits { DecodedBytesMax = UnpackedMax };
        var budget = new ByteBudget(16L * UnpackedMax);
        var digest = new Digest();
        OtlpOutcome? fault;
        using (var body = GzipBody.Unpack(input, limits, budget))
        {
            fault = body.Fault;
            if (fault is null)
                digest.Add(body.Bytes.Span);
        }
        Unless(budget.Taken == 0, $"{budget.Taken} bytes of the budget are not given back");
        return fault is null ? Reading.Accepted("gzip", digest) : Reading.Refused(fault.Message);
    }

    static Reading ReadFrame(ReadOnlyMemory<byte> input)
    {
        if (!GrpcFrame.TryRead(input, "gzip", out var frame, out var fault))
            return Reading.Refused(fault.Message);
        Unless(frame.IsGzip || GrpcFrame.Write(frame.Message.Span).AsSpan().SequenceEqual(input.Span), "a frame written again is another one");
        var digest = new Digest();
        digest.Add(frame.Message.Span);
        return Reading.Accepted("frame", digest);
    }

    static Reading ReadLabels(ReadOnlyMemory<byte> input)
    {
        if (!Labels.TryFromBytes(input, out var labels))
            return Reading.Refused("not canonical");
        var builder = new LabelsBuilder();
        var digest = new Digest();
        var count = 0;
        foreach (var label in labels)
        {
            builder.Set(label.Name, label.Value);
            digest.Add(label.Name);
            digest.Add(label.Value);
            count++;
        }
        Unless(builder.Build() == labels, "built again it is another set");
        _ = labels.ToString();
        return Reading.Accepted($"{count} labels", digest);
    }

    static IEnumerable<(string, byte[])> SnappySeeds()
    {
        foreach (var (name, text) in new[]
        {
            ("empty", ""), ("short", "snappy"), ("repeats", new string('a', 300) + string.Concat(Enumerable.Repeat("county_api_ms{job=\"permit\"}", 20))),
            ("mixed", string.Concat(Enumerable.Range(0, 90).Select(i => $"line {i * 7919}\n"))),
        })
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var packed = new byte[Snappy.PackedBytesMax(bytes.Length)];
            yield return (name, packed[..Snappy.Pack(bytes, packed)]);
        }
        yield return ("every-tag", [30, 0x08, 1, 2, 3, 0x01, 3, 0x0e, 3, 0, 0x0f, 3, 0, 0, 0, 0xf0, 12, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    }

    static IEnumerable<(string, byte[])> FieldSeeds()
    {
        yield return ("one", WriteMessages.One(new Sent("__name__=up,job=a") { Samples = { (1, SeedSamples.Time, 0) } }));
        yield return ("every-type", [0x08, 0x96, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1d, 1, 2, 3, 4, 0x22, 0x03, 0x08, 0x80, 0x01]);
    }

    static IEnumerable<(string, byte[])> GzipSeeds()
    {
        yield return ("text", Gzip(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 40).Select(i => $"county_api_ms value={i}\n")))));
        yield return ("empty", Gzip([]));
        yield return ("two-members", [.. Gzip("one"u8), .. Gzip("two"u8)]);
        yield return ("bomb", Gzip(new byte[2 << 20])[..2000]);
    }

    static byte[] Gzip(ReadOnlySpan<byte> bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    static IEnumerable<(string, byte[])> FrameSeeds() => [("plain", GrpcFrame.Write("message"u8)), ("gzip", [1, 0, 0, 0, 2, 1, 2]), ("empty", GrpcFrame.Write([]))];

    static IEnumerable<(string, byte[])> LabelSeeds() =>
        [("few", SeedSamples.Named("up", "a").Bytes.ToArray()), ("utf8", Labels.From(("__name__", "tax-bot.ok"), ("zöne", "𝄞")).Bytes.ToArray()), ("none", [])];
}
