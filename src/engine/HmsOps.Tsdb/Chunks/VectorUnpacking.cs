using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HmsOps.Tsdb.Chunks;

/// <summary>
/// <see cref="BitPacking"/> read eight numbers at a time with AVX2. Two neighbours of at most 57 bits lie within 16 bytes; two such loads make a
/// vector, a shuffle brings each number's eight bytes into its lane, a shift by lane and a mask leave the number. Which bytes and which shifts repeat
/// every eight numbers (width bytes), so they are tables by width. Equal to the scalar twin to the bit; tests compare them.
/// </summary>
internal static class VectorUnpacking
{
    const int Group = 8;   // numbers that fill whole bytes
    const int LoadBytes = 16;

    static readonly byte[] Shuffles = MakeShuffles();
    static readonly ulong[] Shifts = MakeShifts();

    /// <summary>True where this runs.</summary>
    public static bool IsSupported => Avx2.IsSupported;

    /// <summary>Unpacks whole groups as far as every load lies inside the bytes; answers how many numbers it read.</summary>
    public static int Unpack(ReadOnlySpan<byte> packed, int width, long origin, long divisor, Span<long> into)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)(width - 1), (uint)(BitPacking.OneLoadMax - 1), nameof(width));
        // The last load of a group begins at its sixth number. Group g is read when g·width + that + 16 ≤ length.
        var furthest = (6 * width / 8) + LoadBytes;
        if (packed.Length < furthest)
            return 0;
        var groups = Math.Min(into.Length / Group, ((packed.Length - furthest) / width) + 1);

        ref var shuffles = ref MemoryMarshal.GetArrayDataReference(Shuffles);
        ref var shifts = ref MemoryMarshal.GetArrayDataReference(Shifts);
        var firstShuffle = Vector256.LoadUnsafe(ref shuffles, (nuint)(64 * width));
        var secondShuffle = Vector256.LoadUnsafe(ref shuffles, (nuint)((64 * width) + 32));
        var firstShift = Vector256.LoadUnsafe(ref shifts, (nuint)(8 * width));
        var secondShift = Vector256.LoadUnsafe(ref shifts, (nuint)((8 * width) + 4));
        var mask = Vector256.Create((1UL << width) - 1);
        var origins = Vector256.Create(origin);
        var (second, third, fourth) = (2 * width / 8, 4 * width / 8, 6 * width / 8);

        ref var bytes = ref MemoryMarshal.GetReference(packed);
        ref var numbers = ref MemoryMarshal.GetReference(into);
        for (var group = 0; group < groups; group++)
        {
            ref var from = ref Unsafe.Add(ref bytes, group * width);
            var low = Avx2.Shuffle(Load(ref from, 0, second), firstShuffle).AsUInt64();
            var high = Avx2.Shuffle(Load(ref from, third, fourth), secondShuffle).AsUInt64();
            low = Avx2.ShiftRightLogicalVariable(low, firstShift) & mask;
            high = Avx2.ShiftRightLogicalVariable(high, secondShift) & mask;
            if (divisor != 1)
            {
                low *= Vector256.Create((ulong)divisor);
                high *= Vector256.Create((ulong)divisor);
            }
            ref var to = ref Unsafe.Add(ref numbers, group * Group);
            (low.AsInt64() + origins).StoreUnsafe(ref to);
            (high.AsInt64() + origins).StoreUnsafe(ref to, 4);
        }
        return groups * Group;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> Load(ref byte from, int low, int high) =>
        Vector256.Create(Vector128.LoadUnsafe(ref from, (nuint)low), Vector128.LoadUnsafe(ref from, (nuint)high));

    /// <summary>For each width, for each of eight numbers, the eight bytes of its pair's load in which it begins.</summary>
    static byte[] MakeShuffles()
    {
        var shuffles = new byte[(BitPacking.OneLoadMax + 1) * 64];
        for (var i = 0; i < shuffles.Length; i++)
            shuffles[i] = (byte)((BitInPair(i / 64, i / 8 % Group) / 8) + (i % 8));
        return shuffles;
    }

    static ulong[] MakeShifts()
    {
        var shifts = new ulong[(BitPacking.OneLoadMax + 1) * Group];
        for (var i = 0; i < shifts.Length; i++)
            shifts[i] = (ulong)BitInPair(i / Group, i % Group) % 8;
        return shifts;
    }

    /// <summary>Where a number of a group begins, in bits after the byte where its pair does.</summary>
    static int BitInPair(int width, int number) => (number * width) - ((number & ~1) * width / 8 * 8);
}
