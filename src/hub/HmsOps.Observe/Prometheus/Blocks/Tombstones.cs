using System.Buffers.Binary;
using HmsOps.Disk;
using HmsOps.Observe.History;
using HmsOps.Series;

namespace HmsOps.Observe.Prometheus.Blocks;

/// <summary>The file <c>tombstones</c> of a block: which times of which series were deleted and are still in its chunks.</summary>
internal sealed class Tombstones
{
    private const uint Magic = 0x0130BA30;
    private const byte Version = 1;
    private const int BytesMax = 256 << 20;

    private readonly Dictionary<long, List<(long First, long Last)>> _bySeries = [];

    private Tombstones()
    {
    }

    /// <summary>Those of a block; none where it has no such file.</summary>
    public static Tombstones Read(IDisk disk, string path)
    {
        var stones = new Tombstones();
        if (!disk.Exists(path))
            return stones;
        using var file = disk.Open(path, writable: false);
        if (file.Length is < sizeof(uint) + 1 + sizeof(uint) or > BytesMax)
            throw new HistoryDamagedException(path, 0, $"it has {file.Length} bytes, which tombstones cannot");
        var bytes = new byte[file.Length];
        if (file.Read(0, bytes) != bytes.Length || BinaryPrimitives.ReadUInt32BigEndian(bytes) != Magic)
            throw new HistoryDamagedException(path, 0, "it does not begin as tombstones of Prometheus do");
        if (bytes[sizeof(uint)] != Version)
            throw new HistoryDamagedException(path, sizeof(uint), $"its version is {bytes[sizeof(uint)]}, and {Version} is known");
        // The checksum is of the tombstones alone, without what stands before them.
        ReadOnlySpan<byte> rest = bytes.AsSpan((sizeof(uint) + 1)..^sizeof(uint));
        if (Crc32C.Of(rest) != BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(bytes.Length - sizeof(uint))))
            throw new HistoryDamagedException(path, bytes.Length - sizeof(uint), "its checksum is wrong");
        while (!rest.IsEmpty)
        {
            var at = bytes.Length - sizeof(uint) - rest.Length;
            if (!Varint.TryRead(ref rest, out var series) || !Varint.TryRead(ref rest, out var first) || !Varint.TryRead(ref rest, out var last))
                throw new HistoryDamagedException(path, at, "a tombstone ends before its time");
            stones.Add((long)series, Varint.UnZigZag(first), Varint.UnZigZag(last));
        }
        return stones;
    }

    /// <summary>True when a sample was deleted.</summary>
    public bool Cover(long series, long time)
    {
        if (_bySeries.Count == 0 || !_bySeries.TryGetValue(series, out var ranges))
            return false;
        foreach (var (first, last) in ranges)
        {
            if (time >= first && time <= last)
                return true;
        }
        return false;
    }

    private void Add(long series, long first, long last)
    {
        if (!_bySeries.TryGetValue(series, out var ranges))
            _bySeries[series] = ranges = [];
        ranges.Add((first, last));
    }
}
