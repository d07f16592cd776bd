using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using HmsOps.Disk;
using HmsOps.Observe.History;
using HmsOps.Series;

namespace HmsOps.Observe.Prometheus.Blocks;

/// <summary>
/// The file <c>index</c> of a block, version 2, walked series by series in the order it has them. Of its sections only symbols and series are read: who imports needs no
/// postings. The facts are those of Prometheus' tsdb/docs/format/index.md. One owner.
/// </summary>
internal sealed class BlockIndex : IDisposable
{
    private const uint Magic = 0xBAAAD700;
    private const byte Version = 2;
    private const int HeadBytes = 5;
    private const int Sections = 6;
    private const int TableBytes = (Sections * sizeof(ulong)) + CrcBytes;
    private const int CrcBytes = sizeof(uint);
    private const int SeriesAlignment = 16;
    private const int EntryBytesMax = 64 << 20; // a series of a million chunks has some ten

    private readonly FileWindow _file;
    private readonly byte[] _symbols;
    private readonly int[] _symbolAt; // where each symbol's length stands
    private readonly long _end;
    private readonly List<ChunkPlace> _chunks = [];
    private byte[] _labels = new byte[1_024];
    private int _labelsLength;
    private long _next;

    private BlockIndex(FileWindow file, byte[] symbols, int[] symbolAt, long begin, long end) =>
        (_file, _symbols, _symbolAt, _next, _end) = (file, symbols, symbolAt, begin, end);

    /// <summary>The number by which tombstones name the series.</summary>
    public long Reference { get; private set; }

    /// <summary>Its labels, in the form of <see cref="Labels.Bytes"/>. Good until the next move.</summary>
    public ReadOnlySpan<byte> LabelsKey => _labels.AsSpan(0, _labelsLength);

    /// <summary>Where its chunks lie, in the order of their times.</summary>
    public IReadOnlyList<ChunkPlace> Chunks => _chunks;

    public static BlockIndex Open(IDisk disk, string path)
    {
        var file = new FileWindow(disk.Open(path, writable: false));
        try
        {
            var head = file.Take(0, HeadBytes);
            if (BinaryPrimitives.ReadUInt32BigEndian(head) != Magic)
                throw new HistoryDamagedException(path, 0, "it does not begin as an index of Prometheus does");
            if (head[sizeof(uint)] != Version)
                throw new HistoryDamagedException(path, sizeof(uint), $"its version is {head[sizeof(uint)]}, and {Version} is known, which Prometheus writes since 2.2; compact older blocks with a Prometheus of that time");
            var (symbolsAt, begin, end) = ReadTable(file);
            var symbols = ReadSymbols(file, symbolsAt, out var at);
            return new BlockIndex(file, symbols, at, begin, end);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Goes to the next series; false at the end.</summary>
    public bool MoveNext()
    {
        _next = (_next + SeriesAlignment - 1) / SeriesAlignment * SeriesAlignment;
        if (_next >= _end)
            return false;
        var head = _file.Look(_next, Varint.BytesMax);
        var rest = head;
        if (!Varint.TryRead(ref rest, out var length) || length > EntryBytesMax)
            throw Damaged("the length of a series cannot be");
        var at = _next + head.Length - rest.Length;
        // Padding up to the next section may follow the last series.
        if (length == 0)
        {
            _next = _end;
            return false;
        }
        var entry = _file.Take(at, (int)length + CrcBytes);
        if (Crc32C.Of(entry[..^CrcBytes]) != BinaryPrimitives.ReadUInt32BigEndian(entry[^CrcBytes..]))
            throw Damaged("the checksum of a series is wrong");
        entry = entry[..^CrcBytes];
        if (!TryReadLabels(ref entry) || !TryReadChunks(ref entry))
            throw Damaged("a series names symbols or chunks that cannot be");
        Reference = _next / SeriesAlignment;
        _next = at + (long)length + CrcBytes;
        return true;
    }

    public void Dispose() => _file.Dispose();

    private static (long Symbols, long Series, long End) ReadTable(FileWindow file)
    {
        var at = file.Length - TableBytes;
        var table = file.Take(Math.Max(0, at), TableBytes);
        if (Crc32C.Of(table[..^CrcBytes]) != BinaryPrimitives.ReadUInt32BigEndian(table[^CrcBytes..]))
            throw new HistoryDamagedException(file.Path, at, "the checksum of its table of contents is wrong");
        Span<long> sections = stackalloc long[Sections];
        for (var i = 0; i < Sections; i++)
            sections[i] = BinaryPrimitives.ReadInt64BigEndian(table[(i * sizeof(ulong))..]);
        var (symbols, series) = (sections[0], sections[1]);
        if (symbols < HeadBytes || symbols >= at || series < 0 || series > at)
            throw new HistoryDamagedException(file.Path, at, "its table of contents names places that are not in the file");
        var end = at;
        foreach (var section in sections)
            end = section > series && section < end ? section : end;
        return series == 0 ? (symbols, at, at) : (symbols, series, end); // 0: there is no such section
    }

    private static byte[] ReadSymbols(FileWindow file, long at, out int[] symbolAt)
    {
        var length = BinaryPrimitives.ReadUInt32BigEndian(file.Take(at, sizeof(uint)));
        if (length < sizeof(uint) || length > file.Length - at - sizeof(uint) - CrcBytes || length > Array.MaxLength - CrcBytes)
            throw new HistoryDamagedException(file.Path, at, $"its symbols are said to take {length} bytes, which they cannot");
        var bytes = file.Take(at + sizeof(uint), (int)length + CrcBytes).ToArray();
        var section = bytes.AsSpan(0, (int)length);
        if (Crc32C.Of(section) != BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan((int)length)))
            throw new HistoryDamagedException(file.Path, at, "the checksum of its symbols is wrong");
        var count = BinaryPrimitives.ReadUInt32BigEndian(section);
        if (count > length)
            throw new HistoryDamagedException(file.Path, at, $"it is said to have {count} symbols, which do not fit their section");
        symbolAt = new int[count];
        ReadOnlySpan<byte> rest = section[sizeof(uint)..];
        for (var i = 0; i < symbolAt.Length; i++)
        {
            symbolAt[i] = section.Length - rest.Length;
            if (!Varint.TryReadBlock(ref rest, out _))
                throw new HistoryDamagedException(file.Path, at, string.Create(CultureInfo.InvariantCulture, $"symbol {i} reaches past the end of its section"));
        }
        return bytes;
    }

    private bool TryReadLabels(ref ReadOnlySpan<byte> entry)
    {
        _labelsLength = 0;
        if (!Varint.TryRead(ref entry, out var count))
            return false;
        for (var i = 0UL; i < count; i++)
        {
            if (!TryReadSymbol(ref entry, out var name) || !TryReadSymbol(ref entry, out var value) || name.IsEmpty)
                return false;
            var size = LabelBytes.Size(name.Length, value.Length);
            if (size > _labels.Length - _labelsLength)
                Array.Resize(ref _labels, Math.Max(2 * _labels.Length, _labelsLength + size));
            _labelsLength += LabelBytes.Write(_labels.AsSpan(_labelsLength), name, value);
        }
        return true;
    }

    private bool TryReadSymbol(ref ReadOnlySpan<byte> entry, out ReadOnlySpan<byte> symbol)
    {
        symbol = default;
        if (!Varint.TryRead(ref entry, out var reference) || reference >= (ulong)_symbolAt.Length)
            return false;
        ReadOnlySpan<byte> from = _symbols.AsSpan(_symbolAt[reference]);
        return Varint.TryReadBlock(ref from, out symbol);
    }

    private bool TryReadChunks(ref ReadOnlySpan<byte> entry)
    {
        _chunks.Clear();
        if (!Varint.TryRead(ref entry, out var count) || count > (ulong)entry.Length)
            return false;
        long last = 0, place = 0;
        for (var i = 0UL; i < count; i++)
        {
            if (!Varint.TryRead(ref entry, out var min) || !Varint.TryRead(ref entry, out var span) || !Varint.TryRead(ref entry, out var step))
                return false;
            var first = i == 0 ? Varint.UnZigZag(min) : last + (long)min;
            last = first + (long)span;
            place = i == 0 ? (long)step : place + Varint.UnZigZag(step);
            _chunks.Add(new ChunkPlace((int)(place >>> 32), (uint)place, first, last));
        }
        return true;
    }

    private HistoryDamagedException Damaged(string what) => new(_file.Path, _next, what);
}

/// <summary>Where a chunk lies.</summary>
/// <param name="Segment">Which file of the folder <c>chunks</c>, counted from 0.</param>
/// <param name="Offset">Where in it.</param>
/// <param name="First">The time of its first sample.</param>
/// <param name="Last">The time of its last sample.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ChunkPlace(int Segment, uint Offset, long First, long Last);
