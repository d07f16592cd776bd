using System.Buffers;

namespace HmsOps.Disk;

/// <summary>
/// Does what a scan found to do, before anything acts on the log: removes what was never finished, keeps a torn tail aside and clears it, and
/// writes again, to its own place, what the disk may never have got of the last segment. Each step may be cut off by a crash and done again.
/// </summary>
internal sealed class LogRepair(IDisk disk, FramedLogOptions options, TimeProvider time)
{
    public void Run(LogScan scan)
    {
        foreach (var name in disk.List(options.Folder).Where(name => name.EndsWith(".new", StringComparison.Ordinal)))
            disk.Delete(PathOf(name)); // a segment that was not finished: it never had its name
        foreach (var name in scan.Unfinished)
            disk.Delete(PathOf(name));
        if (scan.Segments is [.., var last])
        {
            if (scan.Tail is { } tail)
                KeepAside(scan, last, tail);
            WriteAgain(scan, last);
        }
        disk.FlushFolder(options.Folder);
    }

    private void KeepAside(LogScan scan, Segment last, (long From, long To) tail)
    {
        var torn = new byte[tail.To - tail.From];
        using (var file = disk.Open(PathOf(last.Name), writable: false))
            _ = file.Read(tail.From, torn);
        var at = scan.Findings.FindIndex(finding => finding.Kind == LogFindingKind.TornTail);
        var finding = scan.Findings[at];
        var keptAs = $"torn-{finding.FromSequence:D20}-{time.GetUtcNow():yyyyMMddTHHmmssfffZ}";
        AtomicFile.Replace(disk, PathOf(keptAs), torn);
        scan.Findings[at] = finding with { KeptAs = keptAs, Sentence = $"{finding.Sentence} They are kept in {keptAs}." };
    }

    // After a failed flush the page cache may show frames the disk never got, and a restart without a reboot would believe them. The same
    // bytes to the same place make a second tear harmless. In a strict log that can be the last frame only, and the header of a segment
    // without any; a tolerant one may have lost any frame of its last segment.
    private void WriteAgain(LogScan scan, Segment last)
    {
        using var file = disk.Open(PathOf(last.Name), writable: true);
        if (scan.Tail is { } tail)
            Clear(file, tail);
        if (!options.Strict)
        {
            Again(file, 0, last.End);
        }
        else
        {
            Again(file, 0, HeaderPage.Bytes);
            Again(file, last.LastFrameAt, last.LastFrameBytes);
        }
        file.Flush();
    }

    private static void Again(IDiskFile file, long from, long length)
    {
        const int PartBytes = 1 << 20;
        var bytes = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, PartBytes));
        try
        {
            for (var done = 0L; done < length;)
            {
                var part = bytes.AsSpan(0, (int)Math.Min(bytes.Length, length - done));
                var read = file.Read(from + done, part);
                if (read == 0)
                    break;
                file.Write(from + done, part[..read]);
                done += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static void Clear(IDiskFile file, (long From, long To) tail)
    {
        var zeros = new byte[Math.Min(tail.To - tail.From, 1 << 20)];
        for (var at = tail.From; at < tail.To; at += zeros.Length)
            file.Write(at, zeros.AsSpan(0, (int)Math.Min(zeros.Length, tail.To - at)));
    }

    private string PathOf(string name) => Folders.Join(options.Folder, name);
}
