using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// A column of numbers, any of which is read in a few nanoseconds. Stored as what is shortest: one number; numbers above a base, bit-packed;
/// places in a list of the distinct numbers, bit-packed; or runs, which columns of sorted rows are full of.
/// </summary>
internal sealed class PackedColumn
{
    private readonly int _base;
    private readonly int[] _distinct = []; // empty: the base is added instead
    private readonly PackedBits _bits;
    private readonly PackedBits _ends; // of runs
    private readonly PackedColumn? _runs;

    private PackedColumn(int @base, int[] distinct, PackedBits bits) => (_base, _distinct, _bits) = (@base, distinct, bits);

    private PackedColumn(PackedBits ends, PackedColumn runs) => (_ends, _runs) = (ends, runs);

    /// <summary>What the column holds beside the bytes of its section.</summary>
    public long Bytes => 120 + _distinct.Length * sizeof(int) + (_runs?.Bytes ?? 0);

    public int this[int row]
    {
        get
        {
            if (_runs is not null)
                return _runs[_ends.FirstAbove((uint)row)];
            var packed = (int)_bits[row];
            if (_distinct.Length == 0)
                return _base + packed;
            return packed < _distinct.Length ? _distinct[packed] : -1; // no number of anything: whoever looks it up says so
        }
    }

    /// <summary>Writes a column, and may alter its numbers by that.</summary>
    public static void Write(Span<int> values, ColumnMarks marks, ArrayBufferWriter<byte> into)
    {
        var runs = 1;
        for (var i = 1; i < values.Length; i++)
            runs += values[i] == values[i - 1] ? 0 : 1;
        if (runs > 1 && (long)runs * 6 < values.Length) // a run takes its end and its number: some 40 bits against the 8 or so of a row
            WriteRuns(values, runs, marks, into);
        else
            WritePlain(values, marks, into);
    }

    public static PackedColumn Read(ref SectionReader reader, int rows, int numbers, ReadOnlyMemory<byte> section)
    {
        var kind = reader.Byte();
        if (kind != Runs)
            return ReadPlain(ref reader, kind, rows, numbers, section);
        var runs = reader.Int(rows);
        var ends = PackedBits.Read(ref reader, runs, section);
        if (runs == 0 || ends[runs - 1] != (uint)rows)
            throw reader.Damaged("runs that do not end with the rows");
        return new PackedColumn(ends, ReadPlain(ref reader, reader.Byte(), runs, numbers, section));
    }

    private const byte One = 0;
    private const byte AboveBase = 1;
    private const byte Places = 2;
    private const byte Runs = 3;

    private static void WriteRuns(ReadOnlySpan<int> values, int runs, ColumnMarks marks, ArrayBufferWriter<byte> into)
    {
        var (ends, of) = (new int[runs], new int[runs]);
        var run = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (i + 1 < values.Length && values[i + 1] == values[i])
                continue;
            (ends[run], of[run]) = (i + 1, values[i]);
            run++;
        }
        into.Write([Runs]);
        Varint.Write(into, (ulong)runs);
        PackedBits.Write(ends, 0, into);
        WritePlain(of, marks, into);
    }

    private static void WritePlain(Span<int> values, ColumnMarks marks, ArrayBufferWriter<byte> into)
    {
        var distinct = marks.Distinct(values);
        if (distinct.Count == 1)
        {
            into.Write([One]);
            Varint.Write(into, (ulong)distinct[0]);
            return;
        }
        if (SizeOfPlaces(distinct, values.Length) < PackedBits.Size(values.Length, distinct[^1] - distinct[0]))
            WritePlaces(values, distinct, marks, into);
        else
        {
            into.Write([AboveBase]);
            Varint.Write(into, (ulong)distinct[0]);
            PackedBits.Write(values, distinct[0], into);
        }
    }

    private static long SizeOfPlaces(List<int> distinct, int rows)
    {
        var size = PackedBits.Size(rows, distinct.Count - 1) + 4;
        for (var i = 1; i < distinct.Count; i++)
            size += Varint.Size((ulong)(distinct[i] - distinct[i - 1]));
        return size;
    }

    private static void WritePlaces(Span<int> values, List<int> distinct, ColumnMarks marks, ArrayBufferWriter<byte> into)
    {
        into.Write([Places]);
        Varint.Write(into, (ulong)distinct.Count);
        for (var i = 0; i < distinct.Count; i++)
            Varint.Write(into, (ulong)(distinct[i] - (i == 0 ? 0 : distinct[i - 1])));
        marks.ToPlaces(values);
        PackedBits.Write(values, 0, into);
    }

    private static PackedColumn ReadPlain(ref SectionReader reader, byte kind, int rows, int numbers, ReadOnlyMemory<byte> section)
    {
        switch (kind)
        {
            case One:
                return new PackedColumn(reader.Int(numbers - 1), [], default);
            case AboveBase:
                return new PackedColumn(reader.Int(numbers - 1), [], PackedBits.Read(ref reader, rows, section));
            case Places:
                var distinct = new int[reader.Count()];
                for (var i = 0; i < distinct.Length; i++)
                    distinct[i] = (i == 0 ? 0 : distinct[i - 1]) + reader.Int(numbers - 1 - (i == 0 ? 0 : distinct[i - 1]));
                return distinct.Length > 0
                    ? new PackedColumn(0, distinct, PackedBits.Read(ref reader, rows, section))
                    : throw reader.Damaged("a column of no numbers");
            default:
                throw reader.Damaged($"a column of kind {kind}");
        }
    }
}

/// <summary>Finds the distinct numbers of a column, and each one's place among them; used for column after column.</summary>
/// <param name="numbers">How many numbers there can be.</param>
internal sealed class ColumnMarks(int numbers)
{
    private readonly int[] _marks = new int[numbers]; // a stamp, below 0: seen in this column; else a place
    private readonly List<int> _distinct = [];
    private int _stamp;

    /// <summary>The distinct numbers, ascending; valid until the next column.</summary>
    public List<int> Distinct(ReadOnlySpan<int> values)
    {
        _distinct.Clear();
        _stamp--;
        foreach (var value in values)
        {
            if (_marks[value] == _stamp)
                continue;
            _marks[value] = _stamp;
            _distinct.Add(value);
        }
        _distinct.Sort();
        return _distinct;
    }

    /// <summary>Makes of each number of the newest column its place.</summary>
    public void ToPlaces(Span<int> values)
    {
        for (var i = 0; i < _distinct.Count; i++)
            _marks[_distinct[i]] = i;
        foreach (ref var value in values)
            value = _marks[value];
    }
}

/// <summary>Numbers of the same width in bits, one after the other, least significant bit first.</summary>
internal readonly struct PackedBits
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int _count;
    private readonly int _width;

    private PackedBits(ReadOnlyMemory<byte> bytes, int count, int width) => (_bytes, _count, _width) = (bytes, count, width);

    public uint this[int index] => _width == 0 ? 0 : At(_bytes.Span, index, _width);

    public static long Size(int count, int max) => 1 + (((long)count * WidthOf(max) + 7) / 8);

    public static int WidthOf(int max) => 32 - BitOperations.LeadingZeroCount((uint)max);

    /// <summary>Writes numbers less a base: the width, then the bits.</summary>
    public static void Write(ReadOnlySpan<int> values, int @base, IBufferWriter<byte> into)
    {
        var max = 0;
        foreach (var value in values)
            max = Math.Max(max, value - @base);
        var width = WidthOf(max);
        into.Write([(byte)width]);
        Write(values, @base, width, into);
    }

    public static void Write(ReadOnlySpan<int> values, int @base, int width, IBufferWriter<byte> into)
    {
        if (width == 0)
            return;
        var size = checked((int)(((long)values.Length * width + 7) / 8));
        var bytes = into.GetSpan(size + sizeof(ulong))[..(size + sizeof(ulong))];
        var (pending, filled, at) = (0UL, 0, 0);
        foreach (var value in values)
        {
            pending |= (ulong)(uint)(value - @base) << filled;
            filled += width;
            while (filled >= 8)
            {
                bytes[at++] = (byte)pending;
                pending >>= 8;
                filled -= 8;
            }
        }
        if (filled > 0)
            bytes[at] = (byte)pending;
        into.Advance(size);
    }

    public static PackedBits Read(ref SectionReader reader, int count, ReadOnlyMemory<byte> section)
    {
        var width = reader.Byte();
        if (width > 31)
            throw reader.Damaged($"numbers of {width} bits");
        var size = ((long)count * width + 7) / 8;
        if (size > reader.Left)
            throw reader.Damaged("it ends too soon");
        var at = reader.At;
        reader.Take((int)size);
        return new PackedBits(section.Slice(at, (int)size), count, width);
    }

    public static uint At(ReadOnlySpan<byte> bytes, int index, int width)
    {
        var bit = (long)index * width;
        var from = bytes[(int)(bit >> 3)..];
        var shift = (int)(bit & 7);
        var mask = (uint)((1UL << width) - 1);
        if (from.Length >= sizeof(ulong))
            return (uint)(BinaryPrimitives.ReadUInt64LittleEndian(from) >> shift) & mask;
        var word = 0UL;
        for (var i = 0; i < from.Length; i++)
            word |= (ulong)from[i] << (8 * i);
        return (uint)(word >> shift) & mask;
    }

    /// <summary>The first place whose number is above a given one, of numbers that ascend.</summary>
    public int FirstAbove(uint value)
    {
        var (low, high) = (0, _count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (this[middle] > value)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }
}
