using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace HmsOps.Observe.Wire;

public static partial class Snappy
{
    private const int BlockBytes = 1 << 16; // within it every offset fits the two bytes of a far copy, and a hash slot
    private const int SlotBits = 14;
    private const int MatchMin = 4;
    private const int CopyMax = 64;

    /// <summary>The most bytes that <see cref="Pack"/> makes of so many.</summary>
    public static int PackedBytesMax(int length) => checked(32 + length + length / 6);

    /// <summary>
    /// Packs bytes; answers how many it wrote. Greedy, one look-up a position, longer steps where nothing repeats: fast rather than small.
    /// <paramref name="into"/> holds at least <see cref="PackedBytesMax"/>.
    /// </summary>
    public static int Pack(ReadOnlySpan<byte> from, Span<byte> into)
    {
        if (into.Length < PackedBytesMax(from.Length))
            throw new ArgumentException("It is shorter than PackedBytesMax says.", nameof(into));
        var written = Series.Varint.Write(into, (ulong)from.Length);
        var slots = ArrayPool<ushort>.Shared.Rent(1 << SlotBits);
        for (var at = 0; at < from.Length; at += BlockBytes)
        {
            slots.AsSpan(0, 1 << SlotBits).Clear();
            written += PackBlock(from.Slice(at, Math.Min(BlockBytes, from.Length - at)), into[written..], slots);
        }
        ArrayPool<ushort>.Shared.Return(slots);
        return written;
    }

    private static int PackBlock(ReadOnlySpan<byte> block, Span<byte> into, ushort[] slots)
    {
        int written = 0, literal = 0, at = 1, misses = 32;
        while (at + MatchMin <= block.Length)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(block[at..]);
            ref var slot = ref slots[(word * 0x1e35a7bd) >> (32 - SlotBits)];
            int candidate = slot;
            slot = (ushort)at;
            if (BinaryPrimitives.ReadUInt32LittleEndian(block[candidate..]) != word)
            {
                at += misses++ >> 5;
                continue;
            }
            written += WriteLiteral(block[literal..at], into[written..]);
            var length = MatchMin + block[(at + MatchMin)..].CommonPrefixLength(block[(candidate + MatchMin)..]);
            written += WriteCopies(at - candidate, length, into[written..]);
            at += length;
            literal = at;
            misses = 32;
        }
        return written + WriteLiteral(block[literal..], into[written..]);
    }

    private static int WriteLiteral(ReadOnlySpan<byte> literal, Span<byte> into)
    {
        if (literal.IsEmpty)
            return 0;
        var last = literal.Length - 1;
        var header = 1;
        if (last < InlineLiteralMax)
        {
            into[0] = (byte)(last << 2);
        }
        else
        {
            var bytes = (BitOperations.Log2((uint)last) / 8) + 1;
            into[0] = (byte)((InlineLiteralMax - 1 + bytes) << 2);
            for (; header <= bytes; header++)
                into[header] = (byte)(last >> (8 * (header - 1)));
        }
        literal.CopyTo(into[header..]);
        return header + literal.Length;
    }

    private static int WriteCopies(int offset, int length, Span<byte> into)
    {
        var written = 0;
        while (length > 0)
        {
            var part = Math.Min(length, CopyMax);
            if (part is >= 4 and <= 11 && offset < 1 << 11)
            {
                into[written] = (byte)(NearTag | ((part - 4) << 2) | ((offset >> 8) << 5));
                into[written + 1] = (byte)offset;
                written += 2;
            }
            else
            {
                into[written] = (byte)(FarTag | ((part - 1) << 2));
                BinaryPrimitives.WriteUInt16LittleEndian(into[(written + 1)..], (ushort)offset);
                written += 3;
            }
            length -= part;
        }
        return written;
    }
}
