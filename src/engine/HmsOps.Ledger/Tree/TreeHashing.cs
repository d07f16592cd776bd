using System.Security.Cryptography;

namespace HmsOps.Ledger.Tree;

/// <summary>
/// The two hashes of RFC 6962 §2.1 (RFC 9162 §2.1.1): a leaf is SHA-256(0x00 ‖ entry), a node SHA-256(0x01 ‖ left ‖ right). The first byte
/// keeps a node from being passed off as an entry.
/// </summary>
internal static class TreeHashing
{
    /// <summary>The root of a tree without leaves: the hash of nothing.</summary>
    public static readonly TreeHash Empty = new(SHA256.HashData([]));

    private const int OnStack = 1024;

    public static TreeHash Leaf(ReadOnlySpan<byte> entry)
    {
        // The static one-shot hash wants one span; entries are short, so a copy costs less than an incremental hash object.
        Span<byte> prefixed = entry.Length < OnStack ? stackalloc byte[entry.Length + 1] : new byte[entry.Length + 1];
        prefixed[0] = 0x00;
        entry.CopyTo(prefixed[1..]);
        return Hash(prefixed);
    }

    public static TreeHash Node(in TreeHash left, in TreeHash right)
    {
        Span<byte> both = stackalloc byte[1 + (2 * TreeHash.Size)];
        both[0] = 0x01;
        left.CopyTo(both[1..]);
        right.CopyTo(both[(1 + TreeHash.Size)..]);
        return Hash(both);
    }

    private static TreeHash Hash(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[TreeHash.Size];
        SHA256.HashData(bytes, hash);
        return new TreeHash(hash);
    }
}
