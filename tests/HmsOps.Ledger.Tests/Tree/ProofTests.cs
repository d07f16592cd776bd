using HmsOps.Ledger.Tree;
using HmsOps.LedgerVerifier;

namespace HmsOps.Ledger.Tests.Tree;

public sealed class ProofTests
{
    private const int SizeMax = 130; // past two levels of the stride, and both sides of 128

    [Fact]
    public void Roots_and_proofs_are_those_of_the_rfc_word_for_word()
    {
        var leaves = Enumerable.Range(0, 40).Select(n => ReferenceTree.Leaf(Trees.Entry(n))).ToArray();
        var levels = Trees.Of(leaves.Length);
        for (var size = 0; size <= leaves.Length; size++)
        {
            var tree = leaves[..size];
            Assert.Equal(ReferenceTree.Root(tree), levels.Root(0, size).ToArray());
            for (var index = 0; index < size; index++)
                Assert.Equal(Trees.Hex(ReferenceTree.Path(index, tree)), Trees.Hex(Trees.Bytes(ProofBuilder.Inclusion(levels, index, size))));
            for (var from = 1; from <= size; from++)
                Assert.Equal(Trees.Hex(ReferenceTree.Proof(from, tree)), Trees.Hex(Trees.Bytes(ProofBuilder.Consistency(levels, from, size))));
        }
    }

    [Fact]
    public void The_compact_range_and_the_levels_agree_at_every_size()
    {
        var range = new CompactRange();
        var levels = new HashLevels();
        for (var size = 0; size < 5_000; size++)
        {
            Assert.Equal(levels.Root(0, size), range.Root());
            var leaf = TreeHashing.Leaf(Trees.Entry(size));
            range.Append(leaf);
            levels.Append(leaf);
        }
    }

    [Fact]
    public void Every_inclusion_proof_verifies_and_no_changed_one_does()
    {
        var levels = Trees.Of(SizeMax);
        for (var size = 1; size <= SizeMax; size++)
        {
            for (var index = 0; index < size; index++)
                CheckInclusion(levels, index, size, bitsOfEachHash: size < 8 ? 256 : 1);
        }
    }

    [Fact]
    public void Every_consistency_proof_verifies_and_no_changed_one_does()
    {
        var levels = Trees.Of(SizeMax);
        for (var to = 1; to <= SizeMax; to++)
        {
            for (var from = 1; from <= to; from++)
                CheckConsistency(levels, from, to, bitsOfEachHash: to < 8 ? 256 : 1);
        }
    }

    [Fact]
    public void Every_proof_of_every_tree_up_to_a_thousand_entries_verifies()
    {
        const int sizeMax = 1_000;
        var levels = Trees.Of(sizeMax);
        var leaves = Enumerable.Range(0, sizeMax).Select(index => levels.Leaf(index).ToArray()).ToArray();
        var roots = Enumerable.Range(0, sizeMax + 1).Select(size => levels.Root(0, size).ToArray()).ToArray();
        for (var size = 1; size <= sizeMax; size++)
        {
            for (var n = 0; n < size; n++)
            {
                Assert.True(Verifier.VerifyInclusion(n, size, leaves[n], roots[size], Trees.Bytes(ProofBuilder.Inclusion(levels, n, size))), $"entry {n} of {size}");
                Assert.True(Verifier.VerifyConsistency(n, size, roots[n], roots[size], Trees.Bytes(ProofBuilder.Consistency(levels, n, size))), $"{n} to {size}");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Proofs_in_larger_trees_verify_and_no_changed_one_does(int seed)
    {
        var random = new Random(seed);
        var levels = Trees.Of(random.Next(20_000, 80_000));
        for (var round = 0; round < 200; round++)
        {
            var size = random.Next(1, (int)levels.Size + 1);
            CheckInclusion(levels, random.Next(size), size, bitsOfEachHash: 1);
            CheckConsistency(levels, random.Next(1, size + 1), size, bitsOfEachHash: 1);
        }
    }

    [Fact]
    public void Every_tree_begins_with_the_empty_one()
    {
        var levels = Trees.Of(9);
        var empty = levels.Root(0, 0).ToArray();
        for (var to = 0; to <= 9; to++)
        {
            var root = levels.Root(0, to).ToArray();
            Assert.Empty(ProofBuilder.Consistency(levels, 0, to));
            Assert.True(Verifier.VerifyConsistency(0, to, empty, root, []));
            Assert.False(Verifier.VerifyConsistency(0, to, Flipped(empty, 7), to == 0 ? Flipped(root, 7) : root, []));
            Assert.False(Verifier.VerifyConsistency(0, to, empty, root, [root]));
        }
    }

    [Fact]
    public void A_proof_of_a_wrong_shape_fails_and_does_not_throw()
    {
        var levels = Trees.Of(6);
        var root = levels.Root(0, 6).ToArray();
        var leaf = levels.Leaf(2).ToArray();
        var path = Trees.Bytes(ProofBuilder.Inclusion(levels, 2, 6));
        Assert.True(Verifier.VerifyInclusion(2, 6, leaf, root, path));
        Assert.False(Verifier.VerifyInclusion(2, 6, leaf, root, path[..^1]));
        Assert.False(Verifier.VerifyInclusion(2, 6, leaf, root, [.. path, leaf]));
        Assert.False(Verifier.VerifyInclusion(2, 6, leaf, root, [.. path[..^1], path[^1][..31]]));
        Assert.False(Verifier.VerifyInclusion(2, 6, leaf.AsSpan(0, 31), root, path));
        Assert.False(Verifier.VerifyInclusion(2, 6, leaf, [], path));
        Assert.False(Verifier.VerifyInclusion(-1, 6, leaf, root, path));
        Assert.False(Verifier.VerifyInclusion(6, 6, leaf, root, path));
        Assert.False(Verifier.VerifyInclusion(0, 0, leaf, root, []));
        Assert.False(Verifier.VerifyConsistency(6, 3, root, root, path));
        Assert.False(Verifier.VerifyConsistency(-1, 3, root, root, path));
        Assert.False(Verifier.VerifyConsistency(3, 6, root, root, []));
    }

    // The size is not among what is changed: a path has the same shape in trees of neighbouring sizes, and the root stands for the size.
    private static void CheckInclusion(HashLevels levels, int index, int size, int bitsOfEachHash)
    {
        var (leaf, root) = (levels.Leaf(index).ToArray(), levels.Root(0, size).ToArray());
        var path = Trees.Bytes(ProofBuilder.Inclusion(levels, index, size));
        Assert.True(Verifier.VerifyInclusion(index, size, leaf, root, path), $"entry {index} of {size}");
        for (var place = 1; place < size; place *= 2)
            Assert.False(Verifier.VerifyInclusion(index ^ place, size, leaf, root, path), $"entry {index} of {size} at {index ^ place}");
        for (var n = 0; n < bitsOfEachHash; n++)
        {
            var bit = (n + index + size) % 256;
            Assert.False(Verifier.VerifyInclusion(index, size, Flipped(leaf, bit), root, path), $"entry {index} of {size}, leaf bit {bit}");
            Assert.False(Verifier.VerifyInclusion(index, size, leaf, Flipped(root, bit), path), $"entry {index} of {size}, root bit {bit}");
            for (var i = 0; i < path.Count; i++)
                Assert.False(Verifier.VerifyInclusion(index, size, leaf, root, Flipped(path, i, bit)), $"entry {index} of {size}, path {i} bit {bit}");
        }
    }

    private static void CheckConsistency(HashLevels levels, int from, int to, int bitsOfEachHash)
    {
        var (fromRoot, toRoot) = (levels.Root(0, from).ToArray(), levels.Root(0, to).ToArray());
        var path = Trees.Bytes(ProofBuilder.Consistency(levels, from, to));
        Assert.True(Verifier.VerifyConsistency(from, to, fromRoot, toRoot, path), $"{from} to {to}");
        for (var n = 0; n < bitsOfEachHash; n++)
        {
            var bit = (n + from + to) % 256;
            Assert.False(Verifier.VerifyConsistency(from, to, Flipped(fromRoot, bit), toRoot, path), $"{from} to {to}, old root bit {bit}");
            Assert.False(Verifier.VerifyConsistency(from, to, fromRoot, Flipped(toRoot, bit), path), $"{from} to {to}, new root bit {bit}");
            for (var i = 0; i < path.Count; i++)
                Assert.False(Verifier.VerifyConsistency(from, to, fromRoot, toRoot, Flipped(path, i, bit)), $"{from} to {to}, path {i} bit {bit}");
        }
    }

    private static byte[] Flipped(byte[] hash, int bit)
    {
        var changed = (byte[])hash.Clone();
        changed[bit / 8] ^= (byte)(1 << (bit % 8));
        return changed;
    }

    private static List<byte[]> Flipped(List<byte[]> path, int index, int bit)
    {
        var changed = path.ToList();
        changed[index] = Flipped(path[index], bit);
        return changed;
    }
}
