namespace HmsOps.Ledger.Tree;

/// <summary>
/// The two proofs of RFC 9162 §2.1: PATH (an entry is in a tree) and PROOF (one tree continues another), written as the RFC defines them,
/// recursion for recursion; a path is never longer than 64 hashes.
/// </summary>
internal static class ProofBuilder
{
    public static List<TreeHash> Inclusion(HashLevels levels, long index, long size)
    {
        var path = new List<TreeHash>();
        AddPath(levels, index, from: 0, to: size, path);
        return path;
    }

    public static List<TreeHash> Consistency(HashLevels levels, long from, long to)
    {
        var path = new List<TreeHash>();
        if (from > 0 && from < to)
            AddSubproof(levels, from, start: 0, end: to, known: true, path);
        return path;
    }

    private static void AddPath(HashLevels levels, long index, long from, long to, List<TreeHash> path)
    {
        if (to - from == 1)
            return;
        var middle = from + HashLevels.Split(to - from);
        if (index < middle)
        {
            AddPath(levels, index, from, middle, path);
            path.Add(levels.Root(middle, to));
        }
        else
        {
            AddPath(levels, index, middle, to, path);
            path.Add(levels.Root(from, middle));
        }
    }

    /// <summary>SUBPROOF(m, D[start:end], known): <paramref name="known"/> while the old tree's root is this subtree, which the asker has.</summary>
    private static void AddSubproof(HashLevels levels, long old, long start, long end, bool known, List<TreeHash> path)
    {
        if (old == end)
        {
            if (!known)
                path.Add(levels.Root(start, end));
            return;
        }
        var middle = start + HashLevels.Split(end - start);
        if (old <= middle)
        {
            AddSubproof(levels, old, start, middle, known, path);
            path.Add(levels.Root(middle, end));
        }
        else
        {
            AddSubproof(levels, old, middle, end, known: false, path);
            path.Add(levels.Root(start, middle));
        }
    }
}
