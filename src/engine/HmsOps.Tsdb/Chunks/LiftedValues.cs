using System.Buffers.Binary;
using HmsOps.Series;

namespace HmsOps.Tsdb.Chunks;

/// <summary>
/// The values a chunk's integers cannot express or would be spoilt by (stale markers, other NaNs, infinities, −0, the odd value that is no
/// decimal): lifted out of the column with their positions, and put back after. What is left is as if they had never been, so a counter that
/// was gone for a scrape still counts on.
/// </summary>
internal static class LiftedValues
{
    public const int CountMax = 255;

    const int AllStale = 0;
    const int AllSame = 1;
    const int EachOwn = 2;
    const int FormBits = 2;

    /// <summary>True for what no kind of column likes: not finite, or −0.</summary>
    public static bool IsSpecial(double value)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        return (bits & 0x7ff0_0000_0000_0000) == 0x7ff0_0000_0000_0000 || bits == 0x8000_0000_0000_0000;
    }

    /// <summary>The bytes <see cref="Write"/> will write.</summary>
    public static int Bytes(ReadOnlySpan<double> values, ReadOnlySpan<ushort> positions)
    {
        if (positions.IsEmpty)
            return 0;
        var form = FormOf(values, positions);
        var bytes = Varint.Size((ulong)(positions.Length << FormBits | form)) + (8 * Patterns(form, positions.Length));
        var last = -1;
        foreach (var position in positions)
        {
            bytes += Varint.Size((ulong)(position - last - 1));
            last = position;
        }
        return bytes;
    }

    public static int Write(ReadOnlySpan<double> values, ReadOnlySpan<ushort> positions, Span<byte> into)
    {
        var form = FormOf(values, positions);
        var at = Varint.Write(into, (ulong)(positions.Length << FormBits | form));
        var last = -1;
        foreach (var position in positions)
        {
            at += Varint.Write(into[at..], (ulong)(position - last - 1));
            last = position;
        }
        for (var i = 0; i < Patterns(form, positions.Length); i++, at += 8)
            BinaryPrimitives.WriteDoubleLittleEndian(into[at..], values[positions[i]]);
        return at;
    }

    /// <summary>Reads how many there are and where; fewer than samples, ascending. Answers the bytes of their patterns.</summary>
    public static ReadOnlySpan<byte> Read(ref ChunkReader from, int samples, scoped Span<ushort> positions, out int count)
    {
        var head = from.Count((CountMax << FormBits) | EachOwn, "as the number and form of lifted values");
        var form = head & ((1 << FormBits) - 1);
        count = head >> FormBits;
        if (form > EachOwn || count == 0 || count >= samples)
            ChunkReader.Throw($"{count} of {samples} values lifted in form {form}");
        var position = -1;
        for (var i = 0; i < count; i++)
        {
            position += 1 + from.Count(samples, "values between two lifted ones");
            if (position >= samples)
                ChunkReader.Throw($"value {position} of {samples} lifted");
            positions[i] = (ushort)position;
        }
        return from.Take(8 * Patterns(form, count));
    }

    /// <summary>Makes room in a column whose first values are those that were not lifted, and puts the lifted ones there.</summary>
    public static void PutBack(Span<double> column, ReadOnlySpan<ushort> positions, ReadOnlySpan<byte> patterns)
    {
        var end = column.Length;
        for (var i = positions.Length - 1; i >= 0; i--)
        {
            int position = positions[i];
            var after = position + 1;
            column[(after - i - 1)..(end - i - 1)].CopyTo(column[after..]);
            column[position] = patterns.IsEmpty ? StaleMarker.Value
                : BinaryPrimitives.ReadDoubleLittleEndian(patterns[(patterns.Length == 8 ? 0 : 8 * i)..]);
            end = position;
        }
    }

    static int FormOf(ReadOnlySpan<double> values, ReadOnlySpan<ushort> positions)
    {
        var first = BitConverter.DoubleToInt64Bits(values[positions[0]]);
        foreach (var position in positions)
        {
            if (BitConverter.DoubleToInt64Bits(values[position]) != first)
                return EachOwn;
        }
        return first == StaleMarker.Bits ? AllStale : AllSame;
    }

    static int Patterns(int form, int count) => form switch
    {
        AllStale => 0,
        AllSame => 1,
        _ => count,
    };
}
