using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Sealing;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Outgoing;

/// <summary>
/// The queue of what a store took and another one is still to get: on the disk, bounded, in the order of the store's log. What was acknowledged is in the store's log; the queue follows it, and
/// says in each frame how far: after a crash the store hands out again what is not in the queue, and nothing else. Bytes: docs/formats/sample-queue.md.
/// </summary>
/// <remarks>
/// Threads: what is taken is staged under the store's turn; <see cref="WriteOut"/> may be called by anybody; one reader reads. The log is written, flushed and cut under <see cref="_writing"/>.
/// </remarks>
public sealed class OutgoingSamples : ISampleQueue, IDisposable
{
    /// <summary>With so much staged the store waits until it is written.</summary>
    internal const long StagedBytesMax = 8 << 20;

    private static readonly byte[] Origin = "hms-ops outgoing"u8.ToArray();

    private readonly OutgoingOptions _options;
    private readonly TimeProvider _time;
    private readonly FramedLog _log;
    private readonly OutgoingCursor _cursor;
    private readonly OutgoingWriter _writer;
    private readonly OutgoingReader _reader;
    private readonly Lock _writing = new();
    private readonly Lock _state = new();
    private readonly Queue<(IReadOnlyList<OutgoingPart> Frames, byte[] Payloads)> _cut = new(); // under _writing
    private readonly List<(long First, long Since)> _epochs = []; // under _state: where those that are on the disk begin
    private readonly List<long> _beginnings = [];                // under _state: frames without items
    private readonly Signal _more = new();

    private TakenUpTo _taken;      // the turn's: of the newest batch that was staged
    private bool _isLive;          // the turn's: the store's log has been replayed
    private long _lastEpoch = -1;
    private FollowedPlace _place;  // the reader's
    private long _read;            // the reader's: everything below was handed out
    private long _answered;        // the reader's: the last place that was answered
    private long _done;            // under _state: everything below has arrived
    private long _doneEpoch;
    private long _queued;          // under _state: sequence behind the newest frame
    private long _inHand;          // under _state: items the writer holds
    private long _inHandSince = long.MaxValue;
    private long _stagedItems;
    private long _stagedSince = long.MaxValue;
    private long _dropped;
    private long _dropBelow;       // under _state: frames below were given up
    private volatile string? _broken;

    private OutgoingSamples(IDisk disk, OutgoingOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        var findings = new List<LogFinding>();
        TakenUpTo? taken = null;
        long epoch = 0;
        var oldest = -1L;
        _log = FramedLog.Open(
            disk,
            new FramedLogOptions
            {
                Folder = options.Folder,
                OnFlushFailure = OnFlushFailure.Roll,
                Origin = Origin,
                SegmentBytes = options.SegmentBytes,
            },
            time,
            (in Frame frame) =>
            {
                oldest = oldest < 0 ? frame.Sequence : oldest;
                var payload = frame.Payload;
                if (!OutgoingFrame.TryRead(ref payload, out var head))
                    return;
                if (head.IsFirst)
                    _epochs.Add((frame.Sequence, head.Since));
                if (OutgoingFrame.IsBeginning(payload))
                    _beginnings.Add(frame.Sequence);
                (taken, epoch) = (head.Taken, head.Epoch);
            });
        _cursor = new OutgoingCursor(disk, options.Folder);
        var cursor = _cursor.Read(findings);
        oldest = _epochs.Count > 0 ? _epochs[0].First : Math.Max(0, oldest);
        var from = cursor is { } known && known.EpochFirst >= oldest ? known : (EpochFirst: oldest, Next: Math.Max(oldest, cursor?.Next ?? 0));
        _writer = new OutgoingWriter(options.EpochBytes, epoch + 1);
        _reader = new OutgoingReader(options.HashKey);
        _reader.BeginAt(from.EpochFirst);
        _place = new FollowedPlace(from.EpochFirst);
        (_read, _answered, _done, _doneEpoch, _queued) = (from.Next, from.Next, from.Next, from.EpochFirst, Math.Max(_log.NextSequence, from.Next));
        _lastEpoch = epoch;
        Safe = taken;
        _taken = taken ?? default;
        Recovery = _log.Recovery with { Findings = [.. findings, .. _log.Recovery.Findings] };
        if (_log.State != LogState.Writable)
            Break(_log.StateReason ?? "it cannot be written");
    }

    /// <summary>Opens the queue of a folder.</summary>
    /// <exception cref="LogMismatchException">The folder holds another log.</exception>
    public static OutgoingSamples Open(IDisk disk, OutgoingOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (options.BrokenRule() is { } rule)
            throw new ArgumentException($"A queue cannot be opened so: {rule}", nameof(options));
        return new OutgoingSamples(disk, options, time);
    }

    /// <summary>What opening found.</summary>
    public LogRecovery Recovery { get; }

    /// <inheritdoc/>
    public QueueStanding Standing
    {
        get
        {
            lock (_state)
            {
                var waiting = ItemsBetween(Math.Max(_done, _dropBelow), _queued) + _stagedItems + _inHand;
                return new QueueStanding
                {
                    Waiting = waiting,
                    Bytes = _log.Bytes,
                    BytesMax = _options.BytesMax,
                    Since = waiting == 0 ? null : SinceOf(Math.Max(_done, _dropBelow)),
                    Dropped = _dropped,
                    Lost = _reader.Lost,
                    Broken = _broken,
                };
            }
        }
    }

    /// <summary>Where the store's log stood when what is safe in the queue was taken; null when the queue has never followed it.</summary>
    internal TakenUpTo? Safe { get; private set; }

    /// <summary>What is staged has become so much that the store waits for <see cref="WriteOut"/>.</summary>
    internal bool IsBehind => _writer.Bytes > StagedBytesMax;

    /// <summary>How often what is staged is written.</summary>
    internal TimeSpan WriteEvery => _options.WriteEvery;

    /// <summary>Whether anything is staged.</summary>
    internal bool HasStaged => _writer.Since is not null;

    /// <summary>Takes a sample of a batch of the store's log. Under the store's turn, as all that follows.</summary>
    internal void Take(SeriesHead head, int id, long time, long bits, NativeHistogram? histogram, long start, long next)
    {
        if (Follows(next))
            _writer.Take(head, id, time, bits, histogram, start, Now());
    }

    /// <summary>Takes what came with a batch beside its samples.</summary>
    internal void Take(SeriesHead head, StagedBatch batch, long next)
    {
        if (!Follows(next))
            return;
        var now = Now();
        foreach (var exemplar in batch.Exemplars)
            _writer.Take(head, exemplar, now);
        foreach (var said in batch.Metadata)
            _writer.Take(said, now);
    }

    /// <summary>Takes a sample that was made of observations when its time had come.</summary>
    internal void TakeDue(SeriesHead head, int id, long time, long bits, NativeHistogram? histogram)
    {
        if (_broken is null && (_isLive || (Safe is { } safe && time > safe.ClosedUpTo)))
            _writer.Take(head, id, time, bits, histogram, 0, Now());
    }

    /// <summary>A batch has been taken whole.</summary>
    internal void EndBatch(long next)
    {
        if (next > _taken.Next)
            _taken = _taken with { Next = next };
        _writer.EndBatch(_taken);
        lock (_state)
            (_inHand, _inHandSince) = (_writer.Items, _writer.Since ?? long.MaxValue);
    }

    /// <summary>Observed series were made into samples up to a time.</summary>
    internal void ClosedUpTo(long time)
    {
        if (time > _taken.ClosedUpTo)
            _taken = _taken with { ClosedUpTo = time };
    }

    /// <summary>The store's log has been replayed up to a sequence: what comes now is new. A queue that has never followed it begins here.</summary>
    internal void GoLive(long next)
    {
        _isLive = true;
        if (_broken is not null || (Safe is { } safe && safe.Next <= next))
            return;
        // Or the store's log lost its end in a power cut, and its numbers are given again.
        _taken = new TakenUpTo(next, _taken.ClosedUpTo);
        lock (_writing)
        {
            try
            {
                _beginnings.Add(_queued);
                WriteFrame(new OutgoingPart(0, 0, 1, _lastEpoch + 1, Now()), _writer.Beginning(_taken, Now()).Span);
                _log.Flush();
                Safe = _taken;
            }
            catch (IOException failure)
            {
                Break(failure.Message);
            }
        }
    }

    /// <summary>Series of the store have other ids from here on.</summary>
    internal void Renumber() => _writer.Renumber(_taken);

    /// <summary>Moves what is staged to where <see cref="WriteOut"/> takes it. The store's log has it written.</summary>
    internal void Cut()
    {
        if (_writer.Since is null)
            return;
        var (frames, payloads) = _writer.Cut(_taken);
        var copy = LargeBuffers.Rent(payloads.WrittenCount);
        payloads.WrittenSpan.CopyTo(copy);
        lock (_state)
        {
            (_inHand, _inHandSince) = (0, long.MaxValue);
            _stagedItems += frames.Sum(frame => frame.Items);
            _stagedSince = Math.Min(_stagedSince, frames[0].Since);
        }
        lock (_cut)
            _cut.Enqueue((frames, copy));
    }

    /// <summary>Writes and flushes what was cut, and makes room where there is too much; answers whether all of it is safe.</summary>
    internal bool WriteOut()
    {
        lock (_writing)
        {
            while (NextCut() is var (frames, payloads))
            {
                if (_broken is null)
                    Write(frames, payloads);
                LargeBuffers.Return(payloads);
            }
            if (_broken is null)
                CutBehind();
        }
        return _broken is null;
    }

    /// <inheritdoc/>
    public async ValueTask<long> ReadAsync(SampleBatch into, int samplesMax, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(into);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samplesMax);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            GiveUpBelow();
            while (into.Count < samplesMax && (!_reader.IsAtEnd || TryTakeFrame()))
                _read = Math.Max(_read, _reader.Fill(into, samplesMax - into.Count));
            if (_read > _answered)
                return _answered = _read;
            await _more.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Done(long place)
    {
        long epochFirst;
        lock (_state)
        {
            if (place <= _done)
                return;
            _done = place;
            var epoch = _epochs.FindLastIndex(epoch => epoch.First <= place);
            epochFirst = _doneEpoch = epoch >= 0 ? _epochs[epoch].First : _doneEpoch;
        }
        _cursor.Write(epochFirst, place);
    }

    /// <inheritdoc/>
    public void Dispose() => _log.Dispose();

    private bool Follows(long next) => _broken is null && (_isLive || (Safe is { } safe && next > safe.Next));

    private (IReadOnlyList<OutgoingPart> Frames, byte[] Payloads)? NextCut()
    {
        lock (_cut)
            return _cut.TryDequeue(out var cut) ? cut : null;
    }

    private void Write(IReadOnlyList<OutgoingPart> frames, byte[] payloads)
    {
        try
        {
            foreach (var frame in frames)
                WriteFrame(frame, payloads.AsSpan(frame.At, frame.Bytes));
            _log.Flush();
        }
        catch (IOException failure)
        {
            Break(failure.Message);
            return;
        }
        lock (_state)
        {
            _stagedItems -= frames.Sum(frame => frame.Items);
            _stagedSince = _stagedItems == 0 ? long.MaxValue : _stagedSince;
        }
        _more.Set();
    }

    private void WriteFrame(in OutgoingPart frame, ReadOnlySpan<byte> payload)
    {
        var sequence = Math.Max(_log.NextSequence, _queued);
        _log.Write(OutgoingFrame.Type, sequence, frame.Items, [], payload);
        lock (_state)
        {
            if (frame.Epoch != _lastEpoch)
                _epochs.Add((sequence, frame.Since));
            _lastEpoch = frame.Epoch;
            _queued = sequence + frame.Items;
        }
    }

    // Gives back segments of what has arrived, and where that is not enough, whole epochs that have not. The newest stays.
    private void CutBehind()
    {
        long below;
        lock (_state)
        {
            below = _doneEpoch;
            for (var next = 1; next < _epochs.Count && _log.BytesFrom(below) > _options.BytesMax; next++)
            {
                if (_epochs[next].First <= below)
                    continue;
                below = _epochs[next].First;
                _dropped += ItemsBetween(Math.Max(_done, _dropBelow), below);
                _dropBelow = below;
            }
            _epochs.RemoveAll(epoch => epoch.First < below);
            _beginnings.RemoveAll(sequence => sequence < below);
        }
        try
        {
            _log.CutBefore(below);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Segments stay that could go: more disk is used, and the next cut takes them too.
        }
    }

    private long ItemsBetween(long from, long to) => Math.Max(0, to - from - _beginnings.Count(sequence => sequence >= from && sequence < to));

    private void GiveUpBelow()
    {
        long below;
        lock (_state)
            below = _dropBelow;
        if (below <= _read && below <= _reader.Next)
            return;
        if (_reader.Next < below)
        {
            _reader.BeginAt(below);
            _place = new FollowedPlace(below);
        }
        _read = Math.Max(_read, below);
    }

    private bool TryTakeFrame()
    {
        var taken = false;
        try
        {
            _place = _log.ReadOn(_place, (in Frame frame) =>
            {
                _reader.Take(frame, _read);
                taken = true;
                return false;
            });
        }
        catch (FileNotFoundException)
        {
            // The segment was cut in this very moment: it was given up, and the next call begins behind it.
            GiveUpBelow();
        }
        return taken;
    }

    private DateTimeOffset SinceOf(long sequence)
    {
        // Of the frame that is being read it is known; of another one its epoch.
        var since = sequence >= _reader.First && sequence < _reader.Next ? _reader.Since
            : sequence >= _queued ? Math.Min(_stagedSince, _inHandSince)
            : _epochs.FindLast(epoch => epoch.First <= sequence).Since;
        return DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(since, Now()));
    }

    private void Break(string reason) =>
        _broken ??= $"the queue in {_options.Folder} takes nothing more: {reason} Nothing is lost: the hub keeps its log, and queues the rest of it after a restart. Make room on the disk, and restart the hub";

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();
}
