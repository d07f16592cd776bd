using System.Buffers.Binary;

namespace HmsOps.Ledger.Tiles;

/// <summary>
/// A log as tlog-tiles serves it: hashes 256 at a time, every eighth level of the tree, and entries 256 at a time. What is asked beyond the durable entries is not there.
/// Safe for concurrent use.
/// </summary>
public sealed class LedgerTiles(MerkleLog log)
{
    private const int LevelsATile = 8;

    /// <summary>The bytes of a tile or bundle; null where the log is not that large yet.</summary>
    /// <exception cref="LedgerCorruptException">What the disk gives is not what was entered.</exception>
    public byte[]? Read(TilePath path) => path.Level is { } level ? Hashes(level, path.Number, path.Width) : Entries(path.Number, path.Width);

    private byte[]? Hashes(int level, long number, int width)
    {
        var wide = log.Size >> (LevelsATile * level); // subtrees of that height that are whole
        var first = number * TilePath.WidthMax;
        if (first + width > wide)
            return null;
        var tile = new byte[width * TreeHash.Size];
        for (var i = 0; i < width; i++)
            log.Subtree(LevelsATile * level, first + i).CopyTo(tile.AsSpan(i * TreeHash.Size));
        return tile;
    }

    // Each entry behind its length, two bytes, the high one first.
    private byte[]? Entries(long number, int width)
    {
        var first = number * TilePath.WidthMax;
        if (first + width > log.Size)
            return null;
        var entries = log.ReadRange(first, width);
        var bundle = new byte[entries.Sum(entry => sizeof(ushort) + entry.Bytes.Length)];
        var at = 0;
        foreach (var entry in entries)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bundle.AsSpan(at), (ushort)entry.Bytes.Length);
            entry.Bytes.Span.CopyTo(bundle.AsSpan(at + sizeof(ushort)));
            at += sizeof(ushort) + entry.Bytes.Length;
        }
        return bundle;
    }
}
