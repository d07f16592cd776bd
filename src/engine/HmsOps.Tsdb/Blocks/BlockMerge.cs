using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// Makes one block of several, without what was deleted of them: series after series, so memory holds one series and the new index. Deletions
/// ordered while it runs are handed on to the new block. A block with damage is not merged: its bytes stay as they are for whoever can repair them.
/// </summary>
internal sealed class BlockMerge(BlockSet set, BlockIdentity identity, IReadOnlyList<UInt128> sources, ByteRate rate)
{
    /// <summary>Runs the merge. Answers the new block, null when nothing was left of the old ones.</summary>
    /// <exception cref="BlockDamagedException">A source is damaged. All sources stay.</exception>
    public async Task<BlockInfo?> RunAsync(CancellationToken cancellationToken)
    {
        using var pin = set.Pin();
        var blocks = Sources(pin);
        var ordersKnown = blocks.Select(block => block.Deletions.Count).ToArray();
        var replaces = blocks.SelectMany(block => block.Info.Identity.Replaces.Append(block.Info.Identity.Id)).Distinct().ToArray();
        var made = identity with { Replaces = replaces };
        using var writer = new BlockWriter(set.Disk, set.Folder, made);
        var all = new Selection([], long.MinValue, long.MaxValue);
        using (var cursor = new MergedCursor([.. blocks.Select(block => block.Select(all, new QueryBudget(long.MaxValue), cancellationToken))]))
        {
            while (cursor.MoveNext())
            {
                writer.Add(cursor.Current.Labels, cursor.Current);
                await rate.KeepAsync(writer.Bytes, cancellationToken);
            }
            if (cursor.Warnings is [var first, ..])
                throw new BlockDamagedException(first, "merge", "it is not merged, so that what can still be read stays as it is");
        }
        return set.FinishMerge(writer, made, blocks, ordersKnown);
    }

    // In the order given: of two samples at the same time that of the block named first counts.
    private Block[] Sources(BlockPin pin) =>
        [.. sources.Select(id => pin.Blocks.FirstOrDefault(block => block.Info.Identity.Id == id)
            ?? throw new InvalidOperationException($"There is no block {BlockIdentity.NameOf(id)} to merge."))];
}

/// <summary>Holds a writer to so many bytes a second, by a clock that is handed in.</summary>
internal sealed class ByteRate(TimeProvider time, long bytesPerSecond)
{
    // Waiting for less would cost more in timers than it spreads.
    private static readonly TimeSpan WaitMin = TimeSpan.FromMilliseconds(20);

    private readonly long _begin = time.GetTimestamp();

    /// <summary>Waits until so many bytes are due.</summary>
    public Task KeepAsync(long bytes, CancellationToken cancellationToken)
    {
        var ahead = TimeSpan.FromSeconds((double)bytes / bytesPerSecond) - time.GetElapsedTime(_begin);
        return ahead < WaitMin ? Task.CompletedTask : Task.Delay(ahead, time, cancellationToken);
    }
}
