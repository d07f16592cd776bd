namespace HmsOps.Ledger.Tree;

/// <summary>
/// The hashes that proofs are made of: every leaf, and every fourth level above it, flat in memory. A leaf costs 32 × 16/15 ≈ 34 bytes, and
/// any complete subtree is at most 15 hashes away from what is kept, so a proof in a tree of 10 million entries takes about 100 hashes.
/// One writer appends; readers may ask at the same time for anything below <see cref="Size"/>, without a lock: a chunk is filled before the
/// size that names it is published.
/// </summary>
internal sealed class HashLevels
{
    /// <summary>Levels between two that are kept. Four: eight, as tlog-tiles keeps, saves two bytes a leaf and makes a proof six times dearer.</summary>
    private const int Stride = 4;

    private const int LevelsMax = 16; // 64 bits of size, four a level

    private readonly Level[] _levels = [.. Enumerable.Range(0, LevelsMax).Select(_ => new Level())];
    private long _size;

    public long Size => Volatile.Read(ref _size);

    public TreeHash Leaf(long index) => _levels[0][index];

    public void Append(TreeHash leaf)
    {
        var size = _size;
        _levels[0].Add(size, leaf);
        size++;
        for (var level = 1; level < LevelsMax && (size & ((1L << (Stride * level)) - 1)) == 0; level++)
        {
            var index = (size >> (Stride * level)) - 1;
            _levels[level].Add(index, Fold(level - 1, index << Stride, Stride));
        }
        Volatile.Write(ref _size, size);
    }

    /// <summary>The root of the leaves from (inclusive) to (exclusive), as RFC 9162 §2.1.1 defines it. The range starts where a subtree of its size may.</summary>
    public TreeHash Root(long from, long to)
    {
        var count = to - from;
        if (count == 0)
            return TreeHashing.Empty;
        if (long.IsPow2(count))
            return Subtree((int)long.TrailingZeroCount(count), from);
        var split = Split(count);
        return TreeHashing.Node(Root(from, from + split), Root(from + split, to));
    }

    /// <summary>The largest power of two below a count.</summary>
    public static long Split(long count) => 1L << (63 - (int)long.LeadingZeroCount(count - 1));

    private TreeHash Subtree(int height, long from)
    {
        var level = height / Stride;
        return Fold(level, from >> (Stride * level), height - (Stride * level));
    }

    private TreeHash Fold(int level, long index, int height) =>
        height == 0
            ? _levels[level][index]
            : TreeHashing.Node(Fold(level, index, height - 1), Fold(level, index + (1L << (height - 1)), height - 1));

    /// <summary>One level: chunks that never move, in a directory that is replaced when it grows.</summary>
    private sealed class Level
    {
        private const int ChunkBits = 11; // 2,048 hashes, 64 KiB: below the large object heap
        private const int ChunkMask = (1 << ChunkBits) - 1;

        private TreeHash[]?[] _chunks = new TreeHash[1][];

        public TreeHash this[long index] => Volatile.Read(ref _chunks)[index >> ChunkBits]![index & ChunkMask]; // filled: below the published size

        public void Add(long index, TreeHash hash)
        {
            var chunk = (int)(index >> ChunkBits);
            if (chunk == _chunks.Length)
            {
                var larger = new TreeHash[_chunks.Length * 2][];
                _chunks.CopyTo(larger, 0);
                Volatile.Write(ref _chunks, larger);
            }
            (_chunks[chunk] ??= new TreeHash[1 << ChunkBits])[index & ChunkMask] = hash;
        }
    }
}
