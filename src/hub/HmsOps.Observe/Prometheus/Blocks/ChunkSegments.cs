using System.Buffers.Binary;
using System.Globalization;
using HmsOps.Disk;
using HmsOps.Observe.History;
using HmsOps.Observe.Prometheus.Chunks;
using HmsOps.Series;

namespace HmsOps.Observe.Prometheus.Blocks;

/// <summary>The files of a block's folder <c>chunks</c>, opened as they are needed. One owner.</summary>
internal sealed class ChunkSegments(IDisk disk, string folder) : IDisposable
{
    private const uint Magic = 0x85BD40DD;
    private const byte Version = 1;
    private const int HeadBytes = 8;
    private const int CrcBytes = sizeof(uint);

    /// <summary>Bytes of one chunk; usual ones have some hundred.</summary>
    private const int ChunkBytesMax = 16 << 20;

    private readonly Dictionary<int, FileWindow> _open = [];

    /// <summary>Reads the chunk that lies at a place.</summary>
    /// <exception cref="HistoryDamagedException">There is none, or a damaged one.</exception>
    public void Read(ChunkPlace place, ChunkColumns into)
    {
        var file = Open(place.Segment);
        var head = file.Look(place.Offset, Varint.BytesMax);
        var rest = head;
        if (place.Offset < HeadBytes || !Varint.TryRead(ref rest, out var length) || length > ChunkBytesMax)
            throw new HistoryDamagedException(file.Path, place.Offset, "a chunk is said to lie there, and none begins there");
        var chunk = file.Take(place.Offset + head.Length - rest.Length, 1 + (int)length + CrcBytes);
        if (Crc32C.Of(chunk[..^CrcBytes]) != BinaryPrimitives.ReadUInt32BigEndian(chunk[^CrcBytes..]))
            throw new HistoryDamagedException(file.Path, place.Offset, "the checksum of a chunk is wrong");
        try
        {
            into.Decode((ChunkEncoding)chunk[0], chunk[1..^CrcBytes]);
        }
        catch (ChunkDamagedException e)
        {
            throw new HistoryDamagedException(file.Path, place.Offset, e.Message);
        }
    }

    public void Dispose()
    {
        foreach (var file in _open.Values)
            file.Dispose();
        _open.Clear();
    }

    private FileWindow Open(int segment)
    {
        if (_open.TryGetValue(segment, out var open))
            return open;
        var path = string.Create(CultureInfo.InvariantCulture, $"{folder}/{segment + 1L:000000}"); // counted from 1
        if (segment < 0 || !disk.Exists(path))
            throw new HistoryDamagedException(path, 0, "the index names a chunk in this file, and it is not there");
        var file = new FileWindow(disk.Open(path, writable: false));
        try
        {
            var head = file.Take(0, HeadBytes);
            if (BinaryPrimitives.ReadUInt32BigEndian(head) != Magic || head[sizeof(uint)] != Version)
                throw new HistoryDamagedException(path, 0, "it does not begin as chunks of Prometheus, version 1, do");
        }
        catch
        {
            file.Dispose();
            throw;
        }
        return _open[segment] = file;
    }
}
