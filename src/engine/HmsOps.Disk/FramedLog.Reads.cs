namespace HmsOps.Disk;

/// <summary>What of the log is durable, read from its files while it is written.</summary>
public sealed partial class FramedLog
{
    /// <summary>
    /// Reads everything that is durable, from the files. A tolerant log passes over what does not check, as at opening.
    /// </summary>
    /// <exception cref="LogCorruptException">Strict: bytes that checked at opening do not check any more.</exception>
    public void ReadAll(FrameReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var durable = DurableBelow;
        var segments = Volatile.Read(ref _segments);
        for (var i = 0; i < segments.Length && segments[i].First < durable; i++)
        {
            var below = i + 1 < segments.Length ? Math.Min(durable, segments[i + 1].First) : durable;
            ReadSegment(segments[i], below, reader);
        }
    }

    /// <summary>Reads the frame that begins at a place, as <see cref="Frame.Segment"/> and <see cref="Frame.Offset"/> named it.</summary>
    /// <exception cref="LogCorruptException">It does not check any more.</exception>
    public void Read(string segment, long offset, FrameReader reader)
    {
        ArgumentNullException.ThrowIfNull(segment);
        ArgumentNullException.ThrowIfNull(reader);
        var entry = Array.Find(Volatile.Read(ref _segments), entry => entry.Name == segment)
            ?? throw new ArgumentException($"This log has no segment {segment}; it may have been cut.", nameof(segment));
        // Any sequence will do: the caller names a place, not a sequence.
        using var cursor = new SegmentCursor(OpenForReading(entry), _options with { Strict = false }, entry.Name, 0, DurableBelow, offset);
        if (cursor.MoveNext() != CursorState.Frame)
            throw new LogCorruptException(PathOf(segment), offset, -1, cursor.Fault.Length > 0 ? $"{cursor.Fault}." : "there is no durable frame.");
        Hand(cursor, entry, reader);
    }

    /// <summary>
    /// Hands durable frames to a reader, from a place on and until it has had enough or there are no more, and answers the place behind the last one. For one who follows
    /// a tolerant log while it is written: what does not check is passed over, and shows as a gap between sequences.
    /// </summary>
    public FollowedPlace ReadOn(FollowedPlace from, FrameTaker reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var durable = DurableBelow;
        var segments = Volatile.Read(ref _segments);
        var at = IndexOf(segments, from);
        for (; at < segments.Length && segments[at].First < durable; at++)
        {
            var isLast = at + 1 == segments.Length;
            var below = isLast ? durable : Math.Min(durable, segments[at + 1].First);
            var isOwn = segments[at].Name == from.Segment;
            from = isOwn ? from : new FollowedPlace(from.Sequence, segments[at].Name, HeaderPage.Bytes);
            (from, var hasEnough) = ReadOn(segments[at], from, isOwn ? from.Sequence : segments[at].First, below, reader);
            if (hasEnough || isLast)
                break;
        }
        return from;
    }

    private static int IndexOf(Segment[] segments, FollowedPlace place)
    {
        var at = Array.FindIndex(segments, segment => segment.Name == place.Segment);
        return at >= 0 ? at : Math.Max(0, Array.FindLastIndex(segments, segment => segment.First <= place.Sequence));
    }

    private (FollowedPlace Place, bool HasEnough) ReadOn(Segment segment, FollowedPlace from, long expected, long below, FrameTaker reader)
    {
        using var cursor = new SegmentCursor(OpenForReading(segment), _options with { Strict = false }, segment.Name, expected, below, from.Offset);
        while (true)
        {
            var state = cursor.MoveNext();
            if (state == CursorState.Bad && cursor.TrySkip())
                continue;
            if (state != CursorState.Frame)
                return (from, false);
            var frame = cursor.Frame;
            var isNew = frame.Next > from.Sequence;
            from = new FollowedPlace(Math.Max(from.Sequence, frame.Next), segment.Name, cursor.NextOffset);
            if (isNew && !reader(frame))
                return (from, true);
        }
    }

    private void ReadSegment(Segment segment, long below, FrameReader reader)
    {
        using var cursor = new SegmentCursor(OpenForReading(segment), _options, segment.Name, segment.First, below);
        while (true)
        {
            switch (cursor.MoveNext())
            {
                case CursorState.Frame:
                    Hand(cursor, segment, reader);
                    break;
                case CursorState.Bad when !_options.Strict && cursor.TrySkip():
                    break;
                case CursorState.Bad when _options.Strict:
                    throw new LogCorruptException(PathOf(segment.Name), cursor.Offset, cursor.Expected, $"{cursor.Fault}.");
                case CursorState.End when _options.Strict && cursor.Expected < below:
                    throw new LogCorruptException(PathOf(segment.Name), cursor.Offset, cursor.Expected, "the frame is gone.");
                default:
                    return;
            }
        }
    }

    private void Hand(SegmentCursor cursor, Segment segment, FrameReader reader)
    {
        try
        {
            reader(cursor.Frame);
        }
        catch (FrameRefusedException refused)
        {
            throw new LogCorruptException(PathOf(segment.Name), cursor.Offset, cursor.Frame.Sequence, refused.Message);
        }
    }
}
