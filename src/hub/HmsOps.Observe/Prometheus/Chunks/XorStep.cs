using System.Numerics;

namespace HmsOps.Observe.Prometheus.Chunks;

/// <summary>
/// One float64 as it differs from the one before (Pelkonen et al., Gorilla, 2015, §4.1.2): 0 when it is the same; 10 and the bits that differ where they lie within the
/// window of the last ones written; 11, a window of its own (leading zeros in 5 bits, length in 6, 64 as 0) and those bits.
/// </summary>
internal struct XorStep
{
    private const int LeadingBits = 5;
    private const int LengthBits = 6;
    private const int LeadingMax = (1 << LeadingBits) - 1;

    private ulong _last;
    private int _leading;
    private int _trailing;
    private bool _hasWindow;

    public XorStep(double first) => _last = BitConverter.DoubleToUInt64Bits(first);

    public void Write(BitWriter into, double value)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        var changed = bits ^ _last;
        _last = bits;
        if (changed == 0)
        {
            into.Write(0, 1);
            return;
        }
        var leading = Math.Min(BitOperations.LeadingZeroCount(changed), LeadingMax);
        var trailing = BitOperations.TrailingZeroCount(changed);
        if (_hasWindow && leading >= _leading && trailing >= _trailing)
        {
            into.Write(0b10, 2);
        }
        else
        {
            (_leading, _trailing, _hasWindow) = (leading, trailing, true);
            var length = 64 - leading - trailing;
            into.Write(((0b11UL << LeadingBits) | (uint)leading) << LengthBits | ((uint)length & 63), 2 + LeadingBits + LengthBits);
        }
        into.Write(changed >> _trailing, 64 - _leading - _trailing);
    }

    public double Read(ref BitReader from)
    {
        if (!from.ReadBit())
            return BitConverter.UInt64BitsToDouble(_last);
        if (from.ReadBit())
            ReadWindow(ref from);
        else if (!_hasWindow)
            throw new ChunkDamagedException("a value leans on one before it that is not there");
        _last ^= from.Read(64 - _leading - _trailing) << _trailing;
        return BitConverter.UInt64BitsToDouble(_last);
    }

    private void ReadWindow(ref BitReader from)
    {
        var window = (int)from.Read(LeadingBits + LengthBits);
        var length = window & 63;
        if (length == 0)
            length = 64;
        (_leading, _hasWindow) = (window >> LengthBits, true);
        _trailing = 64 - _leading - length;
        if (_trailing < 0)
            throw new ChunkDamagedException("a value has more than 64 bits");
    }
}
