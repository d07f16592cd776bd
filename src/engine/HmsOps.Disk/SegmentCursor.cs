using System.Buffers;

namespace HmsOps.Disk;

/// <summary>A window that is moved over a file, so that a segment of any size is read with one pooled buffer. What it answers is gone with the next call.</summary>
internal sealed class SegmentWindow(IDiskFile file) : IDisposable
{
    private const int ReadBytes = 256 << 10; // one read a 256 KiB: large enough for the disk, small enough for the cache

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
    private long _start;
    private int _count;

    public long Length { get; } = file.Length;

    /// <summary>Bytes at an offset; fewer only at the end of the file.</summary>
    public ReadOnlySpan<byte> At(long offset, int length)
    {
        length = (int)Math.Min(length, Math.Max(0, Length - offset));
        if (offset < _start || offset + length > _start + _count)
            Fill(offset, length);
        var at = (int)(offset - _start);
        return _buffer.AsSpan(at, Math.Min(length, Math.Max(0, _count - at)));
    }

    /// <summary>True when there is nothing but zeros from an offset to the end.</summary>
    public bool IsZeroFrom(long offset)
    {
        while (offset < Length)
        {
            var bytes = At(offset, ReadBytes);
            if (bytes.IsEmpty)
                return true;
            if (bytes.ContainsAnyExcept((byte)0))
                return false;
            offset += bytes.Length;
        }
        return true;
    }

    /// <summary>The offset after the last byte that is not zero, not below <paramref name="from"/>.</summary>
    public long EndOfContent(long from)
    {
        var end = from;
        for (var offset = from; offset < Length;)
        {
            var bytes = At(offset, ReadBytes);
            if (bytes.IsEmpty)
                break;
            var last = bytes.LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
                end = offset + last + 1;
            offset += bytes.Length;
        }
        return end;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        file.Dispose();
    }

    private void Fill(long offset, int length)
    {
        var wanted = Math.Max(length, (int)Math.Min(ReadBytes, Length - offset));
        if (_buffer.Length < wanted)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            _buffer = ArrayPool<byte>.Shared.Rent(wanted);
        }
        _count = 0;
        _count = file.Read(offset, _buffer.AsSpan(0, wanted));
        _start = offset;
    }
}

/// <summary>Where a cursor stands.</summary>
internal enum CursorState
{
    /// <summary>On a frame that checks.</summary>
    Frame,

    /// <summary>After the last frame: nothing but zeros follow, or frames that the next segment has too.</summary>
    End,

    /// <summary>On bytes that are no frame, or not the one that belongs here.</summary>
    Bad,
}

/// <summary>Walks over the frames of one segment. It judges bytes and sequences; what a bad frame means is its caller's.</summary>
internal sealed class SegmentCursor : IDisposable
{
    private readonly FramedLogOptions _options;
    private readonly string _segment;
    private readonly long _below;
    private long _next;

    /// <summary>A cursor before the first frame.</summary>
    /// <param name="file">The segment, which the cursor closes.</param>
    /// <param name="options">The log's.</param>
    /// <param name="segment">Its name.</param>
    /// <param name="expected">The sequence the next frame should have.</param>
    /// <param name="below">Frames from here on are not this segment's: the next one has them, or they are not yet durable.</param>
    /// <param name="offset">Where to begin.</param>
    public SegmentCursor(
        IDiskFile file, FramedLogOptions options, string segment, long expected, long below, long offset = HeaderPage.Bytes)
    {
        Window = new SegmentWindow(file);
        _options = options;
        _segment = segment;
        _below = below;
        _next = offset;
        Expected = expected;
    }

    public SegmentWindow Window { get; }

    public int HeadBytes => FrameLayout.HeaderBytes + _options.ExtensionBytes;

    /// <summary>Where the frame, the bad bytes or the end is.</summary>
    public long Offset { get; private set; }

    /// <summary>How many bytes the frame has; of a bad one, how many it says it has, or 0 when even its head does not check.</summary>
    public int Used { get; private set; }

    public long Expected { get; private set; }

    /// <summary>What is wrong with the bad one.</summary>
    public string Fault { get; private set; } = "";

    public Frame Frame => new(Window.At(Offset, Used), _options.ExtensionBytes, _segment, Offset);

    public CursorState MoveNext()
    {
        Offset = _next;
        Used = 0;
        if (Expected >= _below || Offset + HeadBytes > Window.Length)
            return CursorState.End;
        if (!FrameLayout.HeadChecks(Window.At(Offset, HeadBytes), _options.ExtensionBytes, out var used, out var sequence))
            return Window.IsZeroFrom(Offset) ? CursorState.End : Bad("the head of the frame does not match its checksum");
        Used = used;
        if (!PayloadChecks(Offset, used))
            return Bad("the payload does not match its checksum");
        if (sequence >= _below)
            return CursorState.End;
        if (sequence < Expected || (_options.Strict && sequence != Expected))
            return Bad($"a frame of sequence {sequence} stands there");
        _next = AlignUp(Offset + used, _options.Align);
        Expected = Frame.Next;
        return CursorState.Frame;
    }

    /// <summary>Where the frame before ended: the place of the next one.</summary>
    public long NextOffset => _next;

    /// <summary>Takes back the frame it stands on: its content was refused.</summary>
    public void Refuse(string fault)
    {
        Expected = Frame.Sequence;
        _next = Offset;
        Fault = fault;
    }

    /// <summary>From bad bytes, goes to the next frame that checks and belongs here; false when there is none.</summary>
    public bool TrySkip()
    {
        for (var at = SearchFrom(); at >= 0; at = Find(at + _options.Align))
        {
            _ = FrameLayout.HeadChecks(Window.At(at, HeadBytes), _options.ExtensionBytes, out var used, out var sequence);
            if (sequence < Expected || sequence >= _below || !PayloadChecks(at, used))
                continue;
            _next = at;
            return true;
        }
        return false;
    }

    /// <summary>From bad bytes, the sequence of a later frame whose head checks; null when there is none. Content of frames is not searched: only places where a frame may begin.</summary>
    public long? LaterSequence()
    {
        for (var at = Find(Offset + _options.Align); at >= 0; at = Find(at + _options.Align))
        {
            _ = FrameLayout.HeadChecks(Window.At(at, HeadBytes), _options.ExtensionBytes, out _, out var sequence);
            if (sequence > Expected)
                return sequence;
        }
        return null;
    }

    public void Dispose() => Window.Dispose();

    internal static long AlignUp(long offset, int align) => (offset + align - 1) & -(long)align;

    // A frame whose head checks says where it ends: its payload may hold anything, other frames' bytes too, and is not searched.
    private long SearchFrom() => Find(Used > 0 ? AlignUp(Offset + Used, _options.Align) : Offset + _options.Align);

    private long Find(long from)
    {
        const int Stride = 64 << 10;
        while (from + HeadBytes <= Window.Length)
        {
            var bytes = Window.At(from, Stride + HeadBytes);
            if (bytes.Length < HeadBytes)
                return -1;
            var candidates = Math.Min(bytes.Length - HeadBytes + 1, Stride);
            for (var i = 0; i < candidates; i += _options.Align)
            {
                if (_options.Align == 1)
                {
                    var found = bytes[i..].IndexOf(FrameLayout.Magic);
                    if (found < 0 || i + found >= candidates)
                        break;
                    i += found;
                }
                if (FrameLayout.HeadChecks(bytes[i..], _options.ExtensionBytes, out _, out _))
                    return from + i;
            }
            from += Stride;
        }
        return -1;
    }

    private bool PayloadChecks(long offset, int used) =>
        offset + used <= Window.Length && FrameLayout.PayloadChecks(Window.At(offset, used), _options.ExtensionBytes);

    private CursorState Bad(string fault)
    {
        Fault = fault;
        return CursorState.Bad;
    }
}
