using System.Buffers.Binary;
using HmsOps.Disk;
using HmsOps.Fuzz.Harness;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>Segments of the framed log, strict and tolerant. An input is the file of one segment.</summary>
static class LogDecoders
{
    const string Folder = "log";
    const string Name = "00000000000000000000";

    static readonly byte[] Origin = [.. "the origin of it"u8];
    static readonly FramedLogOptions Tolerant = new() { Folder = Folder, Origin = Origin, SegmentBytes = 8192, OnFlushFailure = OnFlushFailure.Roll };
    static readonly FramedLogOptions Strict = Tolerant with { Strict = true, Align = 512, ExtensionBytes = 16, OnFlushFailure = OnFlushFailure.Poison };

    public static IReadOnlyList<Decoder> All =>
    [
        new("log-tolerant", input => Read(input, Tolerant)) { Seeds = () => Seeds(Tolerant), Seal = file => Seal(file, 1, 0), HeadBytes = HeaderPage.Bytes, InputBytesMax = 8192, AllocationBase = 8 << 20, AllocationPerByte = 400, Share = 15 },
        new("log-strict", input => Read(input, Strict)) { Seeds = () => Seeds(Strict), Seal = file => Seal(file, 512, 16), HeadBytes = HeaderPage.Bytes, InputBytesMax = 8192, AllocationBase = 8 << 20, AllocationPerByte = 400, Share = 15 },
    ];

    static Reading Read(ReadOnlyMemory<byte> input, FramedLogOptions options)
    {
        var disk = new SimulatedDisk(new Random(1));
        input = Whole(input, (int)options.SegmentBytes);
        disk.Put($"{Folder}/{Name}", input.Span);
        try
        {
            var (frames, digest, findings, state) = Opened(disk, options, write: true);
            if (!options.Strict)
                Unless(state == LogState.Writable, $"a tolerant log did not start: {state}");
            if (state != LogState.Writable)
            {
                Unless(options.Strict && disk.Content($"{Folder}/{Name}").AsSpan().SequenceEqual(input.Span), "a damaged log was changed");
                return new Reading(false, $"{state}: {findings}", digest.Value);
            }
            var again = Opened(disk, options, write: false);
            Unless(again.State == LogState.Writable && again.Frames == frames + 1, $"{frames} frames and one written are {again.Frames} and the log is {again.State} at the next start: {again.Findings}");
            return Reading.Accepted($"{frames} frames: {findings}", digest);
        }
        catch (LogMismatchException e)
        {
            return Reading.Refused(e.Message[(e.Message.IndexOf(Name, StringComparison.Ordinal) + Name.Length)..]);
        }
    }

    /// <summary>With the zeros that a segment ends in, as long as it was begun; cut off there when its length is odd.</summary>
    public static ReadOnlyMemory<byte> Whole(ReadOnlyMemory<byte> input, int segmentBytes)
    {
        if (input.Length >= segmentBytes || int.IsOddInteger(input.Length))
            return input;
        var whole = new byte[segmentBytes];
        input.CopyTo(whole);
        return whole;
    }

    // What a life of the log sees. One that may be written to gets a frame more.
    static (long Frames, Digest Digest, string Findings, LogState State) Opened(SimulatedDisk disk, FramedLogOptions options, bool write)
    {
        var frames = 0L;
        var digest = new Digest();
        var next = 0L;
        using var log = FramedLog.Open(disk, options, new VirtualTime(DateTimeOffset.UnixEpoch), (in Frame frame) =>
        {
            Unless(frame.Sequence >= next, $"frame {frame.Sequence} comes after one that ends at {next}");
            next = frame.Next;
            digest.Add(frame.Sequence);
            digest.Add(frame.Payload);
            frames++;
        });
        if (write && log.State == LogState.Writable)
        {
            log.Write(1, log.NextSequence, 1, new byte[options.ExtensionBytes], "one more"u8);
            log.Flush();
        }
        return (frames, digest, string.Join(' ', log.Recovery.Findings.Select(finding => write ? finding.Kind.ToString() : finding.Sentence)), log.State);
    }

    /// <summary>Makes the checksums of a header page and of each frame that can be found right.</summary>
    public static void Seal(byte[] file, int align, int extensionBytes)
    {
        if (file.Length < HeaderPage.Bytes)
            return;
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(12), Crc32C.OfAllBut(file.AsSpan(0, HeaderPage.Bytes), 12));
        var head = FrameLayout.HeaderBytes + extensionBytes;
        for (var at = HeaderPage.Bytes; at + head <= file.Length;)
        {
            var frame = file.AsSpan(at);
            var used = BinaryPrimitives.ReadInt32LittleEndian(frame[FrameLayout.UsedAt..]);
            if (!frame.StartsWith(FrameLayout.Magic) || used < head || used > frame.Length)
            {
                at += align;
                continue;
            }
            BinaryPrimitives.WriteUInt32LittleEndian(frame[FrameLayout.PayloadCrcAt..], Crc32C.Of(frame[head..used]));
            BinaryPrimitives.WriteUInt32LittleEndian(frame[FrameLayout.HeadCrcAt..], Crc32C.OfAllBut(frame[..head], FrameLayout.HeadCrcAt));
            at += (used + align - 1) / align * align;
        }
    }

    static IEnumerable<(string, byte[])> Seeds(FramedLogOptions options)
    {
        foreach (var frames in (int[])[0, 1, 5])
        {
            var disk = new SimulatedDisk(new Random(1));
            using var log = FramedLog.Open(disk, options, new VirtualTime(DateTimeOffset.UnixEpoch), (in Frame _) => { });
            for (var i = 0; i < frames; i++)
            {
                log.Write((byte)i, log.NextSequence, 1 + i, Enumerable.Repeat((byte)7, options.ExtensionBytes).ToArray(), [.. Enumerable.Range(0, 40 * i).Select(b => (byte)(1 + (b % 250)))]);
                log.Flush();
            }
            var path = disk.Paths.FirstOrDefault(path => path.StartsWith($"{Folder}/0", StringComparison.Ordinal));
            if (path is not null)
                yield return ($"{frames}-frames", disk.Content(path)[..(HeaderPage.Bytes + (frames * 512))]);
        }
    }
}
