using System.Buffers;
using System.Numerics;

namespace HmsOps.Series;

/// <summary>Unsigned LEB128 numbers and length-prefixed blocks: the one integer coding of label sets and logs.</summary>
public static class Varint
{
    /// <summary>The most bytes one number takes.</summary>
    public const int BytesMax = 10;

    /// <summary>Bytes a number takes.</summary>
    public static int Size(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    /// <summary>Writes a number; answers the bytes written.</summary>
    public static int Write(Span<byte> into, ulong value)
    {
        var at = 0;
        while (value >= 0x80)
        {
            into[at++] = (byte)(value | 0x80);
            value >>= 7;
        }
        into[at++] = (byte)value;
        return at;
    }

    /// <summary>Writes a number to a buffer that grows.</summary>
    public static void Write(IBufferWriter<byte> into, ulong value)
    {
        var span = into.GetSpan(BytesMax);
        into.Advance(Write(span, value));
    }

    /// <summary>Writes a length and that many bytes.</summary>
    public static void WriteBlock(IBufferWriter<byte> into, ReadOnlySpan<byte> block)
    {
        Write(into, (ulong)block.Length);
        into.Write(block);
    }

    /// <summary>Reads a number and moves past it; false when it is cut off or longer than 64 bits.</summary>
    public static bool TryRead(scoped ref ReadOnlySpan<byte> from, out ulong value)
    {
        if (!from.IsEmpty && from[0] < 0x80)
        {
            value = from[0];
            from = from[1..];
            return true;
        }
        value = 0;
        for (var i = 0; i < from.Length && i < BytesMax; i++)
        {
            var b = from[i];
            if (i == BytesMax - 1 && b > 1)
                return false;
            value |= (ulong)(b & 0x7f) << (7 * i);
            if (b < 0x80)
            {
                from = from[(i + 1)..];
                return true;
            }
        }
        return false;
    }

    /// <summary>Reads a length and that many bytes, and moves past both.</summary>
    public static bool TryReadBlock(scoped ref ReadOnlySpan<byte> from, out ReadOnlySpan<byte> block)
    {
        block = default;
        var rest = from;
        if (!TryRead(ref rest, out var length) || length > (ulong)rest.Length)
            return false;
        block = rest[..(int)length];
        from = rest[(int)length..];
        return true;
    }

    /// <summary>Folds a signed number so that small ones of either sign stay short.</summary>
    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    /// <summary>The inverse of <see cref="ZigZag"/>.</summary>
    public static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
