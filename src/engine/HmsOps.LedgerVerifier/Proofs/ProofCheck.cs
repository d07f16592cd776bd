namespace HmsOps.LedgerVerifier.Proofs;

/// <summary>The two verifications of RFC 9162, step for step. A proof of a wrong shape is a proof that fails, never an exception.</summary>
internal static class ProofCheck
{
    public static bool Inclusion(long index, long size, ReadOnlySpan<byte> leaf, ReadOnlySpan<byte> root, IReadOnlyList<byte[]> path)
    {
        if (index < 0 || index >= size || !AreHashes(leaf, root, path))
            return false;

        // fn and sn of §2.1.3.2: the entry's index and the last one's, both climbing a level a step.
        var fn = index;
        var sn = size - 1;
        var hash = leaf.ToArray();
        foreach (var sibling in path)
        {
            if (sn == 0)
                return false;
            if ((fn & 1) == 1 || fn == sn)
            {
                hash = Hashing.Node(sibling, hash);
                (fn, sn) = ClimbWhileLeft(fn, sn);
            }
            else
            {
                hash = Hashing.Node(hash, sibling);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && root.SequenceEqual(hash);
    }

    public static bool Consistency(long from, long to, ReadOnlySpan<byte> fromRoot, ReadOnlySpan<byte> toRoot, IReadOnlyList<byte[]> path)
    {
        if (from < 0 || from > to || !AreHashes(fromRoot, toRoot, path))
            return false;
        if (from == to)
            return path.Count == 0 && fromRoot.SequenceEqual(toRoot) && (from > 0 || fromRoot.SequenceEqual(Hashing.Empty()));
        if (from == 0)
            return path.Count == 0 && fromRoot.SequenceEqual(Hashing.Empty());

        // A smaller tree that is one complete subtree is where the climb begins; the asker has it, so the path does not repeat it.
        var next = 0;
        byte[] start;
        if (long.IsPow2(from))
            start = fromRoot.ToArray();
        else if (path.Count == 0)
            return false;
        else
            start = path[next++];

        var fn = from - 1;
        var sn = to - 1;
        while ((fn & 1) == 1)
        {
            fn >>= 1;
            sn >>= 1;
        }
        var (fr, sr) = (start, start);
        for (; next < path.Count; next++)
        {
            if (sn == 0)
                return false;
            var sibling = path[next];
            if ((fn & 1) == 1 || fn == sn)
            {
                fr = Hashing.Node(sibling, fr);
                sr = Hashing.Node(sibling, sr);
                (fn, sn) = ClimbWhileLeft(fn, sn);
            }
            else
            {
                sr = Hashing.Node(sr, sibling);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && fromRoot.SequenceEqual(fr) && toRoot.SequenceEqual(sr);
    }

    /// <summary>The right edge of an incomplete tree has levels without a sibling: they are climbed without hashing.</summary>
    private static (long Fn, long Sn) ClimbWhileLeft(long fn, long sn)
    {
        while ((fn & 1) == 0 && fn != 0)
        {
            fn >>= 1;
            sn >>= 1;
        }
        return (fn, sn);
    }

    private static bool AreHashes(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other, IReadOnlyList<byte[]> path) =>
        one.Length == Hashing.Bytes && other.Length == Hashing.Bytes && path.All(hash => hash is { Length: Hashing.Bytes });
}
