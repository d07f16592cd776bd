using HmsOps.Simulation.Disk;
using static HmsOps.Disk.Tests.LogFixture;

namespace HmsOps.Disk.Tests;

public sealed class FlushFailureTests
{
    private static readonly DiskFaults Never = new() { WritesBack = 0 };
    private static readonly DiskFaults Always = new() { FlushFails = 1, WritesBack = 0 };

    private readonly SimulatedDisk _disk = new(new Random(3), Never);

    [Fact]
    public void A_failed_flush_poisons_a_strict_log_for_good()
    {
        using var log = Open(_disk, Strict).Log;
        Append(log, Strict, Payload(0, 40));
        log.Write(1, 1, 1, Extension(Strict), Payload(1, 40));
        _disk.Faults = Always;
        var first = Assert.Throws<LogPoisonedException>(log.Flush);
        _disk.Faults = Never;

        Assert.Contains("errno 5", first.Message);
        Assert.IsType<DiskFlushException>(first.InnerException);
        Assert.Equal(LogState.Poisoned, log.State);
        var flushed = _disk.FlushesFailed;
        Assert.Equal(log.StateReason, Assert.Throws<LogPoisonedException>(log.Flush).Message);
        Assert.Throws<LogPoisonedException>(() => log.Write(1, 2, 1, Extension(Strict), Payload(2, 40)));
        Assert.Throws<LogPoisonedException>(() => log.CutBefore(1));
        Assert.Equal(flushed, _disk.FlushesFailed);
        Assert.Equal([0L], ReadAll(log).Select(frame => frame.Sequence)); // it still serves what is durable
    }

    [Theory]
    [InlineData(AfterFailedFlush.CacheIsNew)]
    [InlineData(AfterFailedFlush.CacheIsOld)]
    public void After_a_failed_flush_a_restart_believes_only_what_it_made_durable_itself(AfterFailedFlush after)
    {
        using (var log = Open(_disk, Strict).Log)
        {
            Append(log, Strict, Payload(0, 40));
            log.Write(1, 1, 1, Extension(Strict), Payload(1, 40));
            _disk.Faults = Always with { AfterFailedFlush = after };
            Assert.Throws<LogPoisonedException>(log.Flush);
        }
        _disk.Faults = Never;
        _disk.Restart();
        var seen = Open(_disk, Strict).Frames;
        _disk.Crash();

        Assert.Equal(seen, Open(_disk, Strict).Frames);
    }

    [Theory]
    [InlineData(AfterFailedFlush.CacheIsNew)]
    [InlineData(AfterFailedFlush.CacheIsOld)]
    public void A_rolling_log_writes_again_what_the_disk_refused(AfterFailedFlush after)
    {
        var failing = new FailingFlushes(_disk);
        using (var log = Open(failing, Tolerant).Log)
        {
            Append(log, Tolerant, Payload(0, 40));
            log.Write(1, 1, 1, [], Payload(1, 40));
            log.Write(1, 2, 1, [], Payload(2, 40));
            failing.Next = 1;
            _disk.Faults = Never with { AfterFailedFlush = after };
            log.Flush();

            Assert.Equal(LogState.Writable, log.State);
            Assert.Equal(["00000000000000000000", "00000000000000000001"], log.Segments);
            Append(log, Tolerant, Payload(3, 40));
            Assert.Equal([0L, 1L, 2L, 3L], ReadAll(log).Select(frame => frame.Sequence));
        }
        _disk.Crash();
        var (again, frames) = Open(_disk, Tolerant);
        Assert.Equal([0L, 1L, 2L, 3L], frames.Select(frame => frame.Sequence));
        Assert.True(again.Recovery.IsClean, string.Join(' ', again.Recovery.Findings.Select(finding => finding.Sentence)));
    }

    [Fact]
    public void A_second_failure_makes_a_rolling_log_read_only_and_says_so()
    {
        using var log = Open(_disk, Tolerant).Log;
        Append(log, Tolerant, Payload(0, 40));
        log.Write(1, 1, 1, [], Payload(1, 40));
        _disk.Faults = Always;
        var failure = Assert.Throws<LogUnwritableException>(log.Flush);

        Assert.Equal((LogState.ReadOnly, LogState.ReadOnly), (failure.State, log.State));
        Assert.Contains("Writing the frames again to a new segment failed too", log.StateReason);
        Assert.Equal([0L], ReadAll(log).Select(frame => frame.Sequence));
    }

    [Fact]
    public void A_failed_write_poisons_a_strict_log_and_makes_a_tolerant_one_read_only()
    {
        foreach (var (options, state) in new[] { (Strict, LogState.Poisoned), (Tolerant, LogState.ReadOnly) })
        {
            var disk = new SimulatedDisk(new Random(3), Never);
            using var log = Open(disk, options).Log;
            Append(log, options, Payload(0, 40));
            disk.Faults = Never with { WriteFails = 1 };
            Assert.ThrowsAny<LogUnwritableException>(() => Append(log, options, Payload(1, 40)));
            Assert.Equal(state, log.State);
        }
    }

    [Fact]
    public void A_disk_full_at_a_new_segment_says_so_and_the_log_goes_on_when_there_is_room()
    {
        foreach (var options in new[] { Strict, Tolerant })
        {
            var disk = new SimulatedDisk(new Random(3), Never);
            using var log = Open(disk, options).Log;
            Append(log, options, Payload(0, log.PayloadBytesMax));
            disk.Faults = Never with { SpaceBytes = options.SegmentBytes + 100 };

            var full = Assert.Throws<DiskFullException>(() => Append(log, options, Payload(1, 40)));
            Assert.Contains("No room is left for data/log/00000000000000000001", full.Message);
            Assert.Equal(LogState.Writable, log.State);

            disk.Faults = Never;
            Append(log, options, Payload(1, 40));
            Assert.Equal([0L, 1L], ReadAll(log).Select(frame => frame.Sequence));
        }
    }

    [Fact]
    public void A_segment_takes_room_as_it_needs_it_and_a_full_disk_refuses_a_frame_whole()
    {
        const int MiB = 1 << 20;
        foreach (var options in new[] { Strict with { SegmentBytes = 8 * MiB }, Tolerant with { SegmentBytes = 8 * MiB } })
        {
            var disk = new SimulatedDisk(new Random(3), Never);
            using var log = Open(disk, options).Log;
            Append(log, options, Payload(0, 40));
            Assert.Equal(disk.Faults.SpaceBytes - MiB, disk.FreeBytes("data/log"));
            disk.Faults = Never with { SpaceBytes = MiB };

            Append(log, options, Payload(1, MiB / 2));
            Assert.Throws<DiskFullException>(() => Append(log, options, Payload(2, MiB / 2)));
            Assert.Equal(LogState.Writable, log.State);
            disk.Restart();
            Assert.Equal([0L, 1L], ReadAll(Open(disk, options).Log).Select(frame => frame.Sequence));

            disk.Faults = Never;
            using var again = Open(disk, options).Log;
            Append(again, options, Payload(2, MiB / 2));
            Assert.Equal([0L, 1L, 2L], ReadAll(again).Select(frame => frame.Sequence));
        }
    }

    [Fact]
    public void A_disk_that_cannot_be_written_at_opening_is_read_and_named()
    {
        using (var log = Open(_disk, Strict).Log)
            Append(log, Strict, Payload(0, 40));
        _disk.Faults = Never with { WriteFails = 1 };

        var (again, frames) = Open(_disk, Strict);
        using (again)
        {
            Assert.Single(frames);
            Assert.Equal(LogState.ReadOnly, again.State);
            Assert.Contains("The log cannot be written", again.StateReason);
            Assert.Throws<LogUnwritableException>(() => Append(again, Strict, Payload(1, 40)));
        }
    }

    [Fact]
    public void A_flush_that_fails_at_opening_poisons_a_strict_log_and_makes_a_tolerant_one_write_all_of_it_again()
    {
        foreach (var (options, state) in new[] { (Strict, LogState.Poisoned), (Tolerant, LogState.Writable) })
        {
            var disk = new SimulatedDisk(new Random(3), Never);
            using (var log = Open(disk, options).Log)
                Append(log, options, Payload(0, 40), Payload(1, 40));
            using (var log = Open(new FailingFlushes(disk) { Next = 1 }, options).Log)
                Assert.Equal(state, log.State);
            disk.Crash();
            var (again, frames) = Open(disk, options);
            Assert.Equal([0L, 1L], frames.Select(frame => frame.Sequence));
            Assert.Equal(LogState.Writable, again.State);
        }
    }

    /// <summary>Refuses as many flushes of files as it is told, then none.</summary>
    private sealed class FailingFlushes(SimulatedDisk disk) : IDisk
    {
        public int Next { get; set; }

        public IDiskFile Create(string path, long reserve) => new File(this, disk.Create(path, reserve));

        public IDiskFile Open(string path, bool writable) => new File(this, disk.Open(path, writable));

        public bool Exists(string path) => disk.Exists(path);

        public void CreateFolder(string path) => disk.CreateFolder(path);

        public IReadOnlyList<string> List(string folder) => disk.List(folder);

        public void Rename(string from, string to) => disk.Rename(from, to);

        public void Link(string path, string second) => disk.Link(path, second);

        public void Delete(string path) => disk.Delete(path);

        public void FlushFolder(string folder) => disk.FlushFolder(folder);

        public IDisposable? TryLock(string path) => disk.TryLock(path);

        public long FreeBytes(string folder) => disk.FreeBytes(folder);

        private sealed class File(FailingFlushes owner, IDiskFile file) : IDiskFile
        {
            public string Path => file.Path;

            public long Length => file.Length;

            public int Read(long offset, Span<byte> into) => file.Read(offset, into);

            public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(offset, bytes);

            public void SetLength(long length) => file.SetLength(length);

            public void Reserve(long offset, long bytes) => file.Reserve(offset, bytes);

            public void Flush()
            {
                if (owner.Next-- <= 0)
                {
                    file.Flush();
                    return;
                }
                var disk = owner.Disk;
                var before = disk.Faults;
                disk.Faults = before with { FlushFails = 1 };
                try
                {
                    file.Flush();
                }
                finally
                {
                    disk.Faults = before;
                }
            }

            public void Dispose() => file.Dispose();
        }

        private SimulatedDisk Disk => disk;
    }
}
