using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace HmsOps.Observe.Wire;

/// <summary>
/// Snappy's block format (google/snappy, format_description.txt): a varint with the length, then literals and copies of what was written before.
/// The declared length is read apart, so that a caller holds it against its limits before there is a buffer; every copy is checked against what is
/// written and what is declared. No bytes can make it read or write outside its two spans. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Elements are short (3 to 60 bytes in remote write), so most are moved by one or two blind 16-byte moves, which read and write past an element's end
/// and are only made where both spans reach that far. What lies behind the declared length in the output is scribbled over.
/// </remarks>
public static partial class Snappy
{
    /// <summary>Give an output this much longer than the declared length, and its end is unpacked as fast as the rest.</summary>
    public const int SlackBytes = 80; // the longest copy, 64, and a 16-byte move from its last byte

    private const int Move = 16;
    private const int LiteralTag = 0;
    private const int NearTag = 1; // 4 to 11 bytes, up to 2 KiB back
    private const int FarTag = 2; // 1 to 64 bytes, up to 64 KiB back
    private const int InlineLiteralMax = 60;

    /// <summary>The length a block says it has unpacked; false when the block has no such beginning.</summary>
    public static bool TryReadLength(ReadOnlySpan<byte> packed, out uint length) => TryReadLength(packed, out length, out _);

    /// <summary>Unpacks a block. False when it is damaged, or when <paramref name="into"/> is shorter than it declares; what was written then means nothing.</summary>
    public static bool TryUnpack(ReadOnlySpan<byte> packed, Span<byte> into, out int length)
    {
        length = 0;
        if (!TryReadLength(packed, out var declared, out var header) || declared > (uint)into.Length)
            return false;
        length = (int)declared;
        return TryUnpack(packed[header..], into, length);
    }

    private static bool TryReadLength(ReadOnlySpan<byte> packed, out uint length, out int header)
    {
        (length, header) = (0, 0);
        for (var shift = 0; header < packed.Length && shift < 35; shift += 7)
        {
            var b = packed[header++];
            if (shift == 28 && b > 0x0f)
                return false;
            length |= (uint)(b & 0x7f) << shift;
            if (b < 0x80)
                return true;
        }
        return false;
    }

    // Bounds: `at` <= packed.Length and `written` <= declared <= into.Length hold at the head of the loop. Each branch compares with what is left
    // before it moves, and a move of 16 bytes, or of a copy's 64 and 16, is made only where that many are left in the span itself.
    private static bool TryUnpack(ReadOnlySpan<byte> packed, Span<byte> into, int declared)
    {
        ref var from = ref MemoryMarshal.GetReference(packed);
        ref var to = ref MemoryMarshal.GetReference(into);
        int at = 0, written = 0;
        while (at < packed.Length)
        {
            uint tag = Unsafe.Add(ref from, at);
            if ((tag & 3) == LiteralTag)
            {
                var literal = (int)(tag >> 2) + 1;
                if (literal <= Move && packed.Length - at > Move && into.Length - written >= Move)
                {
                    if (literal > declared - written)
                        return false;
                    Vector128.LoadUnsafe(ref from, (nuint)(at + 1)).StoreUnsafe(ref to, (nuint)written);
                    at += literal + 1;
                    written += literal;
                    continue;
                }
                if (!TryUnpackLiteral(packed, into[..declared], ref at, ref written))
                    return false;
                continue;
            }

            int length, offset;
            if ((tag & 3) == NearTag)
            {
                if (packed.Length - at < 2)
                    return false;
                length = (int)((tag >> 2) & 7) + 4;
                offset = (int)((tag >> 5) << 8) | Unsafe.Add(ref from, at + 1);
                at += 2;
            }
            else if ((tag & 3) == FarTag)
            {
                if (packed.Length - at < 3)
                    return false;
                length = (int)(tag >> 2) + 1;
                offset = BinaryPrimitives.ReadUInt16LittleEndian(packed[(at + 1)..]);
                at += 3;
            }
            else
            {
                if (packed.Length - at < 5)
                    return false;
                length = (int)(tag >> 2) + 1;
                var far = BinaryPrimitives.ReadUInt32LittleEndian(packed[(at + 1)..]);
                offset = far > int.MaxValue ? 0 : (int)far;
                at += 5;
            }

            // One comparison for "not zero and not before the beginning".
            if ((uint)(offset - 1) >= (uint)written || length > declared - written)
                return false;
            if (offset >= Move && into.Length - written >= SlackBytes)
            {
                var source = (nuint)(written - offset);
                var target = (nuint)written;
                Vector128.LoadUnsafe(ref to, source).StoreUnsafe(ref to, target);
                for (var moved = (nuint)Move; moved < (nuint)length; moved += Move)
                    Vector128.LoadUnsafe(ref to, source + moved).StoreUnsafe(ref to, target + moved);
            }
            else
            {
                Repeat(into.Slice(written - offset, offset + length), offset);
            }
            written += length;
        }
        return written == declared;
    }

    private static bool TryUnpackLiteral(ReadOnlySpan<byte> packed, Span<byte> into, ref int at, ref int written)
    {
        long length = (packed[at++] >> 2) + 1;
        if (length > InlineLiteralMax)
        {
            var bytes = (int)length - InlineLiteralMax;
            if (packed.Length - at < bytes)
                return false;
            length = 1;
            for (var i = 0; i < bytes; i++)
                length += (long)packed[at++] << (8 * i);
        }
        if (length > packed.Length - at || length > into.Length - written)
            return false;
        packed.Slice(at, (int)length).CopyTo(into[written..]);
        at += (int)length;
        written += (int)length;
        return true;
    }

    // A copy that overlaps itself repeats its first `offset` bytes: each round doubles what there is to copy from.
    private static void Repeat(Span<byte> span, int offset)
    {
        while (span.Length > offset)
        {
            var length = Math.Min(offset, span.Length - offset);
            span[..length].CopyTo(span[offset..]);
            if (length < offset)
                return;
            offset *= 2;
        }
    }
}
