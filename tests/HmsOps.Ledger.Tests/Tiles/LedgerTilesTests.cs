using System.Buffers.Binary;
using HmsOps.Ledger.Tests.Tree;
using HmsOps.Ledger.Tiles;
using HmsOps.LedgerVerifier;

namespace HmsOps.Ledger.Tests.Tiles;

public sealed class LedgerTilesTests
{
    private const int Size = 66_000; // one whole tile of the second level, and one hash of the third

    [Fact]
    public void Bundles_hold_the_entries_and_every_tile_what_they_hash_to() => WithLog(Size, (log, tiles) =>
    {
        var leaves = new List<byte[]>();
        foreach (var path in TilePath.Of(Size))
        {
            var bytes = tiles.Read(path);
            Assert.NotNull(bytes);
            if (path.Level is null)
            {
                for (var (at, left) = (0, path.Width); left > 0; left--)
                {
                    var length = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at));
                    leaves.Add(Verifier.LeafHash(bytes.AsSpan(at + 2, length)));
                    at += 2 + length;
                    Assert.True(left > 1 || at == bytes.Length, $"{path} goes on behind its last entry");
                }
                continue;
            }
            Assert.Equal(path.Width * 32, bytes.Length);
            var span = 1 << (8 * path.Level.Value);
            for (var i = 0; i < path.Width; i++)
            {
                var from = (int)((path.Number * 256) + i) * span;
                Assert.Equal(ReferenceTree.Root([.. leaves.Skip(from).Take(span)]), bytes[(i * 32)..((i + 1) * 32)]);
            }
        }
        Assert.Equal(Size, leaves.Count);
        Assert.Equal(log.Root.ToArray(), ReferenceTree.Root([.. leaves]));
    });

    [Fact]
    public void What_the_log_has_not_yet_is_not_there() => WithLog(300, (_, tiles) =>
    {
        foreach (var there in (string[])["tile/0/001.p/44", "tile/0/001.p/7", "tile/0/000.p/9", "tile/1/000.p/1", "tile/entries/001.p/44"])
            Assert.NotNull(Read(tiles, there));
        foreach (var beyond in (string[])["tile/0/001", "tile/0/001.p/45", "tile/0/002.p/1", "tile/1/000.p/2", "tile/2/000.p/1", "tile/entries/001.p/45", "tile/entries/x999/x999/x999/999", "tile/7/x999/x999/x999/999"])
            Assert.Null(Read(tiles, beyond));
    });

    private static byte[]? Read(LedgerTiles tiles, string name) => TilePath.TryParse(name, out var path) ? tiles.Read(path) : throw new ArgumentException($"{name} is no name of a tile.", nameof(name));

    private static void WithLog(int size, Action<MerkleLog, LedgerTiles> look) => new LedgerRig { SegmentSize = 16 << 20 }.Live(async log =>
    {
        for (var n = 0; n < size; n += 4_000)
            await log.AppendAllAsync([.. Enumerable.Range(n, Math.Min(4_000, size - n)).Select(i => new Text($"entry {i}"))], CancellationToken.None);
        look(log, new LedgerTiles(log));
    });
}
