using System.Buffers.Binary;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;
using HmsOps.Tsdb.Head;

namespace HmsOps.Tsdb.Wal;

/// <summary>Reads what <see cref="SampleEncoder"/> wrote. Every length is checked: bytes that are no such columns end the walk with <see cref="IsDamaged"/>.</summary>
internal ref struct SampleDecoder
{
    // Samples of which every code is 0 take no bytes, so their number says nothing by itself; no batch has as many.
    private const ulong CountMax = 1 << 24;

    private readonly int _count;
    private readonly ReadOnlySpan<byte> _idCodes;
    private readonly ReadOnlySpan<byte> _timeCodes;
    private readonly ReadOnlySpan<byte> _valueCodes;
    private ReadOnlySpan<byte> _ids;
    private ReadOnlySpan<byte> _times;
    private ReadOnlySpan<byte> _values;
    private long _time;
    private long _number = -1;
    private int _at;

    /// <summary>Reads the columns and moves past them.</summary>
    public SampleDecoder(scoped ref ReadOnlySpan<byte> from)
    {
        _count = 0;
        IsDamaged = !Varint.TryRead(ref from, out var count) || count > CountMax;
        if (IsDamaged || count == 0)
            return;
        var first = 0UL;
        IsDamaged = !Varint.TryRead(ref from, out var columns) || columns > 7 || !Varint.TryRead(ref from, out first)
            || !TryReadCodes(ref from, columns, 0, count, out _idCodes) || !TryReadCodes(ref from, columns, 1, count, out _timeCodes)
            || !TryReadCodes(ref from, columns, 2, count, out _valueCodes)
            || !Varint.TryReadBlock(ref from, out _ids) || !Varint.TryReadBlock(ref from, out _times) || !Varint.TryReadBlock(ref from, out _values);
        if (IsDamaged)
            return;
        _time = Varint.UnZigZag(first);
        _count = (int)count;
    }

    /// <summary>The bytes are not such columns; what was read before may be.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>The number of the series of the sample in hand.</summary>
    public readonly long Number => _number;

    /// <summary>True when the sample in hand is written whole: it leans on nothing before it.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>True when the time of the sample in hand leans on the samples before it.</summary>
    public bool IsTimeExpected { get; private set; }

    /// <summary>The sample in hand, if it is a histogram.</summary>
    public NativeHistogram? Histogram { get; private set; }

    /// <summary>Goes to the next sample, of which <see cref="Number"/> can be asked then; <see cref="TryRead"/> must follow.</summary>
    public bool MoveNext()
    {
        if (_at == _count || IsDamaged)
            return false;
        switch (Code(_idCodes))
        {
            case SampleCodes.Next:
                _number++;
                break;
            case SampleCodes.Same:
                break;
            case SampleCodes.Jump when Varint.TryRead(ref _ids, out var jump):
                _number += Varint.UnZigZag(jump);
                break;
            default:
                return Damage();
        }
        return true;
    }

    /// <summary>Reads time and bits of the sample in hand, as the record of its series says what they lean on.</summary>
    public bool TryRead(in SeriesRecord record, out long time, out long bits)
    {
        bits = 0;
        IsWhole = IsTimeExpected = false;
        Histogram = null;
        time = _time;
        switch (Code(_timeCodes))
        {
            case SampleCodes.SameTime:
                break;
            case SampleCodes.AsExpected:
                IsTimeExpected = true;
                time = record.LastTime + record.Step;
                break;
            case SampleCodes.OtherTime when Varint.TryRead(ref _times, out var step):
                time = _time += Varint.UnZigZag(step);
                break;
            default:
                return Damage();
        }
        var before = record.Is(SeriesMarks.LastIsHistogram) ? 0 : record.LastBits;
        var isRead = Code(_valueCodes) switch
        {
            SampleCodes.Unchanged => Unchanged(before, out bits),
            SampleCodes.Integer => TryReadInteger(before, out bits),
            SampleCodes.Decimal => TryReadDecimal(before, out bits),
            _ => TryReadOther(before, out bits),
        };
        _at++;
        return isRead || Damage();
    }

    private static bool Unchanged(long before, out long bits)
    {
        bits = before;
        return true;
    }

    private bool TryReadInteger(long before, out long bits)
    {
        bits = 0;
        if (!Varint.TryRead(ref _values, out var difference))
            return false;
        SampleCodes.TryInteger(before, out var then); // no integer after damage only, and then the answer is not used
        bits = BitConverter.DoubleToInt64Bits(then + Varint.UnZigZag(difference));
        return true;
    }

    private bool TryReadDecimal(long before, out long bits)
    {
        bits = 0;
        if (!Varint.TryRead(ref _values, out var difference))
            return false;
        var decimals = (int)(difference & 3) + 1;
        SampleCodes.TryDecimal(before, decimals, out var then);
        bits = SampleCodes.FromDecimal(then + Varint.UnZigZag(difference >> 2), decimals);
        return true;
    }

    private bool TryReadOther(long before, out long bits)
    {
        bits = 0;
        if (_values.IsEmpty)
            return false;
        var head = _values[0];
        _values = _values[1..];
        if (head == SampleCodes.HistogramHead)
            return TryReadHistogram(out bits);
        if (head == SampleCodes.WholeHead)
        {
            IsWhole = true;
            if (_values.Length < sizeof(long))
                return false;
            bits = BinaryPrimitives.ReadInt64LittleEndian(_values);
            _values = _values[sizeof(long)..];
            return true;
        }
        var (leading, trailing) = (head >> 4, head & 15);
        var bytes = 8 - leading - trailing;
        if (bytes < 0 || bytes > _values.Length)
            return false;
        var changed = 0UL;
        for (var i = 0; i < bytes; i++)
            changed |= (ulong)_values[i] << (8 * i);
        _values = _values[bytes..];
        bits = before ^ (trailing < 8 ? (long)(changed << (8 * trailing)) : 0);
        return true;
    }

    private bool TryReadHistogram(out long bits)
    {
        bits = 0;
        if (!Varint.TryReadBlock(ref _values, out var block) || !HistogramBlock.TryRead(block, out var histogram))
            return false;
        Histogram = histogram;
        bits = HistogramDigest.Of(histogram);
        return true;
    }

    private readonly int Code(ReadOnlySpan<byte> codes) => codes.IsEmpty ? 0 : (codes[_at >> 2] >> (2 * (_at & 3))) & 3;

    private bool Damage()
    {
        IsDamaged = true;
        return false;
    }

    private static bool TryReadCodes(scoped ref ReadOnlySpan<byte> from, ulong columns, int column, ulong count, out ReadOnlySpan<byte> codes)
    {
        codes = default;
        if ((columns & (1UL << column)) == 0)
            return true;
        var bytes = (count + 3) / 4;
        if (bytes > (ulong)from.Length)
            return false;
        codes = from[..(int)bytes];
        from = from[(int)bytes..];
        return true;
    }
}

/// <summary>One histogram as a chunk of one sample.</summary>
internal static class HistogramBlock
{
    public static bool TryRead(ReadOnlySpan<byte> block, out NativeHistogram histogram)
    {
        var samples = new NativeHistogram[1];
        try
        {
            HistogramChunk.Decode(block, samples);
            histogram = samples[0];
            return true;
        }
        catch (ChunkDamagedException)
        {
            histogram = NativeHistogram.Zero(0);
            return false;
        }
    }
}
