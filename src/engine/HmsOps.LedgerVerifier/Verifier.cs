using HmsOps.LedgerVerifier.Folders;
using HmsOps.LedgerVerifier.Proofs;

namespace HmsOps.LedgerVerifier;

/// <summary>
/// Checks what a ledger says about itself, from its files and from proofs alone. Shares no code with the program that writes ledgers: what
/// is checked here is the documented format, not our own habits. Pure, or reading only; safe for concurrent use.
/// </summary>
public static class Verifier
{
    /// <summary>
    /// Verifies a ledger folder as it lies on disk: every page of every segment, every checksum, the chain of batches, and the tree rebuilt
    /// from the entries. Reads only, takes no lock, and may run while another process writes the ledger: it then answers for what was there.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or it holds no ledger.</exception>
    public static VerifyReport VerifyFolder(string folder, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(time);
        var started = time.GetTimestamp();
        var report = new FolderCheck(new RealFolder(folder)).Run();
        return report with { Took = time.GetElapsedTime(started) };
    }

    /// <summary>True when an entry with this leaf hash stands at this place in the tree of this size and root (RFC 9162 §2.1.3.2).</summary>
    public static bool VerifyInclusion(long sequence, long size, ReadOnlySpan<byte> leaf, ReadOnlySpan<byte> root, IReadOnlyList<byte[]> path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return ProofCheck.Inclusion(sequence, size, leaf, root, path);
    }

    /// <summary>
    /// True when the tree of the larger size and root begins with all entries of the smaller one (RFC 9162 §2.1.4.2). Every tree begins with
    /// the empty one, and with itself; both need an empty path.
    /// </summary>
    public static bool VerifyConsistency(
        long from, long to, ReadOnlySpan<byte> fromRoot, ReadOnlySpan<byte> toRoot, IReadOnlyList<byte[]> path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return ProofCheck.Consistency(from, to, fromRoot, toRoot, path);
    }

    /// <summary>The leaf hash of an entry's bytes, to start an inclusion proof from.</summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> entry) => Hashing.Leaf(entry);
}
