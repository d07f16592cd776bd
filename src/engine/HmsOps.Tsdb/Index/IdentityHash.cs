using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HmsOps.Tsdb.Index;

/// <summary>
/// The keyed 128-bit hash of a series' label bytes: two independent lanes of 64 bits, each folding 16 bytes a turn through one 64 × 64 → 128 bit
/// multiplication whose halves are xored, as wyhash and its kin do. Who does not know the key cannot make two label sets collide on purpose.
/// </summary>
/// <remarks>
/// The lanes see the same words the other way round, with keys of their own, so they fail independently: about 2⁻⁶⁰ each for a pair of keys of
/// 300 bytes (one chance in 2⁶⁴ a turn). The last turn reads the last 16 bytes, overlapping the turn before; the length is mixed in at the end, so neither a prefix nor
/// padding is ambiguous. Not a cryptographic hash: whoever can time the store or read its file of keys is beyond what it defends against.
/// </remarks>
internal readonly struct IdentityHash
{
    private const int Turn = 16;

    private readonly ulong _a0, _a1, _b0, _b1;

    /// <summary>Spreads a key of 128 bits over the lanes.</summary>
    public IdentityHash(UInt128 key)
    {
        var state = (ulong)key;
        _a0 = Next(ref state);
        _a1 = Next(ref state);
        state = Finished(state) ^ (ulong)(key >> 64);
        _b0 = Next(ref state);
        _b1 = Next(ref state);
    }

    /// <summary>The hash; never zero, which stands for "none".</summary>
    public UInt128 Of(ReadOnlySpan<byte> bytes)
    {
        var (a, b) = (_a0, _b0);
        ref var first = ref MemoryMarshal.GetReference(bytes);
        for (var at = 0; at < bytes.Length - Turn; at += Turn) // so at + 16 never passes the end
            Fold(ref a, ref b, Word(ref first, at), Word(ref first, at + sizeof(ulong)));
        var (low, high) = Last(bytes);
        Fold(ref a, ref b, low, high);
        var length = (ulong)bytes.Length * 0x9e3779b97f4a7c15;
        var hash = new UInt128(Finished(a ^ length), Finished(b + length));
        return hash == UInt128.Zero ? UInt128.One : hash;
    }

    /// <summary>32 bits for tables whose hits are compared in full.</summary>
    public uint Fingerprint(ReadOnlySpan<byte> bytes, uint salt)
    {
        var hash = Of(bytes);
        return (uint)(Mix((ulong)hash ^ _b1, salt + _a1) >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Fold(ref ulong a, ref ulong b, ulong low, ulong high)
    {
        a = Mix(low ^ a, high ^ _a1);
        b = Mix(high + b, low + _b1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Word(ref byte first, int at)
    {
        var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref first, at));
        return BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
    }

    // The last 1 to 16 bytes as two words; of fewer than 16 bytes in all, every byte lies in one of them.
    private static (ulong Low, ulong High) Last(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        >= 16 => (BinaryPrimitives.ReadUInt64LittleEndian(bytes[^16..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[^8..])),
        >= 8 => (BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[^8..])),
        >= 4 => (BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..])),
        > 0 => (bytes[0], ((ulong)bytes[bytes.Length / 2] << 8) | bytes[^1]),
        _ => default,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return low ^ high;
    }

    // SplitMix64: a bijection in which every bit of the input moves every bit of the output.
    private static ulong Finished(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }

    private static ulong Next(ref ulong state) => Finished(state += 0x9e3779b97f4a7c15);
}
