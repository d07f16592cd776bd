using System.Buffers.Binary;
using HmsOps.Series;

namespace HmsOps.Observe.Prometheus.Chunks;

/// <summary>
/// Prometheus' chunk of floats: the number of samples in two bytes, the first time as a varint and its value in full, the second time as the difference, the others as
/// differences between differences; values as <see cref="XorStep"/>s. Bit for bit what Prometheus itself writes. The facts are those of its tsdb/docs/format/chunks.md.
/// </summary>
internal static class XorChunk
{
    private const int HeadBytes = sizeof(ushort);

    /// <summary>Writes samples, at least one and at most 65,535.</summary>
    public static ReadOnlySpan<byte> Encode(BitWriter into, ReadOnlySpan<long> times, ReadOnlySpan<double> values)
    {
        if (times.Length > ushort.MaxValue)
            throw new ArgumentException($"A chunk has at most {ushort.MaxValue} samples.", nameof(times));
        BinaryPrimitives.WriteUInt16BigEndian(into.Begin(HeadBytes), (ushort)times.Length);
        WriteVarint(into, Varint.ZigZag(times[0]));
        into.Write(BitConverter.DoubleToUInt64Bits(values[0]), 64);
        var xor = new XorStep(values[0]);
        var delta = 0L;
        for (var i = 1; i < times.Length; i++)
        {
            var step = times[i] - times[i - 1];
            if (i == 1)
                WriteVarint(into, (ulong)step);
            else
                VarBits.WriteTime(into, step - delta);
            delta = step;
            xor.Write(into, values[i]);
        }
        return into.End();
    }

    /// <summary>Samples a chunk says it holds.</summary>
    public static int Count(ReadOnlySpan<byte> data) =>
        data.Length < HeadBytes ? throw new ChunkDamagedException("it is shorter than its head") : BinaryPrimitives.ReadUInt16BigEndian(data);

    /// <summary>Reads all samples into columns that hold as many.</summary>
    public static void Decode(ReadOnlySpan<byte> data, Span<long> times, Span<double> values)
    {
        var count = Count(data);
        if (count == 0)
            return;
        var from = new BitReader(data, HeadBytes);
        var time = Varint.UnZigZag(ReadVarint(ref from));
        var first = from.ReadDouble();
        (times[0], values[0]) = (time, first);
        var xor = new XorStep(first);
        var delta = 0L;
        for (var i = 1; i < count; i++)
        {
            delta = i == 1 ? (long)ReadVarint(ref from) : delta + VarBits.ReadTime(ref from);
            time += delta;
            (times[i], values[i]) = (time, xor.Read(ref from));
        }
    }

    private static void WriteVarint(BitWriter into, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            into.Write((value & 0x7f) | 0x80, 8);
        into.Write(value, 8);
    }

    private static ulong ReadVarint(ref BitReader from)
    {
        var value = 0UL;
        for (var i = 0; i < Varint.BytesMax; i++)
        {
            var b = from.Read(8);
            if (i == Varint.BytesMax - 1 && b > 1)
                break;
            value |= (b & 0x7f) << (7 * i);
            if (b < 0x80)
                return value;
        }
        throw new ChunkDamagedException("a time has more than 64 bits");
    }
}
