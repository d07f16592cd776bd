using HmsOps.Series;

namespace HmsOps.Present;

/// <summary>The metric store as people order things of it. Each order takes the time it takes; observing and showing go on meanwhile.</summary>
public interface IStoreOrders
{
    /// <summary>What there is.</summary>
    StoreSize Size { get; }

    /// <summary>Seals, merges, and writes anew what holds deleted samples.</summary>
    Task CompactAsync(CancellationToken cancellationToken);

    /// <summary>The folder for snapshots whose place nobody names.</summary>
    string SnapshotsFolder { get; }

    /// <summary>Puts all there is at one moment into another folder of the same file system. Answers its bytes.</summary>
    Task<long> SnapshotAsync(string folder, CancellationToken cancellationToken);

    /// <summary>Reads every byte; answers what is not as it was written.</summary>
    Task<StoreFindings> VerifyAsync(CancellationToken cancellationToken);

    /// <summary>Deletes the samples from one time to another, both included, of the series that satisfy matchers.</summary>
    Task<StoreDeletion> DeleteAsync(IReadOnlyList<Matcher> matchers, long from, long to, CancellationToken cancellationToken);

    /// <summary>Takes over what another store has kept, of any age that retention allows.</summary>
    Task<StoreImport> ImportAsync(StoreImportFrom from, CancellationToken cancellationToken);
}

/// <summary>What is in the store.</summary>
/// <param name="Series">Series in memory.</param>
/// <param name="Samples">Samples, in memory and in blocks.</param>
/// <param name="LateSamples">Those of them that came late and wait for a block.</param>
/// <param name="MemoryBytes">Bytes of memory they take.</param>
/// <param name="Blocks">Blocks on the disk.</param>
/// <param name="BlockBytes">Their bytes.</param>
/// <param name="LogBytes">Bytes of the log.</param>
/// <param name="CheckpointBytes">Bytes of the newest checkpoint.</param>
/// <param name="SealedUpTo">Up to when everything is in blocks, but what came late since; null before anything was.</param>
/// <param name="Newest">The newest time of a sample since the start, or in memory at it; null where there was none.</param>
/// <param name="Failure">Why sealing or merging failed; null when it has gone well since.</param>
public sealed record StoreSize(
    long Series, long Samples, long LateSamples, long MemoryBytes, int Blocks, long BlockBytes, long LogBytes, long CheckpointBytes, DateTimeOffset? SealedUpTo, DateTimeOffset? Newest, string? Failure);

/// <summary>What a deletion met.</summary>
/// <param name="SeriesInBlocks">Series in blocks, each counted for each block.</param>
/// <param name="SamplesInMemory">Samples that were in memory.</param>
public sealed record StoreDeletion(int SeriesInBlocks, long SamplesInMemory);

/// <summary>What reading a store to the last byte found.</summary>
public sealed record StoreFindings(int Blocks, int Checkpoints, long Frames, IReadOnlyList<string> Faults);

/// <summary>Where history comes from: a folder with blocks of Prometheus, or the address of a store that answers remote read, and of what time.</summary>
public sealed record StoreImportFrom(string? Blocks, Uri? Address, long From, long To);

/// <summary>What was taken over.</summary>
/// <param name="Samples">Samples read.</param>
/// <param name="Taken">Of them those that are in the store now, those that were there before included.</param>
/// <param name="Refused">Those that were refused, by reason.</param>
/// <param name="FirstRefusal">The first refusal in a sentence; null when there was none.</param>
/// <param name="Damage">What had to be left out because its bytes are damaged.</param>
public sealed record StoreImport(long Samples, long Taken, IReadOnlyDictionary<string, long> Refused, string? FirstRefusal, IReadOnlyList<string> Damage);

/// <summary>An order that cannot be carried out as it is; the message says why and what to do.</summary>
public sealed class StoreOrderException(string message) : Exception(message);
