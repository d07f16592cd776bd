using System.Buffers;
using System.Numerics;
using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// Of one label: its values, and of each value the rows that have it. A value of a single row has the row beside it, any other a list, written
/// per 64 Ki rows in the shortest of four ways: runs, bit-packed differences, varint differences, a bitmap.
/// </summary>
internal sealed class LabelPostings : ICachedPart
{
    private readonly int[] _symbols;
    private readonly int[] _rows; // of each value how many rows it has
    private readonly int[] _at; // of a value of one row: the row; else where its list begins
    private readonly ReadOnlyMemory<byte> _lists;
    private readonly string _path;
    private readonly int _blockRows;

    public LabelPostings(ReadOnlyMemory<byte> section, int blockRows, string path)
    {
        (_path, _blockRows) = (path, blockRows);
        var reader = new SectionReader(section.Span, path, Place);
        var count = reader.Count();
        (_symbols, _rows, _at) = (new int[count], new int[count], new int[count]);
        var (symbol, single, offset) = (0L, 0L, 0L);
        for (var i = 0; i < count; i++)
        {
            symbol += reader.Int(int.MaxValue);
            _symbols[i] = symbol <= int.MaxValue ? (int)symbol : throw reader.Damaged("symbols beyond all numbers");
            _rows[i] = reader.Int(blockRows);
            if (_rows[i] == 1)
            {
                single += reader.Signed();
                _at[i] = single >= 0 && single < blockRows ? (int)single : throw reader.Damaged($"there is no row {single}");
            }
            else
            {
                _at[i] = (int)offset;
                offset += reader.Int(section.Length);
                if (offset > section.Length)
                    throw reader.Damaged("lists that lie outside");
            }
        }
        _lists = section[reader.At..];
        if (offset != _lists.Length)
            throw reader.Damaged($"{_lists.Length} bytes of lists where {offset} were written");
    }

    private const string Place = "postings";

    /// <summary>The label's values, as ascending numbers of symbols.</summary>
    public ReadOnlySpan<int> Values => _symbols;

    public int RowsOf(int value) => _rows[value];

    public long Bytes => 12L * _symbols.Length + _lists.Length + 100;

    /// <summary>The place of a value, negative when no row has it.</summary>
    public int Find(int symbol) => Array.BinarySearch(_symbols, symbol);

    /// <summary>Adds the rows of a value to a set, those that lie in its range.</summary>
    public void AddRows(int value, RowSet into)
    {
        if (_rows[value] == 1)
        {
            into.Add(_at[value]);
            return;
        }
        var reader = new SectionReader(_lists.Span[_at[value]..], _path, Place);
        PostingList.Read(ref reader, _rows[value], _blockRows, into);
    }
}

/// <summary>Writes the postings of a block, label after label.</summary>
/// <param name="rows">How many rows the block has.</param>
/// <param name="symbols">How many symbols.</param>
internal sealed class LabelPostingsWriter(int rows, int symbols)
{
    private readonly int[] _rows = new int[rows]; // those of a value side by side, ascending
    private readonly int[] _ends = new int[symbols + 1]; // of each value + 1 where its rows end
    private readonly ArrayBufferWriter<byte> _heads = new(1024);
    private readonly ArrayBufferWriter<byte> _lists = new(1024);

    /// <summary>Writes the postings of one label.</summary>
    /// <param name="symbolOfRow">Of each row the value's number + 1, 0 where the row lacks the label.</param>
    /// <param name="into">What it is written to.</param>
    public void Write(ReadOnlySpan<int> symbolOfRow, ArrayBufferWriter<byte> into)
    {
        Sort(symbolOfRow);
        _heads.ResetWrittenCount();
        _lists.ResetWrittenCount();
        var (count, last, single) = (0, 0, 0);
        for (var symbol = 0; symbol < symbols; symbol++)
        {
            var of = _rows.AsSpan(_ends[symbol].._ends[symbol + 1]);
            if (of.IsEmpty)
                continue;
            Varint.Write(_heads, (ulong)(symbol - last));
            Varint.Write(_heads, (ulong)of.Length);
            if (of.Length == 1)
            {
                Varint.Write(_heads, Varint.ZigZag(of[0] - single));
                single = of[0];
            }
            else
            {
                var before = _lists.WrittenCount;
                PostingList.Write(of, _lists);
                Varint.Write(_heads, (ulong)(_lists.WrittenCount - before));
            }
            last = symbol;
            count++;
        }
        Varint.Write(into, (ulong)count);
        into.Write(_heads.WrittenSpan);
        into.Write(_lists.WrittenSpan);
    }

    // A counting sort; afterwards the rows of value s lie at ends[s]..ends[s + 1].
    private void Sort(ReadOnlySpan<int> symbolOfRow)
    {
        Array.Clear(_ends);
        foreach (var symbol in symbolOfRow)
            _ends[symbol]++;
        _ends[0] = 0; // those that lack the label
        var start = 0;
        for (var symbol = 1; symbol < _ends.Length; symbol++)
            (_ends[symbol], start) = (start, start + _ends[symbol]);
        for (var row = 0; row < symbolOfRow.Length; row++)
        {
            if (symbolOfRow[row] > 0)
                _rows[_ends[symbolOfRow[row]]++] = row;
        }
    }
}

/// <summary>Ascending row numbers, in containers of 64 Ki rows each.</summary>
internal static class PostingList
{
    private const int ContainerRows = 1 << 16;

    private const int KindRuns = 0; // pairs of varints: rows left out since the run before, rows of the run less one
    private const int KindPacked = 1; // the first row, then differences less one, bit-packed
    private const int KindVarints = 2; // the first row, then differences less one
    private const int KindBitmap = 3; // the first row / 8, then bytes up to the last row that is there

    public static void Write(ReadOnlySpan<int> rows, IBufferWriter<byte> into)
    {
        var before = 0;
        while (!rows.IsEmpty)
        {
            var container = rows[0] / ContainerRows;
            var count = 1;
            while (count < rows.Length && rows[count] / ContainerRows == container)
                count++;
            WriteContainer(rows[..count], container - before, into);
            before = container;
            rows = rows[count..];
        }
    }

    /// <summary>Reads a list to its end, or to the end of what the set can hold.</summary>
    public static void Read(ref SectionReader reader, int count, int blockRows, RowSet into)
    {
        var container = 0;
        while (count > 0)
        {
            var head = reader.Varint();
            var kind = (int)(head & 3);
            if (head >> 2 > ContainerRows)
                throw reader.Damaged("a container that is too far");
            container += (int)(head >> 2);
            if ((long)container * ContainerRows >= blockRows)
                throw reader.Damaged("rows beyond the last");
            var rows = reader.Int(Math.Min(count, ContainerRows));
            var size = reader.Count();
            var bytes = new ContainerReader(reader.Take(size), container * ContainerRows, Math.Min(ContainerRows, blockRows - container * ContainerRows));
            if (rows == 0)
                throw reader.Damaged("a container without rows");
            if (container * ContainerRows > into.Last)
                return;
            if (container * ContainerRows + (ContainerRows - 1) >= into.First && bytes.AddTo(into, kind, rows) != rows)
                throw reader.Damaged("a container that does not hold what it says");
            count -= rows;
        }
    }

    private static void WriteContainer(ReadOnlySpan<int> rows, int step, IBufferWriter<byte> into)
    {
        var first = rows[0] % ContainerRows;
        var last = rows[^1] % ContainerRows;
        var (runs, runBytes, varintBytes, widest) = (0, 0, Varint.Size((ulong)first), 0);
        for (var i = 0; i < rows.Length;)
        {
            var end = i + 1;
            while (end < rows.Length && rows[end] == rows[end - 1] + 1)
                end++;
            var gap = i == 0 ? first : rows[i] - rows[i - 1] - 1;
            if (i > 0)
            {
                varintBytes += Varint.Size((ulong)gap);
                widest = Math.Max(widest, gap);
            }
            varintBytes += end - i - 1;
            runBytes += Varint.Size((ulong)gap) + Varint.Size((ulong)(end - i - 1));
            runs++;
            i = end;
        }
        var packedBytes = Varint.Size((ulong)first) + (int)PackedBits.Size(rows.Length - 1, widest);
        var bitmapBytes = Varint.Size((ulong)(first / 8)) + last / 8 - first / 8 + 1;
        var size = Math.Min(Math.Min(runBytes, packedBytes), Math.Min(varintBytes, bitmapBytes));
        var kind = size == runBytes ? KindRuns : size == packedBytes ? KindPacked : size == varintBytes ? KindVarints : KindBitmap;
        Varint.Write(into, (ulong)step << 2 | (uint)kind);
        Varint.Write(into, (ulong)rows.Length);
        Varint.Write(into, (ulong)size);
        switch (kind)
        {
            case KindRuns:
                WriteRuns(rows, first, into);
                break;
            case KindBitmap:
                WriteBitmap(rows, first / 8, size - Varint.Size((ulong)(first / 8)), into);
                break;
            default:
                WriteGaps(rows, first, kind == KindPacked ? PackedBits.WidthOf(widest) : -1, into);
                break;
        }
    }

    private static void WriteRuns(ReadOnlySpan<int> rows, int first, IBufferWriter<byte> into)
    {
        for (var i = 0; i < rows.Length;)
        {
            var end = i + 1;
            while (end < rows.Length && rows[end] == rows[end - 1] + 1)
                end++;
            Varint.Write(into, (ulong)(i == 0 ? first : rows[i] - rows[i - 1] - 1));
            Varint.Write(into, (ulong)(end - i - 1));
            i = end;
        }
    }

    private static void WriteGaps(ReadOnlySpan<int> rows, int first, int width, IBufferWriter<byte> into)
    {
        Varint.Write(into, (ulong)first);
        if (width >= 0)
        {
            var gaps = new int[rows.Length - 1];
            for (var i = 1; i < rows.Length; i++)
                gaps[i - 1] = rows[i] - rows[i - 1] - 1;
            into.Write([(byte)width]);
            PackedBits.Write(gaps, 0, width, into);
            return;
        }
        for (var i = 1; i < rows.Length; i++)
            Varint.Write(into, (ulong)(rows[i] - rows[i - 1] - 1));
    }

    private static void WriteBitmap(ReadOnlySpan<int> rows, int firstByte, int length, IBufferWriter<byte> into)
    {
        Varint.Write(into, (ulong)firstByte);
        var bytes = into.GetSpan(length)[..length];
        bytes.Clear();
        foreach (var row in rows)
        {
            var bit = row % ContainerRows - firstByte * 8;
            bytes[bit / 8] |= (byte)(1 << (bit % 8));
        }
        into.Advance(length);
    }

    /// <summary>Reads one container. Answers how many rows it held, −1 when its bytes are not a container.</summary>
    private ref struct ContainerReader(ReadOnlySpan<byte> bytes, int origin, int limit)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public int AddTo(RowSet into, int kind, int rows) => kind switch
        {
            KindRuns => AddRuns(into),
            KindPacked => AddPacked(into, rows),
            KindVarints => AddVarints(into),
            _ => AddBitmap(into),
        };

        private int AddRuns(RowSet into)
        {
            var (row, count) = (0UL, 0UL);
            while (!_rest.IsEmpty)
            {
                if (!Varint.TryRead(ref _rest, out var gap) || !Varint.TryRead(ref _rest, out var more) || gap > (uint)limit || more >= (uint)limit)
                    return -1;
                row += gap;
                if (row + more >= (uint)limit)
                    return -1;
                into.AddRange(origin + (int)row, origin + (int)(row + more));
                row += more + 1;
                count += more + 1;
            }
            return (int)count;
        }

        private int AddPacked(RowSet into, int rows)
        {
            if (!Varint.TryRead(ref _rest, out var first) || first >= (uint)limit || _rest.IsEmpty || _rest[0] > 16)
                return -1;
            var width = _rest[0];
            var bits = _rest[1..];
            if (((long)(rows - 1) * width + 7) / 8 != bits.Length)
                return -1;
            var row = (long)first;
            into.Add(origin + (int)row);
            for (var i = 0; i + 1 < rows; i++)
            {
                row += 1 + (width == 0 ? 0 : PackedBits.At(bits, i, width));
                if (row >= limit)
                    return -1;
                into.Add(origin + (int)row);
            }
            return rows;
        }

        private int AddVarints(RowSet into)
        {
            var (row, count) = (-1L, 0);
            while (!_rest.IsEmpty)
            {
                if (!Varint.TryRead(ref _rest, out var gap) || gap > (uint)limit)
                    return -1;
                row += (long)gap + 1;
                if (row >= limit)
                    return -1;
                into.Add(origin + (int)row);
                count++;
            }
            return count;
        }

        private int AddBitmap(RowSet into)
        {
            if (!Varint.TryRead(ref _rest, out var firstByte) || firstByte > ContainerRows / 8 || (long)firstByte * 8 + _rest.Length * 8L > limit + 7L)
                return -1;
            var count = 0;
            for (var i = 0; i < _rest.Length; i++)
            {
                for (var bits = (uint)_rest[i]; bits != 0; bits &= bits - 1)
                {
                    var row = ((int)firstByte + i) * 8 + BitOperations.TrailingZeroCount(bits);
                    if (row >= limit)
                        return -1;
                    into.Add(origin + row);
                    count++;
                }
            }
            return count;
        }
    }
}
