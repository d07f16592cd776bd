using System.Text;
using HmsOps.Simulation.Time;

namespace HmsOps.Disk.Tests;

/// <summary>Logs as the ledger and the metric store open them, small enough to see; and what was replayed from one.</summary>
internal static class LogFixture
{
    public const string Folder = "data/log";

    public static readonly byte[] Origin = "county-court-log"u8.ToArray();

    public static TimeProvider Time { get; } = VirtualTime.OnFridayAfternoon();

    /// <summary>As the ledger: aligned, strict, an extension, poisoned by a failed flush.</summary>
    public static FramedLogOptions Strict { get; } = new()
    {
        Folder = Folder,
        Suffix = ".open",
        Align = 4096,
        Strict = true,
        OnFlushFailure = OnFlushFailure.Poison,
        SegmentBytes = 24 << 10,
        ExtensionBytes = 96,
        Origin = Origin,
    };

    /// <summary>As the metric store: unaligned, tolerant, rolling.</summary>
    public static FramedLogOptions Tolerant { get; } = new()
    {
        Folder = Folder,
        OnFlushFailure = OnFlushFailure.Roll,
        SegmentBytes = 8 << 10,
        Origin = Origin,
    };

    /// <summary>A payload without a zero byte that nothing else equals.</summary>
    public static byte[] Payload(long sequence, int bytes, int writing = 0)
    {
        var text = $"{{\"seq\":{sequence},\"writing\":{writing}";
        return Encoding.ASCII.GetBytes(text + new string('.', Math.Max(0, bytes - text.Length - 1)) + "}");
    }

    public static byte[] Extension(FramedLogOptions options) => [.. Enumerable.Repeat((byte)7, options.ExtensionBytes)];

    public static (FramedLog Log, List<Replayed> Frames) Open(IDisk disk, FramedLogOptions options)
    {
        List<Replayed> frames = [];
        var log = FramedLog.Open(disk, options, Time, (in Frame frame) => frames.Add(Replayed.Of(frame)));
        return (log, frames);
    }

    /// <summary>Writes and flushes frames of one sequence each, from the log's next on.</summary>
    public static void Append(FramedLog log, FramedLogOptions options, params byte[][] payloads)
    {
        foreach (var payload in payloads)
        {
            log.Write(1, log.NextSequence, 1, Extension(options), payload);
            log.Flush();
        }
    }

    public static List<Replayed> ReadAll(FramedLog log)
    {
        List<Replayed> frames = [];
        log.ReadAll((in Frame frame) => frames.Add(Replayed.Of(frame)));
        return frames;
    }
}

/// <summary>A frame, copied.</summary>
internal sealed record Replayed(byte Type, long Sequence, int Count, string Payload, string Segment, long Offset)
{
    public static Replayed Of(in Frame frame) =>
        new(frame.Type, frame.Sequence, frame.Count, Encoding.ASCII.GetString(frame.Payload), frame.Segment, frame.Offset);
}
