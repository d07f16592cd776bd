namespace HmsOps.Ledger.Tree;

/// <summary>
/// All a writer has to remember of a tree to append to it: the roots of its complete subtrees, at most one a level, largest first, one for
/// each bit set in its size. An append hashes once, and once more for each carry: two hashes amortised. One owner; a copy is cheap.
/// </summary>
internal sealed class CompactRange
{
    private readonly List<TreeHash> _peaks = new(8);

    public CompactRange()
    {
    }

    public CompactRange(CompactRange other)
    {
        _peaks.AddRange(other._peaks);
        Size = other.Size;
    }

    public long Size { get; private set; }

    public void Append(TreeHash leaf)
    {
        var hash = leaf;
        for (var carry = Size; (carry & 1) == 1; carry >>= 1)
        {
            hash = TreeHashing.Node(_peaks[^1], hash);
            _peaks.RemoveAt(_peaks.Count - 1);
        }
        _peaks.Add(hash);
        Size++;
    }

    /// <summary>The root: the peaks folded from the smallest up, as RFC 9162 §2.1.1 splits a tree at the largest power of two below its size.</summary>
    public TreeHash Root()
    {
        if (_peaks.Count == 0)
            return TreeHashing.Empty;
        var root = _peaks[^1];
        for (var i = _peaks.Count - 2; i >= 0; i--)
            root = TreeHashing.Node(_peaks[i], root);
        return root;
    }
}
