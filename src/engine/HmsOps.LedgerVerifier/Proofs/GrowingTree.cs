namespace HmsOps.LedgerVerifier.Proofs;

/// <summary>A tree that is only appended to. Remembers the roots of its complete subtrees by height, which is all its root needs.</summary>
internal sealed class GrowingTree
{
    private readonly byte[]?[] _complete = new byte[]?[64]; // by height; there exactly where the size has a bit

    public GrowingTree()
    {
    }

    public GrowingTree(GrowingTree other)
    {
        other._complete.CopyTo(_complete, 0);
        Size = other.Size;
    }

    public long Size { get; private set; }

    public void Append(byte[] leaf)
    {
        var hash = leaf;
        var height = 0;
        while (_complete[height] is { } left)
        {
            hash = Hashing.Node(left, hash);
            _complete[height++] = null;
        }
        _complete[height] = hash;
        Size++;
    }

    public byte[] Root()
    {
        byte[]? root = null;
        foreach (var subtree in _complete)
        {
            if (subtree is not null)
                root = root is null ? subtree : Hashing.Node(subtree, root);
        }
        return root ?? Hashing.Empty();
    }
}
