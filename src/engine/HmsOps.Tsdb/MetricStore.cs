using System.Buffers;
using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Intake;
using HmsOps.Tsdb.Observations;
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
public sealed class MetricStore : ISeriesSink, ISeriesSource, IDisposable
{
    private const string Stopped = "The store was stopped.";
    private static readonly TimeSpan RetainEvery = TimeSpan.FromHours(1);
    private static readonly byte[] Origin = "hms-ops metrics1"u8.ToArray();

    private readonly MetricStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly SeriesHead _head;
    private readonly SecondCloser _closer;
    private readonly ObservationIds _ids;
    private readonly FrameFold _fold;
    private readonly BatchReader _reader;
    private readonly FramedLog _log;
    private readonly GroupCommit _commit;

    // Whoever holds it may write the head and place a frame. Asynchronous, because a full queue in front of the disk is waited for inside.
    private readonly Turn _turn = new();

    private readonly Lock _countsLock = new();
    private readonly SortedDictionary<string, long> _refused = [];
    private Task<bool> _lastWritten = Task.FromResult(true); // under the turn; of the newest frame, and so of all before it
    private DateTimeOffset? _lastCommit;
    private long _retentionFailures;
    private long _appended;
    private CancellationToken _stopping;
    private volatile string? _readOnlyBecause;

    private MetricStore(
        MetricStoreOptions options, TimeProvider time, FramedLog log, SeriesHead head, SecondCloser closer, ObservationIds ids, FrameFold fold)
    {
        (_options, _time, _log, _head, _closer, _ids, _fold) = (options, time, log, head, closer, ids, fold);
        _commit = new GroupCommit(log, options.DurabilityWindow, options.PendingBytesMax, time);
        _reader = new BatchReader(options, head, ids, new Refusals(options));
        if (log.State != LogState.Writable)
            _readOnlyBecause = log.StateReason ?? "The log cannot be written.";
    }

    /// <summary>Opens the store of a folder and replays its log. A torn tail is cut, damage elsewhere passed over: <see cref="Recovery"/> says so.</summary>
    /// <exception cref="InvalidDataException">The log was written by a version this one does not know. Nothing was changed.</exception>
    /// <exception cref="LogMismatchException">The folder holds another log.</exception>
    public static MetricStore Open(IDisk disk, MetricStoreOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (options.BrokenRule() is { } rule)
            throw new ArgumentException($"A metric store cannot be opened so: {rule}", nameof(options));
        var head = new SeriesHead();
        var closer = new SecondCloser(options.ObservedLife, head);
        var ids = new ObservationIds(options.IdsMax);
        var fold = new FrameFold(head, closer, ids, options.BucketsMax);
        var logOptions = new FramedLogOptions
        {
            Folder = options.Folder,
            OnFlushFailure = OnFlushFailure.Roll,
            SegmentBytes = options.SegmentBytes,
            Origin = Origin,
        };
        var log = FramedLog.Open(disk, logOptions, time, (in Frame frame) => fold.Apply((FrameType)frame.Type, frame.Sequence, frame.Payload));
        var store = new MetricStore(options, time, log, head, closer, ids, fold);
        store.GoOn();
        return store;
    }

    /// <summary>Whether appends are taken.</summary>
    public MetricStoreState State => _readOnlyBecause is null ? MetricStoreState.Serving : MetricStoreState.ReadOnly;

    /// <summary>Why they are not, and what to do; null when they are.</summary>
    public string? StateReason => _readOnlyBecause;

    /// <summary>What opening found in the log.</summary>
    public LogRecovery Recovery => _log.Recovery;

    /// <summary>Rises whenever readers may see something new.</summary>
    public long Appended => Interlocked.Read(ref _appended);

    /// <summary>What the store holds and refused.</summary>
    public StoreCounts Counts
    {
        get
        {
            lock (_head.Lock)
            {
                lock (_countsLock)
                {
                    return new StoreCounts
                    {
                        Series = _head.Listed,
                        Samples = _head.Samples,
                        Weight = _head.Weight,
                        ObservationsFolded = _fold.ObservationsFolded,
                        Refused = new SortedDictionary<string, long>(_refused),
                        Ids = _ids.Count,
                        IdsForgottenEarly = _ids.ForgottenEarly,
                        LostAtReplay = _fold.Lost,
                        LogBytes = _log.Bytes,
                        RetentionFailures = _retentionFailures,
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
        await _turn.TakeAsync(cancellationToken);
        return await TakeAsync(FrameType.Samples, batch.Count, (now, _) => _reader.Read(batch, now)).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        await _turn.TakeAsync(cancellationToken);
        return await TakeAsync(FrameType.Observations, batch.Items.Count, (_, stamp) => _reader.Read(batch, stamp)).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        ArgumentNullException.ThrowIfNull(budget);
        return new HeadCursor(_head.Cut(selection, cancellationToken), selection, Kept(selection.From), budget, cancellationToken);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Labels> Series(Selection selection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        var from = Kept(selection.From);
        var series = new List<Labels>();
        foreach (var cut in _head.Cut(selection, cancellationToken))
        {
            var (start, end) = cut.Range(from, selection.To);
            if (start < end)
                series.Add(cut.Labels);
        }
        return series;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken) =>
        LabelLists.NamesOf(Series(selection, cancellationToken));

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken) =>
        LabelLists.ValuesOf(name, Series(selection, cancellationToken));

    /// <summary>
    /// The store's life: writes what is appended, closes the seconds of observed series, drops what is too old. Appends complete only while it
    /// runs. When stopped it flushes a last time, and whoever appends later is refused.
    /// </summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        _stopping = stopping;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAll(
            Together(CommitAsync, ending), Together(CloseSecondsAsync, ending), Together(RetainAsync, ending));
    }

    /// <summary>Closes the log. <see cref="RunAsync"/> has ended, or nobody appends.</summary>
    public void Dispose()
    {
        TurnReadOnly(Stopped);
        _log.Dispose();
    }

    // Begins where the log ends: in an epoch of its own, so that nothing new leans on frames that may be damaged.
    private void GoOn()
    {
        var now = Now();
        lock (_head.Lock)
            _closer.CloseUpTo(SecondCloser.SecondOf(now));
        _reader.BeginEpoch(_fold.Epochs is [.., var last] ? last.Number + 1 : 1);
        _ids.Forget(now);
        _head.DropBefore(Kept(long.MinValue));
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
            if (verdict.Accepted > 0)
                written = _lastWritten = await PlaceAsync(type, verdict.Accepted, stamp);
            else if (verdict.Known > 0)
                written = _lastWritten; // what is known may not be written yet, and this answer is a promise too
        }
        finally
        {
            _turn.Give();
        }
        if (!await written)
            verdict.RefuseRest(Refusals.ReadOnly(_readOnlyBecause ?? ""));
        var result = verdict.Result;
        Count(result);
        return result;
    }

    // Completes when the frame has its place; what it answers completes when it is written.
    private async Task<Task<bool>> PlaceAsync(FrameType type, int count, long stamp)
    {
        var payload = _reader.TakePayload(stamp);
        if (_reader.EpochIsFull)
            _reader.BeginEpoch(_reader.Epoch + 1);
        var placed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var written = WriteAsync(type, count, payload, placed);
        await placed.Task;
        return written;
    }

    private async Task<bool> WriteAsync(FrameType type, int count, ArraySegment<byte> payload, TaskCompletionSource placed)
    {
        try
        {
            await _commit.AppendAsync((byte)type, count, payload, Apply, CancellationToken.None);
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
            ArrayPool<byte>.Shared.Return(payload.Array!); // TakePayload rented it
        }

        void Apply(long sequence)
        {
            _fold.Apply(type, sequence, payload);
            Interlocked.Increment(ref _appended);
            placed.SetResult();
        }
    }

    private async Task CommitAsync(CancellationToken stopping)
    {
        try
        {
            await _commit.RunAsync(stopping);
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
        lock (_head.Lock)
            any = _closer.CloseUpTo(SecondCloser.SecondOf(Now()));
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
        long? cut;
        await _turn.TakeAsync(stopping);
        try
        {
            _head.DropBefore(Kept(long.MinValue));
            cut = _fold.DropEpochsBefore(Kept(long.MinValue));
        }
        finally
        {
            _turn.Give();
        }
        if (cut is not { } sequence || State == MetricStoreState.ReadOnly)
            return;
        try
        {
            await _commit.CutBeforeAsync(sequence);
        }
        catch (InvalidOperationException) when (stopping.IsCancellationRequested)
        {
            // The log was closed in this very moment; the next life cuts.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Old segments stay for now: more disk is used, nothing is lost, and the next cut takes them too.
            lock (_countsLock)
                _retentionFailures++;
        }
    }

    private static async Task Together(Func<CancellationToken, Task> loop, CancellationTokenSource ending)
    {
        try
        {
            await loop(ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The orderly end of a loop.
        }
        catch
        {
            ending.Cancel(); // a bug in one ends them all, so that it is seen
            throw;
        }
    }

    private Verdict RefuseAll(int items)
    {
        var verdict = new Verdict(items);
        verdict.RefuseRest(Refusals.ReadOnly(_readOnlyBecause ?? ""));
        return verdict;
    }

    private void Count(AppendResult result)
    {
        if (result.Refused.Count == 0)
            return;
        lock (_countsLock)
        {
            foreach (var refused in result.Refused)
                _refused[refused.Reason] = _refused.GetValueOrDefault(refused.Reason) + 1;
        }
    }

    private void TurnReadOnly(string why) => _readOnlyBecause ??= why;

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    // What is past retention is not seen, whether or not it was dropped yet: the answer does not depend on when housekeeping ran.
    private long Kept(long from) => Math.Max(from, Now() - (long)_options.Retention.TotalMilliseconds);
}
