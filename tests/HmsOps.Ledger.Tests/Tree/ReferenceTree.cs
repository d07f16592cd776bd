using System.Security.Cryptography;

namespace HmsOps.Ledger.Tests.Tree;

/// <summary>
/// The oracle: RFC 9162 §2.1 word for word, on lists of leaf hashes, remembering nothing. Slow, obvious, and sharing no line with the product.
/// </summary>
internal static class ReferenceTree
{
    public static byte[] Leaf(byte[] entry) => SHA256.HashData([0x00, .. entry]);

    public static byte[] Root(IReadOnlyList<byte[]> leaves) => leaves.Count switch
    {
        0 => SHA256.HashData([]),
        1 => leaves[0],
        _ => SHA256.HashData([0x01, .. Root(Left(leaves)), .. Root(Right(leaves))]),
    };

    public static List<byte[]> Path(int index, IReadOnlyList<byte[]> leaves)
    {
        if (leaves.Count == 1)
            return [];
        var k = Split(leaves.Count);
        return index < k
            ? [.. Path(index, Left(leaves)), Root(Right(leaves))]
            : [.. Path(index - k, Right(leaves)), Root(Left(leaves))];
    }

    public static List<byte[]> Proof(int from, IReadOnlyList<byte[]> leaves) => Subproof(from, leaves, known: true);

    private static List<byte[]> Subproof(int m, IReadOnlyList<byte[]> leaves, bool known)
    {
        if (m == leaves.Count)
            return known ? [] : [Root(leaves)];
        var k = Split(leaves.Count);
        return m <= k
            ? [.. Subproof(m, Left(leaves), known), Root(Right(leaves))]
            : [.. Subproof(m - k, Right(leaves), known: false), Root(Left(leaves))];
    }

    private static byte[][] Left(IReadOnlyList<byte[]> leaves) => [.. leaves.Take(Split(leaves.Count))];

    private static byte[][] Right(IReadOnlyList<byte[]> leaves) => [.. leaves.Skip(Split(leaves.Count))];

    private static int Split(int count)
    {
        var k = 1;
        while (2 * k < count)
            k *= 2;
        return k;
    }
}
