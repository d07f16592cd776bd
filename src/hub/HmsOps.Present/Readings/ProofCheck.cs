using System.Security.Cryptography;
using HmsOps.Ledger;

namespace HmsOps.Present.Readings;

/// <summary>Checks an inclusion proof against the bytes of an entry, by RFC 9162 §2.1.3.2: the hub's own word, which a page must name as such.</summary>
public static class ProofCheck
{
    /// <summary>True when the entry's bytes, hashed and folded with the path, give the root.</summary>
    public static bool Holds(InclusionProof proof, ReadOnlySpan<byte> entry)
    {
        if (proof.Sequence < 0 || proof.Sequence >= proof.Size)
            return false;
        var hash = Hash(0x00, entry, []);
        if (new TreeHash(hash) != proof.Leaf)
            return false;
        var (node, last) = (proof.Sequence, proof.Size - 1);
        foreach (var beside in proof.Path)
        {
            if (last == 0)
                return false;
            if ((node & 1) == 1 || node == last)
            {
                hash = Hash(0x01, beside.ToArray(), hash);
                while ((node & 1) == 0 && node != 0)
                {
                    node >>= 1;
                    last >>= 1;
                }
            }
            else
            {
                hash = Hash(0x01, hash, beside.ToArray());
            }
            node >>= 1;
            last >>= 1;
        }
        return last == 0 && new TreeHash(hash) == proof.Root;
    }

    private static byte[] Hash(byte prefix, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => SHA256.HashData([prefix, .. left, .. right]);
}
