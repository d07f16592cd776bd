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
