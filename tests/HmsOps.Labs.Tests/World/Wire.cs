using System.Buffers.Binary;
using System.Text;

namespace HmsOps.Labs.Tests.World;

/// <summary>Protobuf and snappy's block format by hand, as an outsider writes and reads them: what the hub's own code makes of them is what is tested.</summary>
internal static class Wire
{
    /// <summary>A field that holds bytes: text, a message.</summary>
    public static byte[] Field(int number, ReadOnlySpan<byte> content) => [.. Varint(((ulong)number << 3) | 2), .. Varint((ulong)content.Length), .. content];

    public static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    public static byte[] Field(int number, long value) => [.. Varint((ulong)number << 3), .. Varint((ulong)value)];

    public static byte[] Field(int number, double value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        return [.. Varint(((ulong)number << 3) | 1), .. bytes];
    }

    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        return [.. bytes, (byte)value];
    }

    public static ulong ReadVarint(ref ReadOnlySpan<byte> from)
    {
        for (var (value, shift) = (0UL, 0); ; shift += 7)
        {
            value |= (ulong)(from[0] & 0x7f) << shift;
            var isLast = from[0] < 0x80;
            from = from[1..];
            if (isLast)
                return value;
        }
    }

    /// <summary>Reads a field: its number, and its content, or the eight bytes or the number it is.</summary>
    public static (int Number, ulong Value) ReadField(ref ReadOnlySpan<byte> from, out ReadOnlySpan<byte> content)
    {
        content = default;
        var key = ReadVarint(ref from);
        var value = 0UL;
        switch (key & 7)
        {
            case 0:
                value = ReadVarint(ref from);
                break;
            case 1:
                value = BinaryPrimitives.ReadUInt64LittleEndian(from);
                from = from[8..];
                break;
            case 2:
                var length = (int)ReadVarint(ref from);
                content = from[..length];
                from = from[length..];
                break;
            default:
                throw new InvalidDataException($"a field of wire type {key & 7}");
        }
        return ((int)(key >> 3), value);
    }

    /// <summary>Snappy that compresses nothing: every encoder may.</summary>
    public static byte[] Snap(ReadOnlySpan<byte> bytes)
    {
        var packed = new List<byte>(Varint((ulong)bytes.Length));
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(bytes.Length, 1 << 16)..])
        {
            var part = bytes[..Math.Min(bytes.Length, 1 << 16)];
            packed.AddRange([61 << 2, (byte)(part.Length - 1), (byte)((part.Length - 1) >> 8)]);
            packed.AddRange(part);
        }
        return [.. packed];
    }

    /// <summary>Snappy of one byte again and again: 64 bytes unpacked for three.</summary>
    public static byte[] SnapOf(byte value, int times)
    {
        var packed = new List<byte>([.. Varint((ulong)times), 0, value]);
        for (var left = times - 1; left > 0; left -= 64)
            packed.AddRange([(byte)(((Math.Min(left, 64) - 1) << 2) | 2), 1, 0]);
        return [.. packed];
    }

    /// <summary>Snappy of the same bytes again and again, at least 1 and at most 64 of them at a time.</summary>
    public static byte[] SnapRepeat(byte[] piece, int times)
    {
        var packed = new List<byte>([.. Varint((ulong)piece.Length * (ulong)times), (byte)((piece.Length - 1) << 2), .. piece]);
        for (var left = piece.Length * (long)(times - 1); left > 0; left -= 64)
            packed.AddRange([(byte)(((Math.Min(left, 64) - 1) << 2) | 2), (byte)piece.Length, 0]);
        return [.. packed];
    }

    public static byte[] Unsnap(ReadOnlySpan<byte> from)
    {
        var into = new byte[ReadVarint(ref from)];
        for (var at = 0; !from.IsEmpty;)
        {
            var tag = from[0];
            from = from[1..];
            if ((tag & 3) == 0)
            {
                var length = (tag >> 2) + 1;
                if (length > 60)
                {
                    var bytes = length - 60;
                    length = 1;
                    for (var i = 0; i < bytes; i++)
                        length += from[i] << (8 * i);
                    from = from[bytes..];
                }
                from[..length].CopyTo(into.AsSpan(at));
                from = from[length..];
                at += length;
                continue;
            }
            var (count, offset, taken) = (tag & 3) switch
            {
                1 => (((tag >> 2) & 7) + 4, ((tag >> 5) << 8) | from[0], 1),
                2 => ((tag >> 2) + 1, BinaryPrimitives.ReadUInt16LittleEndian(from), 2),
                _ => ((tag >> 2) + 1, (int)BinaryPrimitives.ReadUInt32LittleEndian(from), 4),
            };
            from = from[taken..];
            for (var i = 0; i < count; i++, at++)
                into[at] = into[at - offset];
        }
        return into;
    }
}
