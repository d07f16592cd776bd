
namespace HmsOps.Disk;

/// <summary>
/// The one append-only log: segments of checksummed frames, a flush that is believed, and a recovery that knows a torn tail from damage.
/// Bytes are drawn in docs/formats/framed-log.md. One owner at a time writes; <see cref="ReadAll"/>, <see cref="Read"/> and the properties may
/// be called from other threads meanwhile.
/// </summary>
/// <remarks>
/// A segment appears under its name only when its header page is durable: it is written beside, flushed and renamed. A strict log writes
/// frame k+1 only after the flush of frame k, so only the last frame can be torn. A rolling log keeps what is not yet flushed in memory, and
/// there is at most one segment with such frames, for a full one is flushed before it is left.
/// </remarks>
public sealed partial class FramedLog : IDisposable
{
    private const string BesideSuffix = ".new";
    private const string DamagedSuffix = ".damaged";

    private readonly IDisk _disk;
    private readonly FramedLogOptions _options;
    private readonly TimeProvider _time;
    private readonly int _headBytes;

    private Segment[] _segments = []; // replaced whole, so that a reader on another thread sees one state
    private IDiskFile? _active;       // the last segment, when it can be written
    private const int FramesKept = 1 << 20;
    private const int RoomBytes = 1 << 20; // reserved at a time, so that a log of little does not take the disk of much

    private long _room;               // bytes of it that have their place on the disk, as far as this process knows
    private byte[] _frames = [];      // pooled: the frames since the last flush (roll), or the last one (poison)
    private int _framesBytes;
    private long _framesFirst;        // sequence of the first of them
    private bool _unflushed;
    private byte[] _lastHead;
    private long _durableNext;
    private volatile LogState _state;

    private FramedLog(IDisk disk, FramedLogOptions options, TimeProvider time, LogScan scan)
    {
        _disk = disk;
        _options = options;
        _time = time;
        _headBytes = FrameLayout.HeaderBytes + options.ExtensionBytes;
        _segments = [.. scan.Segments];
        _lastHead = new byte[_headBytes];
        HasLastHead = scan.LastHead.Length > 0;
        scan.LastHead.CopyTo(_lastHead, 0);
        NextSequence = scan.Expected;
        _durableNext = scan.Expected;
        Recovery = new LogRecovery(scan.Frames, scan.Findings);
    }

    /// <summary>
    /// Reads what is there, hands each frame to <paramref name="replay"/>, repairs what a crash left, and makes the last frame durable again
    /// before it returns. Damage and unwritable disks are a <see cref="State"/>, not an exception.
    /// </summary>
    /// <exception cref="LogMismatchException">The folder holds another log, or one written in another manner or by a newer program.</exception>
    public static FramedLog Open(IDisk disk, FramedLogOptions options, TimeProvider time, FrameReader replay)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(replay);
        if (options.BrokenRule() is { } rule)
            throw new ArgumentException($"A log cannot be opened so: {rule}", nameof(options));
        var scan = new LogScan(disk, options);
        scan.Run(replay);
        var log = new FramedLog(disk, options, time, scan);
        if (scan.IsDamaged)
            log.Leave(LogState.Damaged, scan.Findings.First(finding => finding.Kind == LogFindingKind.Corruption).Sentence);
        else
            log.MakeWritable(scan);
        return log;
    }

    /// <summary>
    /// Reads a log as <see cref="Open"/> would, of a program that runs or does not, and says what opening would find. Changes nothing. Of a log that is being
    /// written the last frame may look torn.
    /// </summary>
    /// <exception cref="LogMismatchException">The folder holds another log, or one written in another manner or by a newer program.</exception>
    public static LogRecovery Inspect(IDisk disk, FramedLogOptions options, FrameReader reader)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(reader);
        var scan = new LogScan(disk, options);
        scan.Run(reader);
        var findings = scan.Findings.ToList();
        if (scan.Tail is { } tail && scan.Segments is [.., var last])
        {
            findings.Add(new LogFinding(LogFindingKind.TornTail, last.Name, tail.From, tail.To - tail.From, scan.Expected, null, null,
                $"{last.Name}: the last {tail.To - tail.From} bytes, from byte {tail.From} on, are no whole frame: cut off by a crash before it was acknowledged. The next start keeps them aside."));
        }
        return new LogRecovery(scan.Frames, findings);
    }

    /// <summary>What opening found and did.</summary>
    public LogRecovery Recovery { get; private set; }

    /// <summary>What the log can do now.</summary>
    public LogState State => _state;

    /// <summary>Why it is not writable; null when it is.</summary>
    public string? StateReason { get; private set; }

    /// <summary>The lowest sequence the next frame may have; in a strict log the only one, once it has frames.</summary>
    public long NextSequence { get; private set; }

    /// <summary>Frames below this sequence are durable.</summary>
    public long DurableBelow => Volatile.Read(ref _durableNext);

    /// <summary>Header and extension of the last frame written or replayed, for users that chain their frames; empty when there is none.</summary>
    public ReadOnlySpan<byte> LastHead => HasLastHead ? _lastHead : [];

    /// <summary>Bytes used by header pages and frames. A little more is reserved.</summary>
    public long Bytes => Volatile.Read(ref _segments).Sum(segment => segment.End);

    /// <summary>The same, of what <see cref="CutBefore"/> would leave.</summary>
    public long BytesFrom(long sequence)
    {
        var segments = Volatile.Read(ref _segments);
        return segments.Where((segment, at) => at + 1 == segments.Length || segments[at + 1].First > sequence).Sum(segment => segment.End);
    }

    /// <summary>Names of the files, in the order of the log.</summary>
    public IReadOnlyList<string> Segments => [.. Volatile.Read(ref _segments).Select(segment => segment.Name)];

    /// <summary>The largest payload one frame takes.</summary>
    public int PayloadBytesMax => (int)_options.SegmentBytes - HeaderPage.Bytes - _headBytes;

    /// <summary>Bytes that were written and not flushed. They are held in memory until they are.</summary>
    public int UnflushedBytes => _unflushed ? _framesBytes : 0;

    private bool HasLastHead { get; set; }

    /// <summary>
    /// Writes one frame behind the last. It is durable only after <see cref="Flush"/>. When it does not fit, a new segment is begun first.
    /// Answers where it stands, as <see cref="Read"/> takes it (until a failed flush makes a rolling log write it elsewhere). When the disk has no room for it, it throws <see cref="DiskFullException"/> and leaves the log as it was.
    /// </summary>
    /// <exception cref="LogUnwritableException">The log takes nothing, or this write failed.</exception>
    public FramePlace Write(byte type, long sequence, int count, ReadOnlySpan<byte> extension, ReadOnlySpan<byte> payload)
    {
        RefuseUnlessWritable();
        CheckFrame(sequence, count, extension, payload);
        var used = _headBytes + payload.Length;
        EnsureRoom(used, sequence);

        var at = _options.OnFlushFailure == OnFlushFailure.Roll ? SegmentCursor.AlignUp(_framesBytes, _options.Align) : 0;
        var frame = Reserve((int)at, used);
        FrameLayout.Encode(frame, type, sequence, count, extension, payload);
        if (_options.Strict && FrameLayout.HasZeroSector(frame))
            throw new ArgumentException("A whole sector of 512 bytes of this frame would be zeros, which a strict log cannot tell from a tear.", nameof(payload));
        WriteActive(frame);

        _framesFirst = _unflushed ? _framesFirst : sequence;
        _framesBytes = (int)at + used;
        _unflushed = true;
        frame[.._headBytes].CopyTo(_lastHead);
        HasLastHead = true;
        NextSequence = sequence + count;
        return new FramePlace(_segments[^1].Name, _segments[^1].LastFrameAt);
    }

    /// <summary>Makes all that was written durable.</summary>
    /// <exception cref="LogPoisonedException">The flush failed, now or before, and the log was opened to be poisoned by that.</exception>
    /// <exception cref="LogUnwritableException">The log takes nothing, or rolling to a new segment failed too.</exception>
    public void Flush()
    {
        RefuseUnlessWritable();
        if (!_unflushed)
            return;
        try
        {
            _active!.Flush(); // there are un-flushed frames, and they are in the active segment
        }
        catch (IOException failure)
        {
            FlushFailed(failure, _framesFirst);
        }
        Settled();
    }

    /// <summary>
    /// Deletes whole segments all of whose frames have a sequence below this one; the last segment stays. One with damage found in it is
    /// renamed to <c>.damaged</c> instead, for inspection.
    /// </summary>
    public void CutBefore(long sequence)
    {
        RefuseUnlessWritable();
        var cut = 0;
        while (cut < _segments.Length - 1 && _segments[cut + 1].First <= sequence)
            cut++;
        if (cut == 0)
            return;
        for (var i = 0; i < cut; i++)
        {
            var path = PathOf(_segments[i].Name);
            if (_segments[i].IsDamaged)
                _disk.Rename(path, path + DamagedSuffix);
            else
                _disk.Delete(path);
        }
        Volatile.Write(ref _segments, _segments[cut..]);
        _disk.FlushFolder(_options.Folder);
    }

    /// <summary>Closes the files. It does not flush: what was not flushed is not durable.</summary>
    public void Dispose()
    {
        _active?.Dispose();
        _active = null;
        ReturnFrames();
        if (State == LogState.Writable)
            Leave(LogState.ReadOnly, "The log was closed.");
    }

    private void MakeWritable(LogScan scan)
    {
        try
        {
            _disk.CreateFolder(_options.Folder);
            if (_options.OnFlushFailure == OnFlushFailure.Roll && _segments.Length > 0)
                Hold(_segments[^1]);
            new LogRepair(_disk, _options, _time).Run(scan);
            if (_segments is [.., { HasNoHeader: false } last])
                _active = _disk.Open(PathOf(last.Name), writable: true);
        }
        catch (DiskFlushException failure) when (_options.OnFlushFailure == OnFlushFailure.Poison)
        {
            Leave(LogState.Poisoned, $"At opening: {failure.Message} Restart to read what the disk has.");
        }
        catch (DiskFlushException failure) when (_segments.Length > 0)
        {
            TakeOver(failure, scan);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Leave(LogState.ReadOnly, $"The log cannot be written: {failure.Message}");
        }
        finally
        {
            ReturnFrames();
        }
    }

    // The frames of the last segment were read, but may be in the page cache only, and a failed flush may take them from there too (Btrfs):
    // they are held in memory until they are flushed.
    private void Hold(Segment last)
    {
        _framesBytes = (int)(last.End - HeaderPage.Bytes);
        using var file = OpenForReading(last);
        _framesBytes = file.Read(HeaderPage.Bytes, Reserve(0, _framesBytes));
    }

    // The last segment could not be flushed: what was read of it is written again to a new file, which takes its name.
    private void TakeOver(DiskFlushException failure, LogScan scan)
    {
        var last = _segments[^1];
        try
        {
            _unflushed = true;
            Begin(last.First);
            scan.Findings.Add(new LogFinding(LogFindingKind.SegmentLeft, last.Name, 0, last.End, last.First, NextSequence, null,
                $"At opening: {failure.Message} The frames of {last.Name} were written again to a new file of that name."));
        }
        catch (Exception second) when (second is IOException or UnauthorizedAccessException)
        {
            Leave(LogState.ReadOnly, $"{failure.Message} Writing the frames again to a new segment failed too: {second.Message} The log is read-only until a restart.");
        }
        Settled();
    }

    private void CheckFrame(long sequence, int count, ReadOnlySpan<byte> extension, ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (extension.Length != _options.ExtensionBytes)
            throw new ArgumentException($"Every frame of this log has an extension of {_options.ExtensionBytes} bytes, not {extension.Length}.", nameof(extension));
        if (payload.Length > PayloadBytesMax)
            throw new ArgumentException($"A frame of this log takes {PayloadBytesMax} bytes, not {payload.Length}.", nameof(payload));
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, NextSequence);
        if (!_options.Strict)
            return;
        if (_segments.Length > 0)
            ArgumentOutOfRangeException.ThrowIfNotEqual(sequence, NextSequence);
        if (_unflushed)
            throw new InvalidOperationException("A strict log flushes each frame before the next is written: only so can recovery tell a tear from damage.");
    }

    private void EnsureRoom(int used, long sequence)
    {
        if (HasSegmentFor(used))
            return;
        if (_unflushed)
            Flush();
        if (HasSegmentFor(used))
            return; // the flush rolled to a new segment
        RefuseAnotherWriter();
        try
        {
            Begin(sequence);
        }
        catch (IOException failure) when (failure is not DiskFullException)
        {
            FlushFailed(failure, sequence);
        }
    }

    private bool HasSegmentFor(int used)
    {
        if (_active is null || Place() + used > _options.SegmentBytes)
            return false;
        if (Place() + used > _room)
            MakeRoom(Place() + used);
        return true;
    }

    private void MakeRoom(long end)
    {
        var room = Math.Min(_options.SegmentBytes, SegmentCursor.AlignUp(end, RoomBytes));
        try
        {
            _active!.Reserve(Place(), room - Place()); // asked for by one that has seen it
        }
        catch (DiskFullException)
        {
            if (_unflushed)
                Flush(); // whoever hears of a full disk may write no more
            throw;
        }
        catch (IOException failure)
        {
            throw Unwritable($"Making room in {_active!.Path} failed: {failure.Message}", failure);
        }
        _room = room;
    }

    // A lock can lie (NFS, containers over one volume): before a segment is left, its last frame must still be the one we wrote.
    private void RefuseAnotherWriter()
    {
        if (!_options.Strict || _active is null || _segments[^1].LastFrameBytes == 0)
            return;
        var head = new byte[_headBytes];
        _ = _active.Read(_segments[^1].LastFrameAt, head);
        if (!head.AsSpan().SequenceEqual(_lastHead))
            throw Poisoned($"The last frame of {_active.Path} is not the one written here: another process writes to this log.", failure: null);
    }

    private long Place() => SegmentCursor.AlignUp(_segments[^1].End, _options.Align);

    private Span<byte> Reserve(int at, int used)
    {
        var wanted = at + used;
        if (_frames.Length < wanted)
        {
            var larger = LargeBuffers.Rent(wanted);
            _frames.AsSpan(0, at > 0 ? _framesBytes : 0).CopyTo(larger);
            LargeBuffers.Return(_frames);
            _frames = larger;
        }
        if (at > _framesBytes)
            _frames.AsSpan(_framesBytes, at - _framesBytes).Clear(); // what lies between aligned frames is zeros in the file too
        return _frames.AsSpan(at, used);
    }

    private void ReturnFrames()
    {
        LargeBuffers.Return(_frames);
        _frames = [];
        _framesBytes = 0;
    }

    private void WriteActive(ReadOnlySpan<byte> frame)
    {
        var segment = _segments[^1];
        var place = Place();
        try
        {
            _active!.Write(place, frame); // EnsureRoom has just seen to it
        }
        catch (IOException failure)
        {
            // Part of the frame may be there, and no other frame may follow it.
            throw Unwritable($"Writing {_active!.Path} failed: {failure.Message}", failure);
        }
        segment.LastFrameAt = place;
        segment.LastFrameBytes = frame.Length;
        segment.End = place + frame.Length;
    }

    private void FlushFailed(IOException failure, long first)
    {
        if (_options.OnFlushFailure == OnFlushFailure.Poison)
            throw Poisoned(failure.Message, failure);
        try
        {
            Begin(first);
        }
        catch (IOException second)
        {
            throw TurnedReadOnly($"{failure.Message} Writing the frames again to a new segment failed too: {second.Message}", second);
        }
    }

    // A new segment, with the frames that are not yet durable in it, appears under its name when all of it is durable.
    private void Begin(long first)
    {
        var name = $"{first:D20}{_options.Suffix}";
        var path = PathOf(name);
        var beside = path + BesideSuffix;
        if (_disk.Exists(beside))
            _disk.Delete(beside);
        var frames = _unflushed ? _frames.AsSpan(0, _framesBytes) : [];
        var room = Math.Min(_options.SegmentBytes, SegmentCursor.AlignUp(HeaderPage.Bytes + frames.Length, RoomBytes));
        using (var file = _disk.Create(beside, room))
        {
            file.SetLength(_options.SegmentBytes); // what is shorter later was cut off by somebody
            file.Write(0, Header(first));
            file.Write(HeaderPage.Bytes, frames);
            file.Flush();
        }
        // The name is taken only by a segment all of whose durable frames are in the new one too. A damaged one is kept for inspection.
        if (Array.Exists(_segments, segment => segment.Name == name && segment.IsDamaged))
            AtomicFile.Replace(_disk, path + DamagedSuffix, AtomicFile.Read(_disk, path));
        _disk.Rename(beside, path);
        _disk.FlushFolder(_options.Folder);

        var begun = new Segment(name, first, NextNumber()) { End = HeaderPage.Bytes + frames.Length };
        _active?.Dispose();
        (_active, _room) = (_disk.Open(path, writable: true), room);
        Volatile.Write(ref _segments, [.. _segments.Where(segment => segment.Name != name), begun]);
    }

    private byte[] Header(long first)
    {
        var state = _options.SegmentState is { } ask ? ask() : new byte[HeaderPage.StateBytes];
        if (state.Length != HeaderPage.StateBytes)
            throw new InvalidOperationException($"{nameof(FramedLogOptions.SegmentState)} answers 32 bytes, not {state.Length}.");
        var created = (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        var page = new byte[HeaderPage.Bytes];
        new HeaderPage(
            _options.Strict, first, NextNumber(), created, _options.WriterEpoch, _options.SegmentBytes, _options.Align, _options.ExtensionBytes)
            .Write(page, _options.Origin.Span, state.Span);
        return page;
    }

    private long NextNumber() => _segments.Length > 0 ? _segments[^1].Number + 1 : 0;

    private void Settled()
    {
        _unflushed = false;
        if (_frames.Length > FramesKept)
            ReturnFrames();
        _framesBytes = 0;
        Volatile.Write(ref _durableNext, NextSequence);
    }

    private IDiskFile OpenForReading(Segment segment) => _disk.Open(PathOf(segment.Name), writable: false);

    private string PathOf(string name) => Folders.Join(_options.Folder, name);

    private void RefuseUnlessWritable()
    {
        if (_state == LogState.Writable)
            return;
        var reason = StateReason ?? "The log was closed.";
        throw _state == LogState.Poisoned ? new LogPoisonedException(reason) : new LogUnwritableException(_state, reason);
    }

    private IOException Unwritable(string reason, IOException failure) =>
        _options.OnFlushFailure == OnFlushFailure.Poison ? Poisoned(reason, failure) : TurnedReadOnly(reason, failure);

    private LogPoisonedException Poisoned(string what, Exception? failure)
    {
        var reason = $"{what} The log takes nothing more: restart to read what the disk has.";
        Leave(LogState.Poisoned, reason);
        return new LogPoisonedException(reason, failure);
    }

    private LogUnwritableException TurnedReadOnly(string what, Exception failure)
    {
        var reason = $"{what} The log is read-only until a restart.";
        Leave(LogState.ReadOnly, reason);
        return new LogUnwritableException(LogState.ReadOnly, reason, failure);
    }

    private void Leave(LogState state, string reason)
    {
        StateReason = reason;
        _state = state;
    }
}
