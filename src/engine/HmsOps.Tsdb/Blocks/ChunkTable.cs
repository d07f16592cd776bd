using System.Buffers;
using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>Where one chunk lies. Its time column says how many samples it has, and from when to when.</summary>
internal readonly record struct ChunkPlace(long Offset, int Length, int TimeColumn, bool IsHistogram, long Start);

/// <summary>The chunks of up to <see cref="BlockFormat.PartRows"/> rows, as read.</summary>
internal sealed class ChunkPart : ICachedPart
{
    private readonly int[] _first; // of each row the place of its first chunk; one more for the end
    private readonly ChunkPlace[] _chunks;

    public ChunkPart(ReadOnlySpan<byte> section, int rows, int timeColumns, long streamBytes, string path, string place)
    {
        var reader = new SectionReader(section, path, place);
        var offset = reader.Long(streamBytes);
        var chunks = new ChunkPlace[reader.Count()];
        _first = new int[rows + 1];
        var (at, column) = (0, 0L);
        for (var row = 0; row < rows; row++)
        {
            for (var i = reader.Int(chunks.Length - at); i > 0; i--)
            {
                var head = reader.Varint();
                if ((head & KindMask) > Histograms)
                    throw reader.Damaged($"row {row} of the part has a chunk of kind {head & KindMask}, which no program writes yet");
                column += reader.Signed();
                var start = (head & HasStart) != 0 ? reader.Signed() : 0;
                var length = head >> LengthShift;
                if (length > (ulong)Math.Min(int.MaxValue, streamBytes - offset) || column < 0 || column >= timeColumns)
                    throw reader.Damaged($"row {row} of the part has a chunk that lies outside");
                chunks[at++] = new ChunkPlace(offset, (int)length, (int)column, (head & KindMask) == Histograms, start);
                offset += (long)length;
            }
            _first[row + 1] = at;
            if (at == _first[row])
                throw reader.Damaged($"row {row} of the part has no chunk");
        }
        reader.End();
        if (at != chunks.Length)
            throw reader.Damaged("fewer chunks than it says");
        _chunks = chunks;
    }

    // The low bits of a chunk's length. Kind 0: values. Kind 2 is kept for exact differences to the chunk of the row before.
    internal const int KindMask = 3;
    internal const int Histograms = 1;
    internal const int HasStart = 4;
    internal const int LengthShift = 3;

    public long Bytes => _chunks.Length * 40L + _first.Length * sizeof(int) + 100;

    /// <summary>Chunks in the part.</summary>
    public int Count => _chunks.Length;

    public ReadOnlySpan<ChunkPlace> Of(int row) => _chunks.AsSpan(_first[row], _first[row + 1] - _first[row]);
}

/// <summary>Gathers the chunk table while rows come, a finished part at a time.</summary>
internal sealed class ChunkTableWriter
{
    private readonly ArrayBufferWriter<byte> _rows = new(16 * 1024);
    private readonly ArrayBufferWriter<byte> _row = new(64);
    private int _inRow;
    private int _inPart;
    private int _rowsInPart;
    private int _lastColumn;
    private long _partOffset;
    private long _offset;

    /// <summary>Finished parts.</summary>
    public List<byte[]> Parts { get; } = [];

    public void Add(int length, int timeColumn, bool isHistogram, long start)
    {
        Varint.Write(_row, (ulong)length << ChunkPart.LengthShift | (isHistogram ? (uint)ChunkPart.Histograms : 0) | (start != 0 ? (uint)ChunkPart.HasStart : 0));
        Varint.Write(_row, Varint.ZigZag(timeColumn - _lastColumn));
        if (start != 0)
            Varint.Write(_row, Varint.ZigZag(start));
        _lastColumn = timeColumn;
        _offset += length;
        _inRow++;
    }

    public void EndRow()
    {
        Varint.Write(_rows, (ulong)_inRow);
        _rows.Write(_row.WrittenSpan);
        _row.ResetWrittenCount();
        _inPart += _inRow;
        _inRow = 0;
        if (++_rowsInPart == BlockFormat.PartRows)
            EndPart();
    }

    public void EndPart()
    {
        if (_rowsInPart == 0)
            return;
        var part = new ArrayBufferWriter<byte>(_rows.WrittenCount + 16);
        Varint.Write(part, (ulong)_partOffset);
        Varint.Write(part, (ulong)_inPart);
        part.Write(_rows.WrittenSpan);
        Parts.Add(part.WrittenSpan.ToArray());
        _rows.ResetWrittenCount();
        (_inPart, _rowsInPart, _lastColumn, _partOffset) = (0, 0, 0, _offset);
    }
}
