using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HmsOps.Tsdb.Chunks;

/// <summary>
/// Numbers of one width, one after the other, lowest bit first: number i begins at bit i·width of the little-endian stream. Eight of them fill
/// whole bytes. Reading is affine, base + divisor·number, because every reader wants that next and it is free inside the loop.
/// </summary>
internal static class BitPacking
{
    /// <summary>Up to here a number and the bits before it in its byte fit one 64-bit load.</summary>
    public const int OneLoadMax = 57;

    /// <summary>Bytes that many numbers fill; the last one's spare bits are zero.</summary>
    public static int Bytes(int count, int width) => (int)((((long)count * width) + 7) >> 3);

    /// <summary>Every number below 2^width; <paramref name="into"/> exactly <see cref="Bytes"/> long.</summary>
    public static void Pack(ReadOnlySpan<ulong> numbers, int width, Span<byte> into)
    {
        if (width == 0)
            return;
        ulong gathered = 0;
        var filled = 0;
        var at = 0;
        foreach (var number in numbers)
        {
            gathered |= number << filled;
            filled += width;
            if (filled < 64)
                continue;
            BinaryPrimitives.WriteUInt64LittleEndian(into[at..], gathered);
            at += 8;
            filled -= 64;
            gathered = filled == 0 ? 0 : number >> (width - filled);
        }
        for (; filled > 0; filled -= 8, gathered >>= 8)
            into[at++] = (byte)gathered;
    }

    /// <summary>Fills <paramref name="into"/> from bytes that hold exactly that many numbers, by whichever way is fastest here.</summary>
    public static void Unpack(ReadOnlySpan<byte> packed, int width, long origin, long divisor, Span<long> into)
    {
        if (VectorUnpacking.IsSupported && width is > 0 and <= OneLoadMax)
        {
            var read = VectorUnpacking.Unpack(packed, width, origin, divisor, into);
            packed = packed[(read / 8 * width)..];
            into = into[read..];
        }
        UnpackScalar(packed, width, origin, divisor, into);
    }

    /// <summary>The reference.</summary>
    public static void UnpackScalar(ReadOnlySpan<byte> packed, int width, long origin, long divisor, Span<long> into)
    {
        if (packed.Length != Bytes(into.Length, width))
            throw new ArgumentException($"{into.Length} numbers of {width} bits do not lie in {packed.Length} bytes.", nameof(packed));
        if (width == 0)
        {
            into.Fill(origin);
            return;
        }
        if (width > OneLoadMax)
        {
            UnpackWide(packed, width, origin, divisor, into);
            return;
        }
        var mask = (1UL << width) - 1;
        // The numbers whose eight bytes all lie inside; what is left after them is less than eight bytes.
        var whole = packed.Length < 8 ? 0 : Math.Min(into.Length, (((packed.Length - 8) << 3) + 7) / width + 1);
        ref var first = ref MemoryMarshal.GetReference(packed);
        var bit = 0;
        for (var i = 0; i < whole; i++, bit += width)
        {
            var loaded = LittleEndian(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref first, bit >> 3)));
            into[i] = origin + (divisor * (long)((loaded >> (bit & 7)) & mask));
        }
        if (whole == into.Length)
            return;
        var from = bit >> 3;
        ulong last = 0;
        for (var i = packed.Length - 1; i >= from; i--)
            last = (last << 8) | packed[i];
        bit -= from << 3;
        for (var i = whole; i < into.Length; i++, bit += width)
            into[i] = origin + (divisor * (long)((last >> bit) & mask));
    }

    static void UnpackWide(ReadOnlySpan<byte> packed, int width, long origin, long divisor, Span<long> into)
    {
        var mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        for (var i = 0; i < into.Length; i++)
        {
            var bit = i * width;
            var from = bit >> 3;
            var shift = bit & 7;
            var bytes = Math.Min(8, packed.Length - from);
            ulong low = 0;
            for (var b = bytes - 1; b >= 0; b--)
                low = (low << 8) | packed[from + b];
            var number = low >> shift;
            if (shift + width > 64)
                number |= (ulong)packed[from + 8] << (64 - shift);
            into[i] = origin + (divisor * (long)(number & mask));
        }
    }

    static ulong LittleEndian(ulong loaded) => BitConverter.IsLittleEndian ? loaded : BinaryPrimitives.ReverseEndianness(loaded);
}
