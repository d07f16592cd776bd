using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace HmsOps.Observe.Prometheus.Chunks;

/// <summary>Reads bits, highest first. Past the end it throws <see cref="ChunkDamagedException"/>; no bytes make it read outside its span.</summary>
internal ref struct BitReader
{
    private const int WordBits = 64;
    private const int CertainBits = 56; // what a filled word holds at least, unless the end is near

    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;
    private ulong _word; // what is read next stands highest, and what lies below its bits is never looked at before it is filled again
    private int _bits;

    public BitReader(ReadOnlySpan<byte> bytes, int at)
    {
        _bytes = bytes;
        _at = at;
    }

    /// <summary>Bits that are left.</summary>
    public readonly long Left => (8L * (_bytes.Length - _at)) + _bits;

    public bool ReadBit()
    {
        if (_bits == 0)
            Fill(1);
        var bit = (long)_word < 0;
        _word <<= 1;
        _bits--;
        return bit;
    }

    /// <summary>Reads 1 to 64 bits.</summary>
    public ulong Read(int count)
    {
        if (count > CertainBits)
            return (Read(count - 32) << 32) | Read(32);
        if (_bits < count)
            Fill(count);
        var value = _word >> (WordBits - count);
        _word <<= count;
        _bits -= count;
        return value;
    }

    /// <summary>Counts ones before a zero, which is read too, or before a limit, at which none stands.</summary>
    public int ReadOnes(int most)
    {
        var ones = 0;
        while (ones < most && ReadBit())
            ones++;
        return ones;
    }

    public double ReadDouble() => BitConverter.UInt64BitsToDouble(Read(WordBits));

    private void Fill(int wanted)
    {
        if (_bytes.Length - _at >= sizeof(ulong))
        {
            // Bits of the last byte that does not fit whole are filled in too and once more by the next fill, the same ones.
            _word |= BinaryPrimitives.ReadUInt64BigEndian(_bytes[_at..]) >> _bits;
            _at += (WordBits - 1 - _bits) >> 3;
            _bits |= CertainBits;
            return;
        }
        while (_bits <= CertainBits && _at < _bytes.Length)
        {
            _word |= (ulong)_bytes[_at++] << (CertainBits - _bits);
            _bits += 8;
        }
        if (_bits < wanted)
            ThrowCutOff();
    }

    [DoesNotReturn]
    private static void ThrowCutOff() => throw new ChunkDamagedException("it ends in the midst of a sample");
}
