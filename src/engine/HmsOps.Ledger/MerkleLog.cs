using System.Threading.Channels;
using HmsOps.Disk;
using HmsOps.Ledger.Batches;
using HmsOps.Ledger.Tree;
using HmsOps.Ledger.Writing;

namespace HmsOps.Ledger;

/// <summary>
/// An append-only log of byte strings, hashed into an RFC 6962 tree. One writer, <see cref="RunAsync"/>, owns all that changes; everything
/// else may be called from any thread at any time.
/// </summary>
public sealed class MerkleLog : IDisposable
{
    private const int QueueMax = 65_536;
    private const long SegmentBytesDefault = 16 * 1024 * 1024;
    private const int PageBytes = 4_096;

    private readonly TimeProvider _time;
    private readonly FolderLock _lock;
    private readonly FramedLog _log;
    private readonly LedgerHistory _history;
    private readonly EntryReader _reader;
    private readonly long _epoch;
    private readonly BatchBuffer _buffer = new();

    // Full: appends wait for room, and a caller's token may end the waiting. Nothing is dropped.
    private readonly Channel<PendingAppend> _queue = Channel.CreateBounded<PendingAppend>(
        new BoundedChannelOptions(QueueMax) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private volatile Standing _standing;

    private MerkleLog(string logFolder, string origin, TimeProvider time, FolderLock @lock, FramedLog log, LedgerHistory history)
    {
        _time = time;
        _lock = @lock;
        _log = log;
        _history = history;
        _reader = new EntryReader(log, history, logFolder);
        _epoch = history.LastEpoch + 1;
        Origin = origin;
        _standing = log.State switch
        {
            LogState.Writable => Standing.Writable,
            LogState.Damaged => Standing.Damaged(log.StateReason),
            _ => Standing.Poisoned(log.StateReason, cause: null),
        };
        if (_standing.State != LedgerState.Writable)
            _queue.Writer.Complete();
    }

    /// <summary>
    /// Opens the log in a folder, or makes one there, and hands every entry to <paramref name="replay"/>, in order. A log whose acknowledged
    /// bytes do not verify opens as <see cref="LedgerState.Damaged"/>, with the entries before the damage, and is not changed.
    /// </summary>
    /// <param name="disk">Where the folder is.</param>
    /// <param name="folder">The log's own folder.</param>
    /// <param name="origin">The name of a new log; an existing one keeps its own.</param>
    /// <param name="time">The wall clock of entries.</param>
    /// <param name="replay">Called for each entry before this returns.</param>
    /// <exception cref="FolderHeldException">Another process has the log.</exception>
    /// <exception cref="LedgerCorruptException">The file with the log's name is gone though the log is there, or is no name.</exception>
    /// <exception cref="LogMismatchException">The segments were made under another name, or by a newer program.</exception>
    public static MerkleLog Open(IDisk disk, string folder, string origin, TimeProvider time, Action<LedgerEntry> replay) =>
        Open(disk, folder, origin, time, replay, SegmentBytesDefault);

    internal static MerkleLog Open(
        IDisk disk, string folder, string origin, TimeProvider time, Action<LedgerEntry> replay, long segmentBytes)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(replay);

        var @lock = FolderLock.Take(disk, folder, $"a ledger's writer since {time.GetUtcNow():O}");
        try
        {
            return OpenLocked(disk, folder, origin, time, replay, segmentBytes, @lock);
        }
        catch
        {
            @lock.Dispose();
            throw;
        }
    }

    private static MerkleLog OpenLocked(
        IDisk disk, string folder, string origin, TimeProvider time, Action<LedgerEntry> replay, long segmentBytes, FolderLock @lock)
    {
        var logFolder = folder + "/log";
        var name = OriginFile.Read(disk, folder);
        if (name is null && disk.List(logFolder).Count > 0)
            throw new LedgerCorruptException(OriginFile.Path(folder), 0, 0, "the log's name is missing, though the log is there", cause: null);
        if (name is null)
            OriginFile.Write(disk, folder, name = origin);

        var history = new LedgerHistory();
        var options = new FramedLogOptions
        {
            Folder = logFolder,
            Suffix = ".open",
            Align = PageBytes,
            Strict = true,
            OnFlushFailure = OnFlushFailure.Poison,
            SegmentBytes = segmentBytes,
            ExtensionBytes = BatchExtension.Bytes,
            Origin = OriginFile.Hash(name),
            SegmentState = () => history.Head.Root.ToArray(),
            SegmentBegins = history.Begin,
            AcknowledgedBelow = 0, // a signed checkpoint will say more; docs/formats/ledger.md, Torn or damaged
        };
        var log = FramedLog.Open(disk, options, time, (in Frame frame) =>
        {
            foreach (var entry in history.Take(in frame))
                replay(entry);
        });
        return new MerkleLog(logFolder, name, time, @lock, log, history);
    }

    /// <summary>The log's name.</summary>
    public string Origin { get; }

    /// <summary>Whether the log takes entries.</summary>
    public LedgerState State => _standing.State;

    /// <summary>Why it does not; null while it does.</summary>
    public string? StateReason => _standing.Reason;

    /// <summary>What recovery found when the log was opened.</summary>
    public LogRecovery Recovery => _log.Recovery;

    /// <summary>Durable entries.</summary>
    public long Size => _history.Head.Size;

    /// <summary>Root of the tree of the durable entries.</summary>
    public TreeHash Root => _history.Head.Root;

    /// <summary>The writer's term, in every frame it writes: one more than the last that is in the log.</summary>
    public long Epoch => _epoch;

    /// <summary>
    /// Called for each entry once it is durable and before its caller is answered, in order, on the writer. Set once, before
    /// <see cref="RunAsync"/>. An exception from it ends the writer: the entry stands, the one who should have taken note of it does not.
    /// </summary>
    public Action<LedgerEntry>? Published { get; set; }

    /// <summary>
    /// The writer: takes all that waits, up to 4,096 entries and 4 MiB, writes and flushes it as one batch, publishes, answers. Ends after
    /// <paramref name="stopping"/>, once everything queued until then is written, or when the log can no longer be written.
    /// </summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(stopping))
                WriteBatch();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            _queue.Writer.TryComplete();
            while (_queue.Reader.TryPeek(out _))
                WriteBatch();
        }
        finally
        {
            RefuseQueued();
        }
    }

    /// <summary>
    /// Appends one entry; answers when it is durable. The token ends the waiting, never the write: cancelled means unknown, once the entry
    /// stands in the queue. A full queue makes appends wait.
    /// </summary>
    /// <exception cref="ArgumentException">The entry is empty, too long, or holds a zero byte.</exception>
    /// <exception cref="LedgerUnavailableException">The log cannot be written. The entry may be durable if it was being written just then.</exception>
    public async ValueTask<Receipt> AppendAsync(IEntryDraft draft, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(draft);
        return (await QueueAsync([draft], cancellationToken))[0];
    }

    /// <summary>Appends entries side by side in one batch: all of them become durable or none. At most 4,096 of them, and 4 MiB.</summary>
    /// <exception cref="ArgumentException">One of the entries cannot be entered, or they are too many or too large together; none was entered.</exception>
    /// <exception cref="LedgerUnavailableException">The log cannot be written. The entries may be durable, all of them, if they were being written just then.</exception>
    public async ValueTask<IReadOnlyList<Receipt>> AppendAllAsync(IReadOnlyList<IEntryDraft> drafts, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(drafts);
        if (drafts.Count is 0 or > Batch.EntriesMax)
            throw new ArgumentException($"1 to {Batch.EntriesMax} entries can be entered together, these are {drafts.Count}.", nameof(drafts));
        return await QueueAsync(drafts, cancellationToken);
    }

    /// <summary>Reads an entry back from the disk; null when it is not durable (yet).</summary>
    /// <exception cref="LedgerCorruptException">What the disk gives is not what was entered.</exception>
    public LedgerEntry? Read(long sequence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        return sequence < Size ? _reader.Read(sequence, 1)[0] : null;
    }

    /// <summary>Reads entries back from the disk, in order: those that are durable, at most <paramref name="countMax"/>.</summary>
    /// <exception cref="LedgerCorruptException">What the disk gives is not what was entered.</exception>
    public IReadOnlyList<LedgerEntry> ReadRange(long from, int countMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfNegative(countMax);
        return _reader.Read(from, (int)Math.Clamp(Size - from, 0, countMax));
    }

    /// <summary>Proves that an entry stands in the tree of a size.</summary>
    public InclusionProof ProveInclusion(long sequence, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sequence, size);
        var levels = _history.Levels;
        return new(sequence, size, levels.Leaf(sequence), levels.Root(0, size), ProofBuilder.Inclusion(levels, sequence, size));
    }

    /// <summary>Proves that the tree of one size begins with all of a smaller one.</summary>
    public ConsistencyProof ProveConsistency(long from, long to)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(to, Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, to);
        var levels = _history.Levels;
        return new(from, to, levels.Root(0, from), levels.Root(0, to), ProofBuilder.Consistency(levels, from, to));
    }

    /// <summary>The root of the whole subtree of 2^height durable entries that is the index-th of its height: what tiles are made of.</summary>
    internal TreeHash Subtree(int height, long index) => _history.Levels.Root(index << height, (index + 1) << height);

    /// <summary>Closes the files and gives up the lock. Only once <see cref="RunAsync"/> has ended; what waits then is refused.</summary>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        RefuseQueued();
        _log.Dispose();
        _lock.Dispose();
    }

    private async ValueTask<IReadOnlyList<Receipt>> QueueAsync(IReadOnlyList<IEntryDraft> drafts, CancellationToken cancellationToken)
    {
        var append = new PendingAppend(drafts);
        try
        {
            await _queue.Writer.WriteAsync(append, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw Unavailable();
        }
        // Not WaitAsync(token): its promise is completed on the pool when continuations are asynchronous, off the one virtual thread.
        using var _ = cancellationToken.UnsafeRegister(static (waiting, token) => ((PendingAppend)waiting!).TrySetCanceled(token), append);
        return await append.Task;
    }

    private void WriteBatch()
    {
        _buffer.CutTo(0);
        var batch = new Batch(_history.Tree, EntryClock.Next(_time.GetUtcNow(), _history.LastTime), _buffer);
        while (_queue.Reader.TryPeek(out var next) && batch.HasRoomFor(next) && _queue.Reader.TryRead(out var append))
            batch.Add(append);
        if (batch.Entries.Count == 0)
            return; // every append was refused

        try
        {
            MakeDurable(batch);
        }
        catch (DiskFullException full)
        {
            // A new segment found no room and nothing of it was written: the log is as it was, and the next batch tries again.
            batch.Fail(new LedgerUnavailableException(LedgerState.Writable, $"The entries were not written: {full.Message}", full));
            return;
        }
        catch (Exception failure) // whatever it was, nobody knows now what the disk has: callers hear it, and nothing more is written
        {
            _standing = Standing.Poisoned(failure.Message, failure);
            batch.Fail(Unavailable());
            RefuseQueued();
            if (failure is IOException or UnauthorizedAccessException)
                return;
            throw;
        }
        try
        {
            if (Published is { } published)
            {
                foreach (var entry in batch.Entries)
                    published(entry);
            }
        }
        finally
        {
            batch.Complete(); // durable is durable, whatever became of the publishing
        }
    }

    private void MakeDurable(Batch batch)
    {
        var root = batch.Tree.Root();
        Span<byte> extension = stackalloc byte[BatchExtension.Bytes];
        new BatchExtension(batch.FirstTime, _epoch, root, _history.LastHead).Write(extension);
        _log.Write(LedgerHistory.BatchType, batch.FirstSequence, batch.Entries.Count, extension, batch.Payload);
        _log.Flush();
        _history.Add(PlaceOf(batch), batch.Leaves, batch.Tree, root, _epoch, _log.LastHead);
    }

    // Frames lie one behind the other, each on a page, the first of a segment behind its header page.
    private BatchPlace PlaceOf(Batch batch)
    {
        var segment = _log.Segments[^1];
        var offset = _history.LastPlace is { } last && last.Segment == segment
            ? (last.Offset + last.Bytes + PageBytes - 1) & -PageBytes
            : PageBytes;
        return new(batch.FirstSequence, batch.Entries.Count, batch.FirstTime, segment, offset, _log.LastHead.Length + batch.Payload.Length);
    }

    private void RefuseQueued()
    {
        _queue.Writer.TryComplete();
        while (_queue.Reader.TryRead(out var append))
            append.TrySetException(Unavailable());
    }

    private LedgerUnavailableException Unavailable() => _standing.Unavailable();

    /// <summary>The state with its reason, changed together.</summary>
    private sealed record Standing(LedgerState State, string? Reason, Exception? Cause)
    {
        public static readonly Standing Writable = new(LedgerState.Writable, null, null);

        public static Standing Poisoned(string? reason, Exception? cause) => new(
            LedgerState.Poisoned,
            $"The disk refused to keep what was written: {reason} Nothing more is entered until a restart has read the disk again. See to the disk, then restart 'hms-ops serve'.",
            cause);

        public static Standing Damaged(string? reason) => new(
            LedgerState.Damaged,
            $"The ledger does not verify: {reason} It is served up to there and not written. 'hms-ops ledger verify' shows the damage; to go on, stop the hub and restore the folder from a copy that verifies.",
            null);

        public LedgerUnavailableException Unavailable() =>
            new(State, Reason ?? "The ledger's writer has ended; nothing more is entered until it runs again.", Cause);
    }
}
