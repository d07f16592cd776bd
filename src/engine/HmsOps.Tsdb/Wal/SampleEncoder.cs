using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using HmsOps.Series;
using HmsOps.Tsdb.Chunks;
using HmsOps.Tsdb.Head;

namespace HmsOps.Tsdb.Wal;

/// <summary>
/// Writes the samples of one batch that come in the order of time, as columns: which series, when, what; of each a code of two bits, and bytes only where
/// the code does not say all. A column whose codes are all 0 has none. Leans on what the series' records say of the sample before, and changes in
/// them only what is the log's own: who adds a sample takes it right after (<see cref="SeriesHead.Take"/>). Allocates nothing once it has grown.
/// </summary>
internal sealed class SampleEncoder
{
    /// <summary>The most bytes that a float takes.</summary>
    public const int FloatBytesMax = 1 + Varint.BytesMax + Varint.BytesMax + 9;

    /// <summary>After so many samples one is written whole, so that what a damaged frame takes with it has an end.</summary>
    public const int WholeEvery = 128;

    private const byte DecimalsNone = 255;
    private const int DecimalsMax = 4;

    private readonly ArrayBufferWriter<byte> _histograms = new();
    private byte[] _codes = new byte[256];
    private ByteColumn _ids = new();
    private ByteColumn _times = new();
    private ByteColumn _values = new();
    private int _allCodes;
    private long _base;
    private long _time;
    private int _id;

    /// <summary>Samples added.</summary>
    public int Count { get; private set; }

    /// <summary>An upper bound of what <see cref="WriteTo"/> writes.</summary>
    public int BytesMax => 64 + Count + _ids.Length + _times.Length + _values.Length;

    public void Begin()
    {
        (Count, _allCodes, _base, _time, _id) = (0, 0, 0, 0, -1);
        _ids.Length = _times.Length = _values.Length = 0;
    }

    public void Add(int id, long time, long bits, ref SeriesRecord record)
    {
        _values.Reserve(2 * Varint.BytesMax);
        var code = Place(id, time, record);
        code |= record.Coded == 0 ? Whole(bits) : Difference(bits, ref record) << 4;
        Put(code, ref record);
    }

    public void Add(int id, long time, NativeHistogram histogram, ref SeriesRecord record)
    {
        var code = Place(id, time, record);
        _histograms.ResetWrittenCount();
        HistogramChunk.Encode([histogram], _histograms);
        _values.Reserve(1 + Varint.BytesMax + _histograms.WrittenCount);
        _values.Add(SampleCodes.HistogramHead);
        _values.AddVarint((ulong)_histograms.WrittenCount);
        _values.Add(_histograms.WrittenSpan);
        Put(code | (SampleCodes.Other << 4), ref record);
    }

    public void WriteTo(IBufferWriter<byte> into)
    {
        Varint.Write(into, (ulong)Count);
        if (Count == 0)
            return;
        var columns = ((_allCodes & 3) != 0 ? 1 : 0) | ((_allCodes & 12) != 0 ? 2 : 0) | ((_allCodes & 48) != 0 ? 4 : 0);
        Varint.Write(into, (ulong)columns);
        Varint.Write(into, Varint.ZigZag(_base));
        WriteCodes(into, columns, 0);
        WriteCodes(into, columns, 1);
        WriteCodes(into, columns, 2);
        Varint.WriteBlock(into, _ids.Span);
        Varint.WriteBlock(into, _times.Span);
        Varint.WriteBlock(into, _values.Span);
    }

    private int Place(int id, long time, in SeriesRecord record)
    {
        if (Count == 0)
            _base = _time = time;
        var code = SampleCodes.Next;
        if (id != _id + 1)
        {
            code = id == _id ? SampleCodes.Same : SampleCodes.Jump;
            if (code == SampleCodes.Jump)
                _ids.AddVarint(Varint.ZigZag((long)id - _id));
        }
        _id = id;
        if (time == _time)
            return code;
        if (record.Coded > 1 && record.Step != 0 && time == record.LastTime + record.Step)
            return code | (SampleCodes.AsExpected << 2);
        _times.AddVarint(Varint.ZigZag(time - _time));
        _time = time;
        return code | (SampleCodes.OtherTime << 2);
    }

    private int Whole(long bits)
    {
        _values.Add(SampleCodes.WholeHead);
        _values.AddLong(bits);
        return SampleCodes.Other << 4;
    }

    private int Difference(long bits, ref SeriesRecord record)
    {
        var isAfterHistogram = record.Is(SeriesMarks.LastIsHistogram);
        var before = isAfterHistogram ? 0 : record.LastBits;
        if (bits == before && !isAfterHistogram)
            return SampleCodes.Unchanged;
        if (SampleCodes.TryInteger(bits, out var now) && SampleCodes.TryInteger(before, out var then))
        {
            _values.AddVarint(Varint.ZigZag(now - then));
            return SampleCodes.Integer;
        }
        if (TryDecimal(bits, before, ref record, out var difference, out var decimals))
        {
            _values.AddVarint((Varint.ZigZag(difference) << 2) | (uint)(decimals - 1));
            return SampleCodes.Decimal;
        }
        var changed = (ulong)(bits ^ before);
        var leading = Math.Min(BitOperations.LeadingZeroCount(changed) / 8, 7);
        var trailing = changed == 0 ? 0 : BitOperations.TrailingZeroCount(changed) / 8;
        var bytes = 8 - leading - trailing;
        _values.Add((byte)((leading << 4) | trailing));
        _values.AddBytes(changed >> (8 * trailing), bytes);
        return SampleCodes.Other;
    }

    private static bool TryDecimal(long bits, long before, ref SeriesRecord record, out long difference, out int decimals)
    {
        (difference, decimals) = (0, 0);
        // A series of other numbers is asked again now and then only: it costs a division each.
        if (record.Decimals == DecimalsNone && record.Coded % 32 != 1)
            return false;
        for (decimals = record.Decimals is > 0 and <= DecimalsMax ? record.Decimals : 1; decimals <= DecimalsMax; decimals++)
        {
            if (!SampleCodes.TryDecimal(bits, decimals, out var now) || !SampleCodes.TryDecimal(before, decimals, out var then))
                continue;
            record.Decimals = (byte)decimals;
            difference = now - then;
            return true;
        }
        record.Decimals = DecimalsNone;
        return false;
    }

    private void Put(int code, ref SeriesRecord record)
    {
        if (Count == _codes.Length)
            Array.Resize(ref _codes, Count * 2);
        _codes[Count++] = (byte)code;
        _allCodes |= code;
        record.Coded = (byte)((record.Coded + 1) % WholeEvery);
    }

    // Four codes to a byte, the first in the lowest bits.
    private void WriteCodes(IBufferWriter<byte> into, int columns, int column)
    {
        if ((columns & (1 << column)) == 0)
            return;
        var bytes = (Count + 3) / 4;
        var packed = into.GetSpan(bytes)[..bytes];
        packed.Clear();
        var shift = 2 * column;
        for (var i = 0; i < Count; i++)
            packed[i >> 2] |= (byte)(((_codes[i] >> shift) & 3) << (2 * (i & 3)));
        into.Advance(bytes);
    }
}

/// <summary>What the codes of a sample mean, and the arithmetic that writer and reader share.</summary>
internal static class SampleCodes
{
    // Which series.
    public const int Next = 0; // the one numbered after the sample before
    public const int Same = 1;
    public const int Jump = 2; // a difference follows

    // When.
    public const int SameTime = 0; // as the last time that was written out
    public const int AsExpected = 1; // as far from the series' sample before as that one from the one before it
    public const int OtherTime = 2; // a difference to the last time that was written out follows

    // What.
    public const int Unchanged = 0;
    public const int Integer = 1; // the difference of two integers follows
    public const int Decimal = 2; // the same of decimals, and how many decimals
    public const int Other = 3; // a head and bytes follow

    // Heads of Other; any other head is how many bytes of the changed bits are zero, from the top and from the bottom.
    public const byte WholeHead = 0xff;
    public const byte HistogramHead = 0xfe;

    private const double ExactMax = 1L << 53;

    private static readonly double[] Powers = [1, 10, 100, 1_000, 10_000];

    public static bool TryInteger(long bits, out long integer)
    {
        var value = BitConverter.Int64BitsToDouble(bits);
        integer = (long)value;
        return Math.Abs(value) <= ExactMax && BitConverter.DoubleToInt64Bits(integer) == bits;
    }

    public static bool TryDecimal(long bits, int decimals, out long integer)
    {
        var rounded = Math.Round(BitConverter.Int64BitsToDouble(bits) * Powers[decimals]);
        integer = (long)rounded;
        return Math.Abs(rounded) <= ExactMax && FromDecimal(integer, decimals) == bits;
    }

    public static long FromDecimal(long integer, int decimals) => BitConverter.DoubleToInt64Bits(integer / Powers[decimals]);
}

/// <summary>Bytes that grow, written from the front, used again.</summary>
internal struct ByteColumn()
{
    private byte[] _bytes = new byte[256];

    public int Length { get; set; }

    public readonly ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    public void Reserve(int bytes)
    {
        if (Length + bytes > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + bytes));
    }

    /// <summary>After <see cref="Reserve"/>, as the others but <see cref="AddVarint"/>.</summary>
    public void Add(byte value) => _bytes[Length++] = value;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    public void AddLong(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(Length), value);
        Length += sizeof(long);
    }

    public void AddBytes(ulong value, int bytes)
    {
        for (var i = 0; i < bytes; i++)
            _bytes[Length++] = (byte)(value >> (8 * i));
    }

    public void AddVarint(ulong value)
    {
        Reserve(Varint.BytesMax);
        if (value < 0x80)
            _bytes[Length++] = (byte)value;
        else
            Length += Varint.Write(_bytes.AsSpan(Length), value);
    }
}
