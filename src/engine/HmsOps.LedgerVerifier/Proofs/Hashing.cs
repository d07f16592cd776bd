using System.Security.Cryptography;

namespace HmsOps.LedgerVerifier.Proofs;

/// <summary>RFC 9162 §2.1.1: leaf = SHA-256(0x00 ‖ entry), node = SHA-256(0x01 ‖ left ‖ right), the empty tree = SHA-256 of nothing.</summary>
internal static class Hashing
{
    public const int Bytes = 32;

    public static byte[] Empty() => SHA256.HashData([]);

    public static byte[] Leaf(ReadOnlySpan<byte> entry)
    {
        var prefixed = new byte[1 + entry.Length];
        entry.CopyTo(prefixed.AsSpan(1));
        return SHA256.HashData(prefixed);
    }

    public static byte[] Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> both = stackalloc byte[1 + (2 * Bytes)];
        both[0] = 1;
        left.CopyTo(both[1..]);
        right.CopyTo(both[(1 + Bytes)..]);
        return SHA256.HashData(both);
    }
}
