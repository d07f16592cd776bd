namespace HmsOps.Ledger;

/// <summary>What an append is answered with, once its entry is durable.</summary>
/// <param name="Sequence">The entry's place in the log, from 0, and in the tree.</param>
/// <param name="Time">The entry's time: later than that of every entry before it.</param>
/// <param name="Leaf">The entry's leaf hash.</param>
public readonly record struct Receipt(long Sequence, DateTimeOffset Time, TreeHash Leaf);
