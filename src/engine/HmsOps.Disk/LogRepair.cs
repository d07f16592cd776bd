using System.Buffers;

namespace HmsOps.Disk;

/// <summary>
/// Does what a scan found to do, before anything acts on the log: removes what was never finished, keeps a torn tail aside and clears it, and
/// writes the header and the last frame of the last segment again to their own places. Each step may be cut off by a crash and done again.
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

    // After a failed flush the page cache may show a frame the disk never got, and a restart without a reboot would believe it. The same
    // bytes to the same place make a second tear harmless.
    private void WriteAgain(LogScan scan, Segment last)
    {
        using var file = disk.Open(PathOf(last.Name), writable: true);
        if (scan.Tail is { } tail)
            Clear(file, tail);
        if (!last.HasNoHeader)
            Again(file, 0, HeaderPage.Bytes);
        if (last.LastFrameBytes > 0)
            Again(file, last.LastFrameAt, last.LastFrameBytes);
        file.Flush();
    }

    private static void Again(IDiskFile file, long offset, int length)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var read = file.Read(offset, bytes.AsSpan(0, length));
            file.Write(offset, bytes.AsSpan(0, read));
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
