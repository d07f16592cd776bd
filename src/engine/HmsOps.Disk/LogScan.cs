using System.Globalization;

namespace HmsOps.Disk;

/// <summary>One file of a log. Owned by the log; everything but the active one is at rest.</summary>
internal sealed class Segment(string name, long first, long number)
{
    public string Name { get; } = name;

    public long First { get; } = first;

    public long Number { get; } = number;

    /// <summary>Where the next frame would stand.</summary>
    public long End { get; set; } = HeaderPage.Bytes;

    public long LastFrameAt { get; set; }

    public int LastFrameBytes { get; set; }

    /// <summary>The file was found with bytes that do not check: it is kept aside where another would be deleted.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>The header page does not check: frames can be read, but nothing is written behind them.</summary>
    public bool HasNoHeader { get; set; }
}

/// <summary>
/// Reads a log as it lies on the disk, hands its frames on, and judges the first bad one by the rules of docs/formats/framed-log.md.
/// It changes nothing: what is to be repaired is in its answer.
/// </summary>
internal sealed class LogScan(IDisk disk, FramedLogOptions options)
{
    private string? _shortened; // what is to be said of the segment in hand, when its file is shorter than it was begun

    public List<Segment> Segments { get; } = [];

    public List<LogFinding> Findings { get; } = [];

    /// <summary>Files that were never finished, to be removed.</summary>
    public List<string> Unfinished { get; } = [];

    /// <summary>Bytes behind the last frame of the last segment, to be kept aside and cleared.</summary>
    public (long From, long To)? Tail { get; private set; }

    public long Frames { get; private set; }

    public long Expected { get; private set; } = options.FirstSequence;

    public bool IsDamaged { get; private set; }

    public byte[] LastHead { get; private set; } = [];

    public void Run(FrameReader replay)
    {
        var headers = ReadHeaders();
        for (var i = 0; i < Segments.Count && !IsDamaged; i++)
        {
            if (Begins(i, headers[i]))
                Walk(i, replay);
        }
        if (options.Strict && !IsDamaged && Expected < options.AcknowledgedBelow)
        {
            var last = Segments.LastOrDefault();
            _ = Damage(last, last?.End ?? 0, options.AcknowledgedBelow, "the log ends there, though more was acknowledged");
        }
        if (!options.Strict)
            Expected = Math.Max(Expected, options.FirstSequence);
    }

    // All headers before any frame: a foreign or newer file is refused before anything was handed on.
    private List<byte[]?> ReadHeaders()
    {
        var names = disk.List(options.Folder).Where(name => FirstOf(name) is not null).ToArray();
        List<byte[]?> headers = [];
        foreach (var name in names)
        {
            using var window = new SegmentWindow(Open(name));
            var page = window.At(0, HeaderPage.Bytes);
            var first = FirstOf(name)!.Value; // filtered above
            if (HeaderPage.TryRead(page, options.Origin.Span, out var header, out var mismatch))
            {
                if ((mismatch ?? header.MannerMismatch(options)) is { } what)
                    throw new LogMismatchException(Folders.Join(options.Folder, name), what);
                Segments.Add(new Segment(name, first, header.SegmentNumber) { HasNoHeader = header.FirstSequence != first });
                headers.Add(page.ToArray());
            }
            else if (name == names[^1] && window.IsZeroFrom(0))
            {
                Unfinished.Add(name);
                Findings.Add(new LogFinding(LogFindingKind.UnfinishedSegment, name, 0, window.Length, first, first, null,
                    $"{name} was never finished and holds nothing: removed."));
            }
            else
            {
                var number = Segments.Count > 0 ? Segments[^1].Number + 1 : 0;
                Segments.Add(new Segment(name, first, number) { HasNoHeader = true });
                headers.Add(null);
            }
        }
        return headers;
    }

    // Strict: whether the segment follows on the one before and has its full length. Tolerant: names what is missing, and goes on.
    private bool Begins(int index, byte[]? page)
    {
        var segment = Segments[index];
        if (index == 0)
            Expected = segment.First;
        _shortened = null;
        if (segment.HasNoHeader)
        {
            segment.IsDamaged = true;
            const string Fault = "the header page does not match its checksum, or the name of the file";
            if (options.Strict)
                return Damage(segment, 0, null, Fault);
            Skipped(segment, 0, HeaderPage.Bytes, segment.First, segment.First, $"{Fault}; its frames were read nevertheless");
            return true;
        }
        _ = HeaderPage.TryRead(page, options.Origin.Span, out var header, out _);
        if (options.Strict)
            return Follows(index, header) && StateAccepted(segment, header, page);
        if (index > 0 && segment.Number > Segments[index - 1].Number + 1)
        {
            Findings.Add(new LogFinding(LogFindingKind.MissingSegment, segment.Name, 0, 0, Expected, segment.First, null,
                $"A segment before {segment.Name} is missing: sequences {Expected} to {segment.First - 1} are gone."));
        }
        _shortened = ShortenedBy(segment, header);
        return StateAccepted(segment, header, page);
    }

    private bool Follows(int index, in HeaderPage header)
    {
        var segment = Segments[index];
        if (segment.First != Expected || (index > 0 && segment.Number != Segments[index - 1].Number + 1))
            return Damage(segment, 0, segment.First, "this segment does not follow on the one before it");
        _shortened = ShortenedBy(segment, header);
        return true;
    }

    // The length was flushed with the header page, before the first frame: a shorter file was cut by somebody.
    private string? ShortenedBy(Segment segment, in HeaderPage header)
    {
        using var file = Open(segment.Name);
        return file.Length < header.SegmentBytes ? $"the file was begun with {header.SegmentBytes} bytes and now has {file.Length}" : null;
    }

    private bool StateAccepted(Segment segment, in HeaderPage header, ReadOnlySpan<byte> page)
    {
        if (options.SegmentBegins is null)
            return true;
        try
        {
            options.SegmentBegins(new SegmentHead(segment.Name, header, page.Slice(HeaderPage.StateAt, HeaderPage.StateBytes)));
            return true;
        }
        catch (FrameRefusedException refused) when (options.Strict)
        {
            return Damage(segment, HeaderPage.StateAt, null, refused.Message);
        }
    }

    private void Walk(int index, FrameReader replay)
    {
        var segment = Segments[index];
        var isLast = index == Segments.Count - 1;
        using var cursor = new SegmentCursor(Open(segment.Name), options, segment.Name, Expected, isLast ? long.MaxValue : Segments[index + 1].First);
        var going = true;
        while (going)
        {
            going = cursor.MoveNext() switch
            {
                CursorState.Frame => Accept(segment, cursor, replay) || Judge(segment, cursor, isLast),
                CursorState.Bad => Judge(segment, cursor, isLast),
                _ => false,
            };
        }
        segment.End = cursor.NextOffset;
        Expected = cursor.Expected;
        if (_shortened is not { } fault || IsDamaged)
            return;
        if (options.Strict)
            _ = Damage(segment, segment.End, null, fault);
        else
            CutOff(segment, fault);
    }

    // The end of the frames read may be that of a frame, so that nothing else shows it.
    private void CutOff(Segment segment, string fault)
    {
        segment.IsDamaged = true;
        Findings.Add(new LogFinding(LogFindingKind.Skipped, segment.Name, segment.End, 0, Expected, null, null,
            $"{segment.Name} was cut off: {fault}. Frames that stood there from sequence {Expected} on are gone."));
    }

    private bool Accept(Segment segment, SegmentCursor cursor, FrameReader replay)
    {
        try
        {
            replay(cursor.Frame);
        }
        catch (FrameRefusedException refused) when (options.Strict)
        {
            cursor.Refuse(refused.Message);
            return false;
        }
        segment.LastFrameAt = cursor.Offset;
        segment.LastFrameBytes = cursor.Used;
        LastHead = cursor.Frame.Head.ToArray();
        Frames++;
        return true;
    }

    // What the bad bytes the cursor stands on mean. Answers whether to go on in this segment.
    private bool Judge(Segment segment, SegmentCursor cursor, bool isLast)
    {
        if (!options.Strict)
            return JudgeTolerant(segment, cursor, isLast);
        Expected = cursor.Expected;
        if (!isLast || _shortened is not null)
            return Damage(segment, cursor.Offset, null, _shortened ?? cursor.Fault);
        if (cursor.LaterSequence() is { } later)
            return Damage(segment, cursor.Offset, later, $"{cursor.Fault}, and later frames follow");
        if (cursor.Expected < options.AcknowledgedBelow)
            return Damage(segment, cursor.Offset, options.AcknowledgedBelow, $"{cursor.Fault}, and the frame is known to have been acknowledged");
        if (!HasZeroSector(cursor))
            return Damage(segment, cursor.Offset, null, $"{cursor.Fault}, and every sector of it was written, so it was not torn by a crash");
        Torn(segment, cursor);
        return false;
    }

    private bool JudgeTolerant(Segment segment, SegmentCursor cursor, bool isLast)
    {
        var from = cursor.Offset;
        var sequence = cursor.Expected;
        var fault = cursor.Fault;
        if (cursor.TrySkip())
        {
            segment.IsDamaged = true;
            Skipped(segment, from, cursor.NextOffset - from, sequence, null, fault);
            return true;
        }
        if (isLast)
        {
            Torn(segment, cursor);
            return false;
        }
        segment.IsDamaged = true;
        Skipped(segment, from, cursor.Window.EndOfContent(from) - from, sequence, null, fault);
        return false;
    }

    // A crash leaves each sector written or not, and not written means zeros: pages start as zeros, are written once, and no frame of a
    // strict log has a sector of zeros. Damage leaves something else.
    private static bool HasZeroSector(SegmentCursor cursor)
    {
        // Of a head that does not check, the whole of its sectors: zeros that end within one are no crash's.
        var extent = cursor.Used > 0 ? cursor.Used : (int)SegmentCursor.AlignUp(cursor.HeadBytes, FrameLayout.SectorBytes);
        return FrameLayout.HasZeroSector(cursor.Window.At(cursor.Offset, extent));
    }

    private void Torn(Segment segment, SegmentCursor cursor)
    {
        var end = cursor.Window.EndOfContent(cursor.Offset);
        Tail = (cursor.Offset, end);
        Findings.Add(new LogFinding(LogFindingKind.TornTail, segment.Name, cursor.Offset, end - cursor.Offset, cursor.Expected, null, null,
            $"The last {end - cursor.Offset} bytes of {segment.Name}, at byte {cursor.Offset}, sequence {cursor.Expected} and on, were cut off by a crash: {cursor.Fault}."));
    }

    private void Skipped(Segment segment, long offset, long bytes, long from, long? to, string fault) =>
        Findings.Add(new LogFinding(LogFindingKind.Skipped, segment.Name, offset, bytes, from, to, null,
            $"{bytes} bytes of {segment.Name} at byte {offset}, where sequence {from} was expected, were passed over: {fault}."));

    private bool Damage(Segment? segment, long offset, long? next, string fault)
    {
        IsDamaged = true;
        var name = segment?.Name ?? options.Folder;
        var lost = next is { } to && to > Expected ? $"sequences {Expected} to {to - 1}" : $"sequence {Expected} and on";
        Findings.Add(new LogFinding(LogFindingKind.Corruption, name, offset, 0, Expected, next, null,
            $"{name} is damaged at byte {offset}: {fault}. Not readable: {lost}. Nothing was changed, and nothing more is written."));
        return false;
    }

    private IDiskFile Open(string name) => disk.Open(Folders.Join(options.Folder, name), writable: false);

    private long? FirstOf(string name)
    {
        const int Digits = 20;
        return name.Length == Digits + options.Suffix.Length && name.EndsWith(options.Suffix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            ? first
            : null;
    }
}
