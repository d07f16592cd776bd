using System.Buffers.Binary;
using HmsOps.Observe.Wire;

namespace HmsOps.Observe.RemoteWrite;

/// <summary>The message <c>Sample</c>, which is the same in both versions but for the start.</summary>
internal static class SampleFields
{
    private const uint Value = (1 << 3) | WireType.Fixed64;
    private const uint Timestamp = (2 << 3) | WireType.Varint;
    private const uint Start = (3 << 3) | WireType.Varint;

    // Value with its tag, the next tag, and a byte at least: what every sender writes unless the value is 0.
    private const int UsualBytesMin = 1 + sizeof(double) + 1 + 1;

    /// <summary>Reads the sample that lies at a place. What is not there is 0.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, int start, int length, out long time, out double value, out long startTime)
    {
        startTime = 0;
        var sample = body.Slice(start, length);
        if (length >= UsualBytesMin && sample[0] == Value && sample[UsualBytesMin - 2] == Timestamp)
        {
            var rest = sample[(UsualBytesMin - 1)..];
            if (Series.Varint.TryRead(ref rest, out var wide) && rest.IsEmpty)
            {
                (time, value) = ((long)wide, BinaryPrimitives.ReadDoubleLittleEndian(sample[1..]));
                return true;
            }
        }
        return TryReadSlowly(new ProtoReader(body, start, length), out time, out value, out startTime);
    }

    private static bool TryReadSlowly(ProtoReader fields, out long time, out double value, out long startTime)
    {
        ulong at = 0, from = 0;
        value = 0;
        var good = true;
        while (good && !fields.IsAtEnd && (good = fields.TryReadTag(out var tag)))
        {
            good = tag switch
            {
                Value => fields.TryReadDouble(out value),
                Timestamp => fields.TryReadVarint(out at),
                Start => fields.TryReadVarint(out from),
                _ => fields.TrySkip(tag),
            };
        }
        (time, startTime) = ((long)at, (long)from);
        return good;
    }
}
