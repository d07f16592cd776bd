using HmsOps.Disk;
using HmsOps.Tsdb.Blocks;
using HmsOps.Tsdb.Checkpoints;
using HmsOps.Tsdb.Sealing;

namespace HmsOps.Tsdb;

/// <summary>Reads every byte of a store's folder and says of everything that is not as it was written what it is. Changes nothing.</summary>
public static class StoreVerification
{
    private const long CacheBytes = 16L << 20;

    /// <summary>Reads a folder.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="folder">The store's folder.</param>
    /// <param name="isRunning">A program writes there meanwhile: the end of the log is not judged, and a block that is replaced meanwhile is not missed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static StoreReport Run(IDisk disk, string folder, bool isRunning, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(folder);
        var faults = new List<string>();
        var blocks = VerifyBlocks(disk, $"{folder}/blocks", isRunning, faults, cancellationToken);
        var (checkpoints, damaged) = new CheckpointFolder(disk, folder).Verify(cancellationToken);
        faults.AddRange(damaged);
        var findings = new List<LogFinding>();
        HorizonFile.Read(disk, folder, findings);
        var frames = VerifyLog(disk, folder, isRunning, findings, cancellationToken);
        faults.AddRange(findings.Select(finding => finding.Sentence));
        return new StoreReport(blocks, checkpoints, frames, faults);
    }

    private static int VerifyBlocks(IDisk disk, string folder, bool isRunning, List<string> faults, CancellationToken cancellationToken)
    {
        var count = 0;
        var inventory = (BlockInventory.Read(disk, folder, out var fault) ?? []).ToDictionary(entry => entry.FileName);
        if (fault is not null)
            faults.Add(fault);
        foreach (var name in disk.List(folder))
        {
            var path = $"{folder}/{name}";
            if (name.EndsWith(BlockFormat.DamagedSuffix, StringComparison.Ordinal))
            {
                var held = inventory.Remove(name[..^BlockFormat.DamagedSuffix.Length], out var entry) ? $" It held {entry}." : "";
                faults.Add($"{path} was put aside because it is damaged.{held} Put back a copy of it under its name without {BlockFormat.DamagedSuffix}, or delete it.");
            }
            if (!name.EndsWith(BlockFormat.Suffix, StringComparison.Ordinal))
                continue;
            count++;
            try
            {
                using var block = Block.Open(disk, path, new BlockCache(CacheBytes));
                foreach (var replaced in block.Info.Identity.Replaces)
                    inventory.Remove(BlockIdentity.NameOf(replaced) + BlockFormat.Suffix);
                faults.AddRange(block.Verify(cancellationToken).Select(fault => $"{path}: {fault}"));
            }
            catch (FileNotFoundException) when (isRunning)
            {
                count--; // merged into another meanwhile
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                faults.Add((failure is BlockDamagedException ? failure.Message : $"{path}: {failure.Message}") + (inventory.TryGetValue(name, out var entry) ? $" It held {entry}." : ""));
            }
            inventory.Remove(name);
        }
        if (!isRunning) // merged or let go of meanwhile, else
            faults.AddRange(inventory.Values.Select(entry => $"{folder}/{entry.FileName} is missing. It held {entry}. Put back a copy of it; the next start forgets it."));
        return count;
    }

    private static long VerifyLog(IDisk disk, string folder, bool isRunning, List<LogFinding> findings, CancellationToken cancellationToken)
    {
        var recovery = FramedLog.Inspect(disk, MetricStore.LogOptions(folder), (in Frame _) => cancellationToken.ThrowIfCancellationRequested());
        findings.AddRange(recovery.Findings.Where(finding => !isRunning || finding.Kind is not (LogFindingKind.TornTail or LogFindingKind.UnfinishedSegment)));
        return recovery.Frames;
    }
}

/// <summary>What reading a store to the last byte found.</summary>
/// <param name="Blocks">Blocks read.</param>
/// <param name="Checkpoints">Checkpoints read.</param>
/// <param name="Frames">Frames of the log read.</param>
/// <param name="Faults">What is not as it was written, a sentence each.</param>
public sealed record StoreReport(int Blocks, int Checkpoints, long Frames, IReadOnlyList<string> Faults)
{
    /// <summary>Everything is as it was written.</summary>
    public bool IsSound => Faults.Count == 0;
}
