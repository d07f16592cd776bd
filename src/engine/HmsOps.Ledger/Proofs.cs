namespace HmsOps.Ledger;

/// <summary>Shows that an entry stands at its place in a tree: RFC 9162 §2.1.3. The asker hashes the entry and folds the path to the root.</summary>
/// <param name="Sequence">The entry's place, from 0.</param>
/// <param name="Size">Entries in the tree.</param>
/// <param name="Leaf">The entry's leaf hash.</param>
/// <param name="Root">The root that the path leads to.</param>
/// <param name="Path">The hashes beside the way up, lowest first.</param>
public sealed record InclusionProof(long Sequence, long Size, TreeHash Leaf, TreeHash Root, IReadOnlyList<TreeHash> Path);

/// <summary>Shows that a larger tree begins with all of a smaller one, unchanged: RFC 9162 §2.1.4.</summary>
/// <param name="From">Entries in the smaller tree.</param>
/// <param name="To">Entries in the larger tree.</param>
/// <param name="FromRoot">The smaller tree's root.</param>
/// <param name="ToRoot">The larger tree's root.</param>
/// <param name="Path">The hashes that both roots can be made of; empty when the sizes are equal or the smaller is 0.</param>
public sealed record ConsistencyProof(long From, long To, TreeHash FromRoot, TreeHash ToRoot, IReadOnlyList<TreeHash> Path);
