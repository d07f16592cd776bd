using HmsOps.Series;
using HmsOps.Tsdb.Blocks;
using HmsOps.Tsdb.Sealing;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb;

/// <summary>What people order of the store: to delete, to compact, to put a copy elsewhere, to be checked. While <see cref="RunAsync"/> runs.</summary>
public sealed partial class MetricStore
{
    /// <summary>
    /// Deletes the samples from one time to another, both included, of the series that satisfy matchers: gone for every walk that is opened after it completes, and after
    /// a crash. What they take on the disk is given back when their blocks are merged. One that fails may have deleted some of it, and can be ordered again.
    /// </summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public async Task<DeletionAnswer> DeleteAsync(IReadOnlyList<Matcher> matchers, long from, long to, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(matchers);
        if (matchers.Count == 0)
            throw new ArgumentException("An order to delete names series: at least one matcher.", nameof(matchers));
        var deletion = new Deletion(matchers, from, to);
        await _housekeeper.Orders.TakeAsync(cancellationToken);
        try
        {
            if (_readOnlyBecause is { } why)
                throw new IOException(why);
            var inBlocks = _sealed.Blocks.Delete(deletion);
            _holdings.Changes.Note(from);
            return new DeletionAnswer(inBlocks, await DeleteInHeadAsync(deletion));
        }
        finally
        {
            _housekeeper.Orders.Give();
        }
    }

    /// <summary>Seals everything into blocks, merges all that can be merged, and writes anew what holds deleted samples. While <see cref="RunAsync"/> runs.</summary>
    /// <exception cref="IOException">The disk refused, or a block is damaged. Nothing is lost; it can be ordered again.</exception>
    public Task CompactAsync(CancellationToken cancellationToken) => _housekeeper.CompactAsync(cancellationToken);

    /// <summary>
    /// Puts all the store holds at one moment into another folder of the same file system: a checkpoint, and the blocks, whose bytes are shared. A store can be opened on it.
    /// Answers the bytes it takes, those shared included.
    /// </summary>
    /// <exception cref="IOException">The disk refused, or there is something in the folder already. What was put there is to be deleted.</exception>
    public async Task<long> SnapshotAsync(string folder, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        await _housekeeper.Orders.TakeAsync(cancellationToken);
        try
        {
            if (_disk.List(folder).Count > 0 || _disk.List($"{folder}/blocks").Count > 0 || _disk.List($"{folder}/checkpoints").Count > 0)
                throw new IOException($"{folder} is not empty. Name a folder that is not there yet.");
            var checkpoint = await CheckpointNowAsync(cancellationToken);
            _disk.CreateFolder(folder);
            var blocks = _sealed.Blocks.Snapshot($"{folder}/blocks");
            if (checkpoint is not null)
            {
                _disk.CreateFolder($"{folder}/checkpoints");
                _disk.Link(checkpoint, $"{folder}/checkpoints{checkpoint[checkpoint.LastIndexOf('/')..]}");
                _disk.FlushFolder($"{folder}/checkpoints");
            }
            if (_sealed.Horizon != long.MinValue)
                HorizonFile.Write(_disk, folder, _sealed.Horizon);
            return blocks.Sum(block => block.Bytes) + _checkpointer.Bytes;
        }
        finally
        {
            _housekeeper.Orders.Give();
        }
    }

    /// <summary>Reads every byte on the disk, and says what is not as it was written. Takes as long as that takes; appends and queries go on.</summary>
    public StoreReport Verify(CancellationToken cancellationToken) => StoreVerification.Run(_disk, _options.Folder, isRunning: true, cancellationToken);

    // The state of this moment in a file; null when nothing was ever appended.
    private async Task<string?> CheckpointNowAsync(CancellationToken cancellationToken)
    {
        await _turn.TakeAsync(cancellationToken);
        try
        {
            if (!await _lastWritten)
                throw new IOException(_readOnlyBecause);
            var head = HeadOfCheckpoint();
            if (head.Sequence == 0)
                return null;
            if (!IsPassedOn())
                throw new IOException(_holdings.Outgoing!.Standing.Broken); // that is what it has just answered
            _checkpointer.Write(head, _holdings);
            return _checkpointer.Sequence == head.Sequence
                ? _checkpointer.Newest()
                : throw new IOException("The disk refused a checkpoint: there may be no room for one. Nothing was lost.");
        }
        finally
        {
            _turn.Give();
        }
    }

    private async Task<long> DeleteInHeadAsync(Deletion deletion)
    {
        long deleted;
        Task<bool> written;
        await _turn.TakeAsync(CancellationToken.None);
        try
        {
            var stamp = Math.Max(Now(), _fold.Stamp);
            written = _lastWritten = await PlaceAsync(FrameType.Deletion, stamp, _frame.WriteDeletion(stamp, deletion), items: 1);
            deleted = _fold.Delete(deletion); // nothing else enters the log before the turn is given
            _holdings.Changes.Note(deletion.From);
            Interlocked.Increment(ref _appended);
        }
        finally
        {
            _turn.Give();
        }
        return await written ? deleted : throw new IOException(_readOnlyBecause);
    }
}

/// <summary>What an order to delete met.</summary>
/// <param name="SeriesInBlocks">Series in blocks, each counted for each block.</param>
/// <param name="SamplesInMemory">Samples that were in no block yet, or in both.</param>
public sealed record DeletionAnswer(int SeriesInBlocks, long SamplesInMemory);
