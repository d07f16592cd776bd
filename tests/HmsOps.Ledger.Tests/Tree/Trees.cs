using HmsOps.Ledger.Tree;

namespace HmsOps.Ledger.Tests.Tree;

/// <summary>Trees of made-up leaves, grown the way the log grows them.</summary>
internal static class Trees
{
    public static byte[] Entry(int n) => [(byte)n, (byte)(n >> 8), (byte)(n >> 16), 0xE5];

    public static HashLevels Of(int size) => Of(Enumerable.Range(0, size).Select(n => TreeHashing.Leaf(Entry(n))));

    public static HashLevels Of(IEnumerable<TreeHash> leaves)
    {
        var levels = new HashLevels();
        foreach (var leaf in leaves)
            levels.Append(leaf);
        return levels;
    }

    public static string Hex(IEnumerable<byte[]> hashes) => string.Join(' ', hashes.Select(Convert.ToHexStringLower));

    public static List<byte[]> Bytes(IEnumerable<TreeHash> hashes) => [.. hashes.Select(hash => hash.ToArray())];
}
