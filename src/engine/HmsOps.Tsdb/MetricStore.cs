using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Blocks;
using HmsOps.Tsdb.Checkpoints;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Intake;
using HmsOps.Tsdb.Observations;
using HmsOps.Tsdb.Outgoing;
using HmsOps.Tsdb.Sealing;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb;

/// <summary>
/// The embedded metric store: a head in memory, and a write-ahead log from which a restart makes it again. An acknowledged sample or observation
/// survives a killed process always, and a power cut if acknowledged more than <see cref="MetricStoreOptions.DurabilityWindow"/> ago.
/// Safe for concurrent use. One process owns the folder: whoever opens the store sees to that.
/// </summary>
/// <remarks>
/// One batch at a time holds the turn: it is read against the head, placed in the log, and applied from the very bytes it was placed as. So
/// the order of the log is the order of everything, and replay is the same code. It is visible before it is written, acknowledged only after.
/// </remarks>
public sealed partial class MetricStore : ISeriesSink, ISeriesSource, IChanges, IDisposable
{
    private const string Stopped = "The store was stopped.";
    private static readonly TimeSpan RetainEvery = TimeSpan.FromHours(1);
    private static readonly TimeSpan QueriesMax = TimeSpan.FromMinutes(10);
    private static readonly byte[] Origin = "hms-ops metrics1"u8.ToArray();

    private readonly MetricStoreOptions _options;
    private readonly IDisk _disk;
    private readonly TimeProvider _time;
    private readonly Holdings _holdings;
    private readonly FrameFold _fold;
    private readonly FrameWriter _frame;
    private readonly SampleIntake _samples;
    private readonly ObservationIntake _observations;
    private readonly FramedLog _log;
    private readonly Checkpointer _checkpointer;
    private readonly GroupCommit _commit;
    private readonly SealedSide _sealed;
    private readonly SealedFinder _sealedFinder;
    private readonly Housekeeper _housekeeper;

    // Whoever holds it may write the head and place a frame. Asynchronous, because a full queue in front of the disk is waited for inside.
    private readonly Turn _turn = new();

    private readonly Lock _countsLock = new();
    private readonly SortedDictionary<string, long> _refused = [];
    private Task<bool> _lastWritten = Task.FromResult(true); // under the turn; of the newest frame, and so of all before it
    private DateTimeOffset? _lastCommit;
    private long _retentionFailures;
    private long _appended;
    private CancellationToken _stopping;
    private bool _isWhole; // everything that was taken is flushed
    private volatile string? _readOnlyBecause;

    private MetricStore(
        MetricStoreOptions options, TimeProvider time, IDisk disk, FramedLog log, Checkpointer checkpointer, Holdings holdings, FrameFold fold,
        FrameReplay replay, SealedSide sealedSide, List<LogFinding> findings)
    {
        (_options, _time, _disk, _log, _checkpointer, _holdings, _fold) = (options, time, disk, log, checkpointer, holdings, fold);
        (_sealed, _sealedFinder) = (sealedSide, new SealedFinder(sealedSide.Blocks));
        Recovery = log.Recovery with { Findings = [.. findings, .. log.Recovery.Findings, .. LogLoss.Of(replay.Gaps, replay.Lost, log.Recovery, options.Folder)] };
        (LostAtReplay, MissingAtReplay) = (replay.Lost, LogLoss.Missing(replay.Gaps));
        var refusals = new Refusals(options);
        _commit = new GroupCommit(log, options.DurabilityWindow, options.PendingBytesMax, time);
        _frame = new FrameWriter(holdings);
        _samples = new SampleIntake(options, holdings, refusals, _frame, _sealedFinder);
        _observations = new ObservationIntake(options, holdings, refusals, _frame);
        _housekeeper = new Housekeeper(options, time, disk, () => _log.Bytes + _checkpointer.Bytes, _turn, holdings, _samples, sealedSide, Renew);
        if (log.State != LogState.Writable)
            _readOnlyBecause = log.StateReason ?? "The log cannot be written.";
        GoOn(replay);
    }

    /// <summary>Opens the store of a folder and replays its log. A torn tail is cut, damage elsewhere passed over: <see cref="Recovery"/> says so.</summary>
    /// <exception cref="InvalidDataException">The log was written by a version this one does not know. Nothing was changed.</exception>
    /// <exception cref="LogMismatchException">The folder holds another log.</exception>
    /// <param name="disk">Where its folder is.</param>
    /// <param name="options">How much it may hold.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="outgoing">What is taken goes there too; the store does not close it. Null: nothing is passed on.</param>
    public static MetricStore Open(IDisk disk, MetricStoreOptions options, TimeProvider time, OutgoingSamples? outgoing = null)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (options.BrokenRule() is { } rule)
            throw new ArgumentException($"A metric store cannot be opened so: {rule}", nameof(options));
        var checkpoints = new CheckpointFolder(disk, options.Folder);
        var findings = new List<LogFinding>();
        var checkpoint = checkpoints.Read(options, findings);
        var holdings = checkpoint?.Holdings ?? Holdings.Of(new SeriesHead(options.HashKey), options);
        holdings.Outgoing = outgoing;
        var fold = new FrameFold(holdings, options.BucketsMax);
        var replay = new FrameReplay(holdings, fold, checkpoint?.Head, options.BucketsMax);
        var logOptions = LogOptions(options.Folder) with
        {
            SegmentBytes = options.SegmentBytes,
            FirstSequence = checkpoint?.Head.Sequence ?? 0, // a power cut may have taken frames that the checkpoint has
        };
        var log = FramedLog.Open(disk, logOptions, time, replay.Apply);
        var horizon = HorizonFile.Read(disk, options.Folder, findings);
        var blocks = BlockSet.Open(disk, $"{options.Folder}/blocks", new BlockCache(options.BlockCacheBytes));
        foreach (var note in blocks.Notes)
            findings.Add(new LogFinding(LogFindingKind.Skipped, "blocks", 0, 0, 0, 0, null, note));
        return new MetricStore(
            options, time, disk, log, new Checkpointer(checkpoints, options, time, checkpoint?.Head.Sequence), holdings, fold, replay,
            new SealedSide(holdings.Head.Lock, blocks, horizon), findings);
    }

    /// <summary>Whether appends are taken.</summary>
    public MetricStoreState State => _readOnlyBecause is null ? MetricStoreState.Serving : MetricStoreState.ReadOnly;

    /// <summary>Why they are not, and what to do; null when they are.</summary>
    public string? StateReason => _readOnlyBecause;

    /// <summary>What opening found in the log and among the checkpoints.</summary>
    public LogRecovery Recovery { get; }

    /// <summary>Rises whenever readers may see something new.</summary>
    public long Appended => Interlocked.Read(ref _appended);

    /// <summary>What the store holds and refused.</summary>
    public StoreCounts Counts
    {
        get
        {
            var blocks = _sealed.Blocks.Infos;
            var (seals, merges, sealFailures, lastSealFailure) = _housekeeper.Counts;
            var horizon = _sealed.Horizon;
            lock (Head.Lock)
            {
                lock (_countsLock)
                {
                    return new StoreCounts
                    {
                        Series = Head.Listed,
                        Samples = Head.Samples + blocks.Sum(block => block.Samples),
                        Blocks = blocks.Count,
                        BlockBytes = blocks.Sum(block => block.Bytes),
                        SealedUpTo = horizon == long.MinValue ? null : horizon,
                        Newest = _samples.Newest == long.MinValue ? null : _samples.Newest,
                        Seals = seals,
                        Merges = merges,
                        SealFailures = sealFailures,
                        LastSealFailure = lastSealFailure,
                        Weight = Head.Weight,
                        LateSamples = Head.LateSamples,
                        MemoryBytes = Head.MemoryBytes,
                        Exemplars = _holdings.Exemplars.Count,
                        ObservationsFolded = _fold.ObservationsFolded,
                        Refused = new SortedDictionary<string, long>(_refused),
                        Ids = _holdings.Ids.Count,
                        IdsForgottenEarly = _holdings.Ids.ForgottenEarly,
                        LostAtReplay = LostAtReplay,
                        MissingAtReplay = MissingAtReplay,
                        LogBytes = _log.Bytes,
                        RetentionFailures = _retentionFailures,
                        Renewals = _housekeeper.Renewals,
                        LastCheckpoint = _checkpointer.Last,
                        CheckpointBytes = _checkpointer.Bytes,
                        CheckpointFailures = _checkpointer.Failures,
                        LastCommit = _lastCommit,
                    };
                }
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<AppendResult> AppendAsync(SampleBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _samples.Identify(batch);
        await _turn.TakeAsync(cancellationToken);
        return await TakeAsync(FrameType.Samples, batch.Count, (now, _) => _samples.Read(batch, now)).WaitAsync(cancellationToken);
    }

    /// <summary>Appends what another store has kept: of any age that retention allows. Samples outside the range are passed over.</summary>
    public async ValueTask<AppendResult> ImportAsync(SampleBatch batch, long from, long to, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _samples.Identify(batch);
        await _turn.TakeAsync(cancellationToken);
        return await TakeAsync(FrameType.Samples, batch.Count, (now, _) => _samples.ReadHistory(batch, now, from, to)).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        await _turn.TakeAsync(cancellationToken);
        return await TakeAsync(FrameType.Observations, batch.Items.Count, (_, stamp) => ReadObservations(batch, stamp)).WaitAsync(cancellationToken);
    }

    /// <summary>
    /// The store's life: writes what is appended, closes the seconds of observed series, drops what is too old. Appends complete only while it
    /// runs. When stopped it flushes a last time, and whoever appends later is refused.
    /// </summary>
    /// <param name="stopping">Ends it.</param>
    /// <param name="aside">Runs what takes a processor for a while, sealing and merging, beside the rest; null: with the rest.</param>
    public async Task RunAsync(CancellationToken stopping, Func<Func<Task>, Task>? aside = null)
    {
        _stopping = stopping;
        await Loops.RunAsync(stopping, CommitAsync, CloseSecondsAsync, RetainAsync, CheckpointAsync, PassOnAsync, ending => aside is null ? _housekeeper.RunAsync(ending) : aside(() => _housekeeper.RunAsync(ending)));
        // All is written and flushed, and nobody appends any more.
        if (!_isWhole)
            return;
        await _turn.TakeAsync(CancellationToken.None); // an order to compact may still be giving back
        try
        {
            if (IsPassedOn() && _checkpointer.Write(HeadOfCheckpoint(), _holdings) is { } sequence)
                CutAtTheEnd(sequence);
        }
        finally
        {
            _turn.Give();
        }
    }

    /// <summary>Closes the log. <see cref="RunAsync"/> has ended, or nobody appends.</summary>
    public void Dispose()
    {
        TurnReadOnly(Stopped);
        _log.Dispose();
        _sealedFinder.Dispose();
        _sealed.Dispose();
    }

    /// <summary>The log of a store's folder.</summary>
    internal static FramedLogOptions LogOptions(string folder) => new() { Folder = folder, OnFlushFailure = OnFlushFailure.Roll, Origin = Origin };

    private SeriesHead Head => _holdings.Head;

    private long LostAtReplay { get; }

    private long MissingAtReplay { get; }

    // Begins where the log ends: in its epoch, or in one of its own when something is missing in that one, so that nothing new leans on it.
    private void GoOn(FrameReplay replay)
    {
        var now = Now();
        lock (Head.Lock)
            _holdings.Closer.CloseUpTo(SecondCloser.SecondOf(now));
        if (replay.CanGoOn)
            _frame.GoOn(replay.Epoch);
        else
            _frame.BeginEpoch(replay.Epoch + 1);
        _holdings.Ids.Forget(now);
        Head.DropBefore(Dropped(now));
        GoOnFrom(_sealed.Horizon);
        _holdings.Outgoing?.GoLive(_fold.Next);
    }

    // What is in blocks came back with the checkpoint or the log. Late samples stay: which of them are sealed is not known, and a reader sees each once.
    private void GoOnFrom(long horizon)
    {
        _samples.Horizon = horizon;
        for (var id = 0; id < Head.Index.Count; id++)
        {
            lock (Head.Lock)
            {
                if (horizon != long.MinValue)
                    Head.DropSealed(id, horizon, lastBatch: -1);
                var newest = Head.NewestOf(id, Head.Record(id));
                if (newest != SeriesRecord.Never)
                    (_samples.Oldest, _samples.Newest) = (long.MinValue, Math.Max(_samples.Newest, newest));
            }
        }
    }

    // Under the turn. The new head's ids are no numbers of the log's: it begins to number anew.
    private void Renew(HeadRenewal renewal)
    {
        var (head, exemplars) = renewal.Finish(_holdings.Exemplars);
        _holdings.Outgoing?.Renumber();
        _holdings.GoOnWith(head, exemplars);
        _frame.BeginEpoch(_frame.Epoch + 1);
    }

    private Verdict ReadObservations(ObservationBatch batch, long stamp)
    {
        // What is declared says which seconds are open: those before this one are not.
        lock (Head.Lock)
            _holdings.Closer.CloseUpTo(SecondCloser.SecondOf(stamp));
        return _observations.Read(batch, stamp);
    }

    // Holds the turn when called, and gives it back once the batch has its place in the log. Not cancellable and never faulted by the disk:
    // a caller that stops waiting leaves nobody behind.
    private async Task<AppendResult> TakeAsync(FrameType type, int items, Func<long, long, Verdict> read)
    {
        Verdict verdict;
        var written = Task.FromResult(true);
        try
        {
            var now = Now();
            var stamp = Math.Max(now, _fold.Stamp);
            verdict = State == MetricStoreState.ReadOnly ? RefuseAll(items) : read(now, stamp);
            if (State == MetricStoreState.Serving && _frame.Batch.Items > 0)
                written = _lastWritten = await PlaceAsync(type, stamp, type == FrameType.Samples ? _frame.WriteSamples(stamp) : _frame.WriteObservations(stamp), _frame.Batch.Items);
            else if (verdict.Known > 0)
                written = _lastWritten; // what is known may not be written yet, and this answer is a promise too
            _housekeeper.Appended();
        }
        finally
        {
            _turn.Give();
        }
        if (_holdings.Outgoing is { IsBehind: true })
            await PassOnOnceAsync(CancellationToken.None);
        if (!await written)
            verdict.RefuseRest(Refusals.ReadOnly(_readOnlyBecause ?? ""));
        var result = verdict.Result;
        Count(result, verdict.Dropped);
        return result;
    }

    // Completes when the frame has its place, and the frame's writer can be used again; what it answers completes when it is written.
    private async Task<Task<bool>> PlaceAsync(FrameType type, long stamp, ReadOnlyMemory<byte> payload, int items)
    {
        var placed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var written = WriteAsync(type, stamp, payload, items, placed);
        await placed.Task;
        return written;
    }

    private async Task<bool> WriteAsync(FrameType type, long stamp, ReadOnlyMemory<byte> payload, int items, TaskCompletionSource placed)
    {
        try
        {
            await _commit.AppendAsync((byte)type, items, payload, Apply, CancellationToken.None);
            lock (_countsLock)
                _lastCommit = _time.GetUtcNow();
            return true;
        }
        catch (IOException failure)
        {
            TurnReadOnly(failure.Message);
            return false;
        }
        catch (InvalidOperationException) when (_stopping.IsCancellationRequested)
        {
            TurnReadOnly(Stopped);
            return false;
        }
        finally
        {
            placed.TrySetResult(); // or refused its place
        }

        void Apply(long sequence)
        {
            _fold.Apply(_frame.Batch, stamp, sequence + items);
            if (_frame.Batch.Oldest is { } oldest)
                _holdings.Changes.Note(oldest);
            _checkpointer.CountLogged(payload.Length);
            Interlocked.Increment(ref _appended);
            placed.SetResult();
        }
    }

    private async Task CommitAsync(CancellationToken stopping)
    {
        try
        {
            await _commit.RunAsync(stopping);
            _isWhole = _readOnlyBecause is null;
            TurnReadOnly(Stopped);
        }
        catch (IOException failure)
        {
            TurnReadOnly(failure.Message); // reading goes on, and seconds are closed on
        }
    }

    private async Task CloseSecondsAsync(CancellationToken stopping)
    {
        while (true)
        {
            var now = Now();
            await Task.Delay(TimeSpan.FromMilliseconds(SecondCloser.SecondOf(now) + SecondCloser.SecondMs - now), _time, stopping);
            await _turn.TakeAsync(stopping);
            try
            {
                CloseSecond();
            }
            finally
            {
                _turn.Give();
            }
        }
    }

    private void CloseSecond()
    {
        bool any;
        lock (Head.Lock)
            any = _holdings.Closer.CloseUpTo(SecondCloser.SecondOf(Now()));
        if (any)
            Interlocked.Increment(ref _appended);
    }

    private async Task RetainAsync(CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(RetainEvery, _time, stopping);
            await RetainOnceAsync(stopping);
        }
    }

    private async Task RetainOnceAsync(CancellationToken stopping)
    {
        await _turn.TakeAsync(stopping);
        try
        {
            Head.DropBefore(Dropped(Now()));
        }
        finally
        {
            _turn.Give();
        }
    }

    private async Task CheckpointAsync(CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(_options.CheckpointEvery, _time, stopping);
            if (State == MetricStoreState.Serving && _checkpointer.IsDue(Head.MemoryBytes))
                await CheckpointOnceAsync(stopping);
        }
    }

    private async Task CheckpointOnceAsync(CancellationToken stopping)
    {
        long? cut = null;
        await _turn.TakeAsync(stopping);
        try
        {
            // What the log refused is not in the checkpoint either.
            if (await _lastWritten && IsPassedOn())
                cut = _checkpointer.Write(HeadOfCheckpoint(), _holdings);
        }
        finally
        {
            _turn.Give();
        }
        if (cut is { } sequence)
            await CutAsync(sequence, stopping);
    }

    private async Task PassOnAsync(CancellationToken stopping)
    {
        while (_holdings.Outgoing is { } outgoing)
        {
            await Task.Delay(outgoing.WriteEvery, _time, stopping);
            await PassOnOnceAsync(stopping);
        }
    }

    // Only what the log has written is passed on: what a crash takes before that was never acknowledged, and is sent anew.
    private async Task PassOnOnceAsync(CancellationToken stopping)
    {
        var outgoing = _holdings.Outgoing!; // whoever calls has seen it
        await _turn.TakeAsync(stopping);
        try
        {
            if (outgoing.HasStaged && await _lastWritten)
                outgoing.Cut();
        }
        finally
        {
            _turn.Give();
        }
        outgoing.WriteOut();
    }

    // Under the turn. A checkpoint lets go of the log before it, so what is passed on of that has to be safe.
    private bool IsPassedOn()
    {
        if (_holdings.Outgoing is not { } outgoing)
            return true;
        outgoing.Cut();
        return outgoing.WriteOut();
    }

    private CheckpointHead HeadOfCheckpoint() => new(_fold.Next, _frame.Epoch, _fold.Stamp, _holdings.Closer.Second);

    // A hub that is stopped again and again before its first checkpoint is due cuts here, or nowhere. The committer has ended.
    private void CutAtTheEnd(long sequence)
    {
        try
        {
            _log.CutBefore(sequence);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            CountUncut();
        }
    }

    private async Task CutAsync(long sequence, CancellationToken stopping)
    {
        try
        {
            await _commit.CutBeforeAsync(sequence);
        }
        catch (InvalidOperationException) when (stopping.IsCancellationRequested)
        {
            // The log was closed in this very moment, and is cut at the end.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            CountUncut();
        }
    }

    // Old segments stay: more disk is used, nothing is lost, and the next cut takes them too.
    private void CountUncut()
    {
        lock (_countsLock)
            _retentionFailures++;
    }

    private Verdict RefuseAll(int items)
    {
        var verdict = new Verdict(items);
        verdict.RefuseRest(Refusals.ReadOnly(_readOnlyBecause ?? ""));
        return verdict;
    }

    private void Count(AppendResult result, IReadOnlyList<string> dropped)
    {
        if (result.Refused.Count == 0 && dropped.Count == 0)
            return;
        lock (_countsLock)
        {
            foreach (var refused in result.Refused)
                _refused[refused.Reason] = _refused.GetValueOrDefault(refused.Reason) + 1;
            foreach (var reason in dropped)
                _refused[reason] = _refused.GetValueOrDefault(reason) + 1;
        }
    }

    private void TurnReadOnly(string why) => _readOnlyBecause ??= why;

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    // A query that began before keeps seeing what it saw, if it does not take longer than this.
    private long Dropped(long now) => now - (long)(_options.Retention + QueriesMax).TotalMilliseconds;
}
