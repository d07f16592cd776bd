using System.Buffers.Binary;

namespace HmsOps.Disk;

/// <summary>One frame as it lies in a segment. Its bytes are borrowed: they are gone when the reader returns.</summary>
public readonly ref struct Frame
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _headBytes;

    internal Frame(ReadOnlySpan<byte> bytes, int extensionBytes, string segment, long offset)
    {
        _bytes = bytes;
        _headBytes = FrameLayout.HeaderBytes + extensionBytes;
        Segment = segment;
        Offset = offset;
    }

    /// <summary>What the payload is; the log's user gives it its meaning.</summary>
    public byte Type => _bytes[FrameLayout.TypeAt];

    /// <summary>The first of the sequences this frame holds.</summary>
    public long Sequence => BinaryPrimitives.ReadInt64LittleEndian(_bytes[FrameLayout.SequenceAt..]);

    /// <summary>How many sequences it holds, at least 1: the next frame's sequence is not below <see cref="Next"/>.</summary>
    public int Count => BinaryPrimitives.ReadInt32LittleEndian(_bytes[FrameLayout.CountAt..]);

    /// <summary>The sequence after this frame's last.</summary>
    public long Next => Sequence + Count;

    /// <summary>The 32 bytes every frame begins with.</summary>
    public ReadOnlySpan<byte> Header => _bytes[..FrameLayout.HeaderBytes];

    /// <summary>The user's own bytes between header and payload; as many in every frame of a log.</summary>
    public ReadOnlySpan<byte> Extension => _bytes[FrameLayout.HeaderBytes.._headBytes];

    /// <summary>Header and extension together, as <see cref="FramedLog.LastHead"/> has them: what a user hashes to chain its frames.</summary>
    public ReadOnlySpan<byte> Head => _bytes[.._headBytes];

    /// <summary>The content.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[_headBytes..];

    /// <summary>Name of the file it lies in.</summary>
    public string Segment { get; }

    /// <summary>Where in that file it begins.</summary>
    public long Offset { get; }
}

/// <summary>
/// Is handed each frame in the order of the log. In a strict log it may throw <see cref="FrameRefusedException"/> when the content does not
/// check: the frame then counts as damaged.
/// </summary>
public delegate void FrameReader(in Frame frame);

/// <summary>What a segment says of itself. Its bytes are borrowed: they are gone when the reader returns.</summary>
public readonly ref struct SegmentHead
{
    internal SegmentHead(string segment, in HeaderPage page, ReadOnlySpan<byte> state)
    {
        Segment = segment;
        FirstSequence = page.FirstSequence;
        Number = page.SegmentNumber;
        WriterEpoch = page.WriterEpoch;
        Created = DateTimeOffset.UnixEpoch.AddTicks(page.CreatedNanoseconds / 100);
        State = state;
    }

    /// <summary>Name of the file.</summary>
    public string Segment { get; }

    /// <summary>The sequence its first frame has, or will have.</summary>
    public long FirstSequence { get; }

    /// <summary>Segments of a log are numbered without a gap.</summary>
    public long Number { get; }

    /// <summary>Which writer, by its fencing term, began it.</summary>
    public long WriterEpoch { get; }

    /// <summary>When it was begun.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>The 32 bytes that <see cref="FramedLogOptions.SegmentState"/> answered when it was begun.</summary>
    public ReadOnlySpan<byte> State { get; }
}

/// <summary>Is handed each segment before its frames. In a strict log it may throw <see cref="FrameRefusedException"/>.</summary>
public delegate void SegmentReader(in SegmentHead segment);

/// <summary>Where a frame stands.</summary>
/// <param name="Segment">Name of the file.</param>
/// <param name="Offset">Where in it the frame begins.</param>
public readonly record struct FramePlace(string Segment, long Offset);

/// <summary>Is handed a frame, and answers whether it wants another one.</summary>
public delegate bool FrameTaker(in Frame frame);

/// <summary>How far somebody has followed a log.</summary>
/// <param name="Sequence">Frames below this were handed on, or are not wanted.</param>
/// <param name="Segment">The file the next one is looked for in; empty when it is not known.</param>
/// <param name="Offset">Where in that file.</param>
public readonly record struct FollowedPlace(long Sequence, string Segment = "", long Offset = HeaderPage.Bytes);
