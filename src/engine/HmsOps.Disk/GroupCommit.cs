using System.Buffers;

namespace HmsOps.Disk;

/// <summary>
/// Many producers, one committer: frames gather in memory while the committer writes and flushes those before them, so batches grow by
/// themselves under load. Appends may come from any thread; <see cref="RunAsync"/> runs once.
/// </summary>
/// <remarks>
/// A window above zero releases an append when its frame is written (it survives a killed process) and flushes at the latest that much later
/// (then it survives a power cut). A window of zero releases after the flush. The queue is bounded by bytes: an append waits while it is full.
/// </remarks>
public sealed class GroupCommit
{
    // The log holds what is not flushed in memory, to write it elsewhere should the flush fail: so much of it is flushed before the window has passed.
    private const int UnflushedBytesMax = 4 << 20;

    private readonly FramedLog _log;
    private readonly TimeSpan _window;
    private readonly int _pendingBytesMax;
    private readonly TimeProvider _time;

    private readonly Lock _lock = new();
    private readonly Queue<(long Sequence, TaskCompletionSource Done)> _cuts = new();
    private Batch _gathering = new();
    private Batch _spare = new();
    private long _nextSequence;
    private Exception? _ended;
    private bool _flushDue;
    private bool _stop;
    private TaskCompletionSource _work = NewSignal(); // there is something to do
    private TaskCompletionSource _room = NewSignal(); // the queue was emptied, or came to its end

    /// <summary>Appends go to <paramref name="log"/>, whose only writer this is from now on.</summary>
    public GroupCommit(FramedLog log, TimeSpan window, int pendingBytesMax, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentOutOfRangeException.ThrowIfLessThan(window, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pendingBytesMax);
        _log = log;
        _window = window;
        _pendingBytesMax = pendingBytesMax;
        _time = time;
        _nextSequence = log.NextSequence;
    }

    /// <summary>Bytes that wait for the committer.</summary>
    public int PendingBytes
    {
        get
        {
            lock (_lock)
                return _gathering.Bytes;
        }
    }

    /// <summary>
    /// Queues one frame, a copy of <paramref name="payload"/>, and answers its first sequence when it is written (or flushed, window 0).
    /// </summary>
    /// <param name="type">Type of the frame.</param>
    /// <param name="count">Sequences it holds, at least 1.</param>
    /// <param name="payload">Its content, copied before this returns unless it has to wait for room; then it must not change until then.</param>
    /// <param name="inOrder">Called with the first sequence under the queue's lock, in the order of the log: short, and it must not append.</param>
    /// <param name="cancellationToken">Ends the waiting only. Waiting for room, nothing was queued; after that the frame is written all the same.</param>
    /// <exception cref="LogUnwritableException">The log takes nothing more.</exception>
    public async ValueTask<long> AppendAsync(
        byte type, int count, ReadOnlyMemory<byte> payload, Action<long>? inOrder, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (payload.Length > _log.PayloadBytesMax)
            throw new ArgumentException($"A frame of this log takes {_log.PayloadBytesMax} bytes, not {payload.Length}.", nameof(payload));
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task<long>? done;
            Task room;
            lock (_lock)
            {
                if (_ended is not null)
                    throw _ended;
                done = HasRoom(payload.Length) ? Enqueue(type, count, payload.Span, inOrder) : null;
                room = _room.Task;
            }
            if (done is not null)
                return await done.WaitAsync(cancellationToken);
            await room.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Has the committer cut the log between two batches: <see cref="FramedLog.CutBefore"/> is for the log's one writer. A disk that refuses is
    /// the caller's news alone, the log goes on.
    /// </summary>
    /// <exception cref="LogUnwritableException">The log takes nothing more.</exception>
    public Task CutBeforeAsync(long sequence)
    {
        var done = NewSignal();
        lock (_lock)
        {
            if (_ended is not null)
                throw _ended;
            _cuts.Enqueue((sequence, done));
            _work.TrySetResult();
        }
        return done.Task;
    }

    /// <summary>
    /// The committer: takes all that waits, writes, flushes within the window, releases. When stopped it takes what is queued, flushes a last
    /// time and refuses further appends. When the log fails, every waiter is told why and this throws the same.
    /// </summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var alarm = _time.CreateTimer(_ => Wake(ref _flushDue), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await using var stop = stopping.UnsafeRegister(_ => Wake(ref _stop), null);
        var unflushed = false;
        var last = false;
        while (!last)
        {
            await Work();
            (var batch, var flushDue, last) = Take();
            try
            {
                batch.WriteTo(_log);
                if (!unflushed && batch.Count > 0 && _window > TimeSpan.Zero)
                    alarm.Change(_window, Timeout.InfiniteTimeSpan);
                unflushed |= batch.Count > 0;
                if (unflushed && (_window == TimeSpan.Zero || flushDue || last || _log.UnflushedBytes >= UnflushedBytesMax))
                {
                    _log.Flush();
                    unflushed = false;
                }
            }
            catch (Exception failure) // whatever it was: those who wait must hear of it, and so must the one who runs this
            {
                Fail(batch, failure);
                throw;
            }
            batch.Release();
            _spare = batch;
            try
            {
                Cut();
            }
            catch (Exception failure) // one that is not the disk's refusal: as above
            {
                Fail(batch, failure);
                throw;
            }
        }
    }

    private bool HasRoom(int bytes) =>
        // A frame larger than the whole queue goes when the queue is empty: it would wait for ever otherwise.
        _gathering.Count == 0 || _gathering.Bytes + bytes <= _pendingBytesMax;

    private Task<long> Enqueue(byte type, int count, ReadOnlySpan<byte> payload, Action<long>? inOrder)
    {
        var sequence = _nextSequence;
        inOrder?.Invoke(sequence);
        _nextSequence += count;
        _work.TrySetResult();
        return _gathering.Add(type, sequence, count, payload);
    }

    private void Wake(ref bool flag)
    {
        lock (_lock)
        {
            flag = true;
            _work.TrySetResult();
        }
    }

    private Task Work()
    {
        lock (_lock)
            return _work.Task;
    }

    // Two batches take turns: one gathers while the other is written.
    private (Batch Batch, bool FlushDue, bool Last) Take()
    {
        lock (_lock)
        {
            var taken = (_gathering, _flushDue, _stop);
            _gathering = _spare; // which the committer has finished with
            _flushDue = false;
            _work = NewSignal();
            if (_stop)
                _ended = new InvalidOperationException("The log was closed: nothing more can be appended.");
            OpenRoom();
            return taken;
        }
    }

    private void Cut()
    {
        while (NextCut() is var (sequence, done))
        {
            try
            {
                _log.CutBefore(sequence);
                done.SetResult();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                done.SetException(failure);
            }
        }
    }

    private (long Sequence, TaskCompletionSource Done)? NextCut()
    {
        lock (_lock)
            return _cuts.TryDequeue(out var cut) ? cut : null;
    }

    private void Fail(Batch batch, Exception failure)
    {
        Batch gathering;
        lock (_lock)
        {
            _ended = failure;
            gathering = _gathering;
            OpenRoom();
        }
        batch.Fail(failure);
        gathering.Fail(failure);
        while (NextCut() is var (_, done))
            done.SetException(failure);
    }

    private void OpenRoom()
    {
        _room.TrySetResult();
        _room = NewSignal();
    }

    // Continuations never run inside the lock, nor on the committer's stack.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Frames that are written together. Payloads lie in one buffer that is used again.</summary>
    private sealed class Batch
    {
        private readonly LargeWriter _payloads = new();
        private readonly List<Pending> _frames = [];

        public int Count => _frames.Count;

        public int Bytes => _payloads.WrittenCount;

        public Task<long> Add(byte type, long sequence, int count, ReadOnlySpan<byte> payload)
        {
            var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            _frames.Add(new Pending(type, sequence, count, _payloads.WrittenCount, payload.Length, done));
            _payloads.Write(payload);
            return done.Task;
        }

        public void WriteTo(FramedLog log)
        {
            foreach (var frame in _frames)
                log.Write(frame.Type, frame.Sequence, frame.Count, [], _payloads.WrittenSpan.Slice(frame.At, frame.Bytes));
        }

        public void Release()
        {
            foreach (var frame in _frames)
                frame.Done.SetResult(frame.Sequence);
            _frames.Clear();
            _payloads.Clear();
        }

        public void Fail(Exception failure)
        {
            foreach (var frame in _frames)
                frame.Done.SetException(failure);
            _frames.Clear();
        }
    }

    private readonly record struct Pending(byte Type, long Sequence, int Count, int At, int Bytes, TaskCompletionSource<long> Done);
}
