using HmsOps.LedgerVerifier.Proofs;

namespace HmsOps.LedgerVerifier.Folders;

/// <summary>
/// Walks one segment, page by page to its last byte. A frame that does not check is damage, unless it is the log's last and looks as a crash
/// leaves it: sectors are written whole or not at all, pages are zeros before they are written, and no frame has a sector of zeros. Hence a
/// torn frame lacks a sector, and one that has them all was written whole and changed afterwards (docs/formats/ledger.md, Torn or damaged).
/// </summary>
internal sealed class SegmentCheck(
    ILedgerFolder folder, string name, int expectedNumber, bool isLast, ReadOnlyMemory<byte> originHash, LogSoFar log)
{
    private byte[] _bytes = [];

    /// <summary>What was found besides: a tail that was never acknowledged, a segment that was never finished.</summary>
    public string? Note { get; private set; }

    /// <summary>Set when the segment holds what this version does not know.</summary>
    public string? Unsupported { get; private set; }

    /// <summary>Takes the segment's entries into the log; answers the first damage.</summary>
    public Damage? Run()
    {
        _bytes = folder.Read(name);
        if (isLast && Layout.IsZero(_bytes))
        {
            Note = $"{name} was begun and holds nothing yet.";
            return null;
        }
        if (HeaderFault() is { } header)
        {
            Unsupported = header.Depth == Depth.Unknown ? $"{name}: {header.What}" : null;
            return Unsupported is null ? header.At(name, 0, log.Tree.Size) : null;
        }

        var offset = Layout.PageBytes;
        while (offset < _bytes.Length)
        {
            if (EndsAt(offset))
                return null;
            var fault = FrameFault(offset, out var next);
            if (fault is null)
                offset = next;
            else if (!HasChangedSince(offset))
                return Judge(fault, offset);
        }
        return null;
    }

    private Fault? HeaderFault()
    {
        if (_bytes.Length < Layout.PageBytes)
            return Fault.Head("the segment is shorter than its header page");
        var page = _bytes.AsSpan(0, Layout.PageBytes);
        if (!page.StartsWith(Layout.SegmentMagic))
            return Fault.Head("the segment does not begin as one of a ledger");
        if (Layout.CrcAround(page, Layout.Page.Crc) is var crc && crc != Layout.U32(page, Layout.Page.Crc))
            return new Fault(Depth.Head, "the header page does not match its checksum", Layout.U32(page, Layout.Page.Crc).ToString("x8"), crc.ToString("x8"));
        if (Layout.U16(page, Layout.Page.Version) is var version and not Layout.Page.KnownVersion)
            return new Fault(Depth.Unknown, $"format version {version}, and this verifier knows version {Layout.Page.KnownVersion}");
        if (Layout.U16(page, Layout.Page.Flags) is var flags and not Layout.Page.Strict)
            return new Fault(Depth.Unknown, $"flags {flags}, and this verifier knows only {Layout.Page.Strict}, a strict log");
        if (Layout.U32(page, Layout.Page.Align) != Layout.PageBytes || Layout.U32(page, Layout.Page.ExtensionBytes) != Layout.Frame.ExtensionBytes)
            return Fault.Content("the segment's frames are not a ledger's: other alignment or extension");
        return DoesNotFollow(page);
    }

    private Fault? DoesNotFollow(ReadOnlySpan<byte> page)
    {
        var origin = page.Slice(Layout.Page.Origin, Layout.OriginBytes);
        if (!origin.SequenceEqual(originHash.Span))
            return Fault.Content("the segment belongs to a log of another name", Convert.ToHexStringLower(originHash.Span), Convert.ToHexStringLower(origin));
        var first = Layout.I64(page, Layout.Page.FirstSequence);
        if (first != log.Tree.Size || FolderNames.FirstSequence(name) != first)
            return Fault.Content("the segment does not begin where the one before it ends, or not where its name says", log.Tree.Size.ToString(), first.ToString());
        if (Layout.I64(page, Layout.Page.Number) is var number && number != expectedNumber)
            return Fault.Content("a segment is missing, or was put in: the segments are not numbered in a row", expectedNumber.ToString(), number.ToString());
        var root = log.Tree.Root();
        var stated = page.Slice(Layout.Page.Root, Hashing.Bytes);
        if (!stated.SequenceEqual(root))
            return Fault.Content("the segment continues another tree than the segments before it make", Convert.ToHexStringLower(root), Convert.ToHexStringLower(stated));
        var length = Layout.I64(page, Layout.Page.SegmentBytes);
        if (_bytes.Length < length)
            return Fault.Content("the file has been cut off: it has fewer bytes than it was made with", length.ToString(), _bytes.Length.ToString());
        return null;
    }

    private bool EndsAt(int offset)
    {
        var rest = _bytes.AsSpan(offset);
        return Layout.IsZero(rest[..Math.Min(Layout.SectorBytes, rest.Length)]) && Layout.IsZero(rest);
    }

    private Fault? FrameFault(int offset, out int next)
    {
        next = offset;
        if (!HeadChecks(offset, out var used))
            return Fault.Head("what stands where a batch should begin does not match its checksum");
        var frame = _bytes.AsSpan(offset, used);
        var (stated, found) = (Layout.U32(frame, Layout.Frame.PayloadCrc), Layout.Crc(frame[Layout.Frame.HeadBytes..]));
        if (stated != found)
            return new Fault(Depth.Payload, "the entries do not match their batch's checksum", stated.ToString("x8"), found.ToString("x8"));
        var end = Math.Min((offset + used + Layout.PageBytes - 1) & -Layout.PageBytes, _bytes.Length);
        if (!Layout.IsZero(_bytes.AsSpan(offset + used, end - offset - used)))
            return Fault.Content("the page behind the batch is not filled with zeros");
        next = end;
        return log.Take(frame);
    }

    private bool HeadChecks(int offset, out int used)
    {
        used = 0;
        if (_bytes.Length - offset < Layout.Frame.HeadBytes)
            return false;
        var head = _bytes.AsSpan(offset, Layout.Frame.HeadBytes);
        if (!head.StartsWith(Layout.FrameMagic)
            || head[Layout.Frame.ExtensionLength] * 8 != Layout.Frame.ExtensionBytes
            || Layout.U16(head, Layout.Frame.Flags) != 0
            || Layout.CrcAround(head, Layout.Frame.Crc) != Layout.U32(head, Layout.Frame.Crc))
        {
            return false;
        }
        var stated = Layout.U32(head, Layout.Frame.Used);
        if (stated < Layout.Frame.HeadBytes || stated > _bytes.Length - offset)
            return false;
        used = (int)stated;
        return true;
    }

    // A writer may be at work: a batch seen half written is whole a moment later, and then the walk goes on with it. Ends, because the file
    // must have changed in between, and every page of a log is written once.
    private bool HasChangedSince(int offset)
    {
        var now = folder.Read(name);
        if (now.AsSpan().SequenceEqual(_bytes) || now.Length < offset)
            return false;
        _bytes = now;
        return true;
    }

    private Damage? Judge(Fault fault, int offset)
    {
        if (fault.Depth == Depth.Unknown)
        {
            Unsupported = $"{name} at byte {offset}: {fault.What}";
            return null;
        }
        if (!isLast)
            return fault.At(name, offset, log.Tree.Size, "and later segments follow");
        if (LaterFrame(offset) is { } later)
            return fault.At(name, offset, log.Tree.Size, $"and a later batch, from entry {later} on, follows");
        if (!IsTorn(fault, offset))
            return fault.At(name, offset, log.Tree.Size);
        var bytes = _bytes.AsSpan(offset).LastIndexOfAnyExcept((byte)0) + 1;
        Note = $"A torn, never acknowledged tail of {bytes} bytes is in {name} at byte {offset}: a crash left it, or a batch is being written just now.";
        return null;
    }

    private long? LaterFrame(int offset)
    {
        for (var at = offset + Layout.PageBytes; at < _bytes.Length; at += Layout.PageBytes)
        {
            if (HeadChecks(at, out _) && Layout.I64(_bytes, at + Layout.Frame.FirstSequence) is var first && first > log.Tree.Size)
                return first;
        }
        return null;
    }

    private bool IsTorn(Fault fault, int offset) => fault.Depth switch
    {
        Depth.Head => Layout.IsZero(_bytes.AsSpan(offset, Math.Min(Layout.SectorBytes, _bytes.Length - offset))),
        Depth.Payload => LacksSector(_bytes.AsSpan(offset, (int)Layout.U32(_bytes, offset + Layout.Frame.Used))),
        _ => false,
    };

    private static bool LacksSector(ReadOnlySpan<byte> frame)
    {
        for (; !frame.IsEmpty; frame = frame[Math.Min(Layout.SectorBytes, frame.Length)..])
        {
            if (Layout.IsZero(frame[..Math.Min(Layout.SectorBytes, frame.Length)]))
                return true;
        }
        return false;
    }
}
