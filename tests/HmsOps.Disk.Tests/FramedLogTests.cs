using System.Text;
using HmsOps.Simulation.Disk;
using static HmsOps.Disk.Tests.LogFixture;

namespace HmsOps.Disk.Tests;

public sealed class FramedLogTests
{
    private readonly SimulatedDisk _disk = new(new Random(1));

    public static TheoryData<bool> Manners => [true, false];

    [Theory]
    [MemberData(nameof(Manners))]
    public void What_was_written_comes_back_in_order_across_segments(bool strict)
    {
        var options = strict ? Strict : Tolerant;
        var payloads = Enumerable.Range(0, 20).Select(i => Payload(i, 100 + (i * 97))).ToArray();
        using (var log = Open(_disk, options).Log)
            Append(log, options, payloads);

        var (again, frames) = Open(_disk, options);
        using (again)
        {
            Assert.True(again.Recovery.IsClean);
            Assert.Equal(LogState.Writable, again.State);
            Assert.Equal(20, again.NextSequence);
            Assert.Equal(20, again.Recovery.Frames);
            Assert.True(again.Segments.Count > 2);
            Assert.Equal(payloads.Select(Encoding.ASCII.GetString), frames.Select(frame => frame.Payload));
            Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), frames.Select(frame => frame.Sequence));
            Assert.Equal(frames, ReadAll(again));
            Assert.All(frames, frame => Assert.Equal(0, frame.Offset % options.Align));
        }
    }

    [Fact]
    public void A_frame_is_read_again_from_the_place_its_write_answered()
    {
        using var log = Open(_disk, Strict).Log;
        List<(FramePlace Place, byte[] Payload)> written = [];
        for (var i = 0; i < 10; i++)
        {
            var payload = Payload(i, 3000);
            written.Add((log.Write(9, i, 1, Extension(Strict), payload), payload));
            log.Flush();
        }

        foreach (var (place, payload) in written)
        {
            byte[] read = [];
            log.Read(place.Segment, place.Offset, (in Frame frame) => read = frame.Payload.ToArray());
            Assert.Equal(payload, read);
        }
    }

    [Fact]
    public void The_head_of_the_last_frame_is_there_to_be_chained_before_and_after_a_restart()
    {
        byte[] head;
        using (var log = Open(_disk, Strict).Log)
        {
            Assert.True(log.LastHead.IsEmpty);
            Append(log, Strict, Payload(0, 40));
            head = log.LastHead.ToArray();
        }
        using var again = Open(_disk, Strict).Log;

        Assert.Equal(128, head.Length);
        Assert.Equal(head, again.LastHead.ToArray());
    }

    [Fact]
    public void Only_what_is_durable_is_read_from_an_open_log()
    {
        using var log = Open(_disk, Tolerant).Log;
        Append(log, Tolerant, Payload(0, 40));
        log.Write(1, 1, 5, [], Payload(1, 40));

        Assert.Equal([0L], ReadAll(log).Select(frame => frame.Sequence));
        log.Flush();
        Assert.Equal([0L, 1L], ReadAll(log).Select(frame => frame.Sequence));
        Assert.Equal(6, log.NextSequence);
    }

    [Fact]
    public void A_segment_hands_its_stored_state_to_the_reader()
    {
        byte calls = 0;
        var options = Strict with { SegmentState = () => Enumerable.Repeat(++calls, 32).ToArray(), WriterEpoch = 3 };
        using (var log = Open(_disk, options).Log)
            Append(log, options, Payload(0, 9000), Payload(1, 9000), Payload(2, 9000));

        List<(string Segment, long First, long Number, long Epoch, byte State)> seen = [];
        var reading = options with
        {
            SegmentBegins = (in SegmentHead head) => seen.Add((head.Segment, head.FirstSequence, head.Number, head.WriterEpoch, head.State[31])),
        };
        Open(_disk, reading).Log.Dispose();

        Assert.Equal(
            [("00000000000000000000.open", 0L, 0L, 3L, (byte)1), ("00000000000000000001.open", 1L, 1L, 3L, (byte)2), ("00000000000000000002.open", 2L, 2L, 3L, (byte)3)],
            seen);
    }

    [Fact]
    public void Whole_segments_behind_the_cursor_are_deleted_and_the_last_one_stays()
    {
        using var log = Open(_disk, Tolerant).Log;
        Append(log, Tolerant, [.. Enumerable.Range(0, 12).Select(i => Payload(i, 1300))]);
        Assert.Equal(["00000000000000000000", "00000000000000000003", "00000000000000000006", "00000000000000000009"], log.Segments);
        var before = log.Bytes;

        log.CutBefore(8);
        Assert.Equal(["00000000000000000006", "00000000000000000009"], log.Segments);
        Assert.Equal(before / 2, log.Bytes);
        Assert.Equal(6, ReadAll(log)[0].Sequence);

        log.CutBefore(1000);
        Assert.Equal(["00000000000000000009"], log.Segments);
        log.Dispose();

        var (again, frames) = Open(_disk, Tolerant);
        using (again)
        {
            Assert.True(again.Recovery.IsClean);
            Assert.Equal([9L, 10L, 11L], frames.Select(frame => frame.Sequence));
            Assert.Equal(12, again.NextSequence);
        }
    }

    [Fact]
    public void A_tolerant_log_that_lost_its_tail_goes_on_from_where_its_user_is()
    {
        using (var log = Open(_disk, Tolerant).Log)
            Append(log, Tolerant, Payload(0, 40));

        using var again = Open(_disk, Tolerant with { FirstSequence = 500 }).Log;
        Assert.Equal(500, again.NextSequence);
        Append(again, Tolerant, Payload(500, 40));
        Assert.Equal([0L, 500L], ReadAll(again).Select(frame => frame.Sequence));
    }

    [Fact]
    public void A_log_written_in_another_manner_is_refused_and_nothing_is_touched()
    {
        using (var log = Open(_disk, Strict).Log)
            Append(log, Strict, Payload(0, 40));
        var path = $"{Folder}/00000000000000000000.open";
        var before = _disk.Content(path);

        var cases = new (FramedLogOptions Options, string Says)[]
        {
            (Strict with { Strict = false, OnFlushFailure = OnFlushFailure.Roll }, "is a strict log and cannot be opened tolerant."),
            (Strict with { Align = 512 }, "has frames aligned to 4096 bytes, not 512."),
            (Strict with { ExtensionBytes = 8 }, "has frame extensions of 96 bytes, not 8."),
            (Strict with { Origin = new byte[16] }, "belongs to another log: its origin is not this one's."),
        };
        foreach (var (options, says) in cases)
        {
            var refused = Assert.Throws<LogMismatchException>(() => Open(_disk, options));
            Assert.Equal($"{path} {says} Nothing was changed.", refused.Message);
        }
        Assert.Equal(before, _disk.Content(path));
    }

    [Fact]
    public void A_segment_of_a_newer_program_is_refused_and_nothing_is_touched()
    {
        using (var log = Open(_disk, Tolerant).Log)
            Append(log, Tolerant, Payload(0, 40));
        var path = $"{Folder}/00000000000000000000";
        var content = _disk.Content(path);
        content[8] = 2;
        BitConverter.TryWriteBytes(content.AsSpan(12), Crc32C.OfAllBut(content.AsSpan(0, 4096), 12));
        _disk.Put(path, content);

        var refused = Assert.Throws<LogMismatchException>(() => Open(_disk, Tolerant));
        Assert.Contains("format version 2, and this program knows version 1", refused.Message);
        Assert.Equal(content, _disk.Content(path));
    }

    [Fact]
    public void A_broken_contract_is_refused_by_name()
    {
        using var log = Open(_disk, Strict).Log;
        Append(log, Strict, Payload(0, 40));
        var extension = Extension(Strict);

        Assert.Throws<ArgumentOutOfRangeException>("count", () => log.Write(1, 1, 0, extension, Payload(1, 40)));
        Assert.Throws<ArgumentOutOfRangeException>("sequence", () => log.Write(1, 0, 1, extension, Payload(1, 40)));
        Assert.Throws<ArgumentOutOfRangeException>("sequence", () => log.Write(1, 2, 1, extension, Payload(1, 40)));
        Assert.Throws<ArgumentException>("extension", () => log.Write(1, 1, 1, [], Payload(1, 40)));
        Assert.Throws<ArgumentException>("payload", () => log.Write(1, 1, 1, extension, new byte[log.PayloadBytesMax + 1]));
        Assert.Throws<ArgumentException>("payload", () => log.Write(1, 1, 1, extension, new byte[2000])); // zeros for whole sectors
        log.Write(1, 1, 1, extension, Payload(1, 40));
        Assert.Throws<InvalidOperationException>(() => log.Write(1, 2, 1, extension, Payload(2, 40)));
        log.Flush();
        Append(log, Strict, Payload(2, log.PayloadBytesMax));
        Assert.Equal(3, ReadAll(log).Count);
    }

    [Fact]
    public void Options_that_cannot_work_are_refused_by_name()
    {
        var cases = new (FramedLogOptions Options, string Says)[]
        {
            (Strict with { Align = 1 }, "A strict log needs an Align of 512 or more"),
            (Strict with { Align = 600 }, "Align is a power of two up to 4096, not 600."),
            (Strict with { ExtensionBytes = 12 }, "ExtensionBytes is a multiple of 8"),
            (Strict with { Origin = new byte[3] }, "Origin has 16 bytes, not 3."),
            (Strict with { SegmentBytes = 4096 }, "SegmentBytes is between 8 KiB and 2 GiB"),
            (Tolerant with { SegmentState = () => new byte[32] }, "SegmentState goes with OnFlushFailure.Poison only."),
        };
        foreach (var (options, says) in cases)
            Assert.Contains(says, Assert.Throws<ArgumentException>(() => Open(_disk, options)).Message);
    }

    [Fact]
    public void Another_process_that_wrote_behind_our_back_is_noticed_before_the_next_segment()
    {
        using var log = Open(_disk, Strict).Log;
        Append(log, Strict, Payload(0, 9000));
        var path = $"{Folder}/00000000000000000000.open";
        using (var other = _disk.Open(path, writable: true))
            other.Write(4096 + 16, [0x09]);

        var refused = Assert.Throws<LogPoisonedException>(() => Append(log, Strict, Payload(1, 9000)));
        Assert.Contains("another process writes to this log", refused.Message);
        Assert.Equal(LogState.Poisoned, log.State);
    }

    [Fact]
    public void Writing_allocates_nothing_a_frame()
    {
        using var log = Open(new DevNull(), Tolerant with { SegmentBytes = 64 << 20 }).Log;
        var payload = Payload(0, 900);
        void Round()
        {
            for (var i = 0; i < 100; i++)
                log.Write(1, log.NextSequence, 1, [], payload);
            log.Flush();
        }
        Round();
        Round();

        var before = GC.GetAllocatedBytesForCurrentThread();
        Round();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Takes everything and keeps nothing: it allocates nothing of its own.</summary>
    private sealed class DevNull : IDisk, IDiskFile
    {
        public string Path => "null";

        public long Length => 0;

        public IDiskFile Create(string path, long reserve) => this;

        public IDiskFile Open(string path, bool writable) => this;

        public bool Exists(string path) => false;

        public void CreateFolder(string path)
        {
        }

        public IReadOnlyList<string> List(string folder) => [];

        public void Rename(string from, string to)
        {
        }

        public void Link(string path, string second)
        {
        }

        public void Delete(string path)
        {
        }

        public void FlushFolder(string folder)
        {
        }

        public IDisposable? TryLock(string path) => null;

        public long FreeBytes(string folder) => 0;

        public int Read(long offset, Span<byte> into) => 0;

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
        }

        public void Reserve(long offset, long bytes)
        {
        }

        public void SetLength(long length)
        {
        }

        public void Flush()
        {
        }

        public void Dispose()
        {
        }
    }
}
