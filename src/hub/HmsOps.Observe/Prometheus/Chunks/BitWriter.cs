using System.Buffers.Binary;

namespace HmsOps.Observe.Prometheus.Chunks;

/// <summary>Writes bits, highest first, behind a head of whole bytes. Kept from one chunk to the next; one owner.</summary>
internal sealed class BitWriter
{
    private const int WordBits = 64;
    private const int FirstBytes = 1_024;

    private byte[] _bytes = new byte[FirstBytes];
    private int _length;
    private ulong _word;
    private int _free = WordBits;

    /// <summary>Bytes there would be if it ended here.</summary>
    public int Length => _length + ((WordBits - _free + 7) / 8);

    /// <summary>Forgets all, and begins anew behind so many bytes; they are 0 and may be written through the answer until the first bit is.</summary>
    public Span<byte> Begin(int headBytes)
    {
        (_length, _word, _free) = (headBytes, 0, WordBits);
        _bytes.AsSpan(0, headBytes).Clear();
        return _bytes.AsSpan(0, headBytes);
    }

    /// <summary>Writes the lowest bits of a word; the others are 0.</summary>
    public void Write(ulong bits, int count)
    {
        if (count < _free)
        {
            _word |= bits << (_free - count);
            _free -= count;
            return;
        }
        var rest = count - _free;
        _word |= bits >> rest;
        if (_bytes.Length - _length < 2 * sizeof(ulong)) // one for this word, one for the last
            Array.Resize(ref _bytes, _bytes.Length * 2);
        BinaryPrimitives.WriteUInt64BigEndian(_bytes.AsSpan(_length), _word);
        _length += sizeof(ulong);
        _word = rest == 0 ? 0 : bits << (WordBits - rest);
        _free = WordBits - rest;
    }

    /// <summary>What was written, filled up to a whole byte. Nothing more may be written behind it.</summary>
    public Span<byte> End()
    {
        BinaryPrimitives.WriteUInt64BigEndian(_bytes.AsSpan(_length), _word);
        return _bytes.AsSpan(0, Length);
    }
}
