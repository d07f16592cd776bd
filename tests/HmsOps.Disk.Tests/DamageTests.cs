using HmsOps.Simulation.Disk;
using static HmsOps.Disk.Tests.LogFixture;

namespace HmsOps.Disk.Tests;

/// <summary>
/// Every byte of a small log is cut off or turned over, one at a time. A strict log must say damaged and never lose an acknowledged frame in
/// silence; a tolerant one must start, give every frame that was not touched, and say what it passed over.
/// </summary>
public sealed class DamageTests
{
    private const string First = Folder + "/00000000000000000000";

    // Frames of one sector, of several, and of more than a page; two segments.
    private static readonly int[] Sizes = [40, 700, 5000, 9000, 330, 3000];

    [Fact]
    public void A_strict_log_cut_short_at_any_byte_says_so_and_takes_nothing()
    {
        var files = Written(Strict);
        foreach (var (path, content) in files)
        {
            for (var length = 0; length < content.Length; length += length is >= 4096 and < 12_000 ? 1 : 61) // each byte of the frames, some of the header and the free space
            {
                var disk = Copy(files);
                disk.Put(path, content.AsSpan(0, length));
                var (log, frames) = Open(disk, Strict);

                // An empty last segment is one that was never finished: only the checkpoint knows better, and that is its own test.
                if (length == 0 && path == files[^1].Path)
                {
                    Assert.Equal(LogFindingKind.UnfinishedSegment, Assert.Single(log.Recovery.Findings).Kind);
                    continue;
                }
                Assert.True(log.State == LogState.Damaged, $"{path} cut at {length} is {log.State}");
                Assert.Equal(LogFindingKind.Corruption, Assert.Single(log.Recovery.Findings).Kind);
                Assert.Equal(Enumerable.Range(0, frames.Count).Select(i => (long)i), frames.Select(frame => frame.Sequence));
                Assert.Equal(length, disk.Content(path).Length);
                Assert.Throws<LogUnwritableException>(() => Append(log, Strict, Payload(6, 40)));
            }
        }
    }

    [Fact]
    public void A_last_head_overwritten_with_zeros_within_its_sector_is_damage_and_no_tear()
    {
        var files = Written(Strict);
        var disk = Copy(files);
        var (path, content) = (files[^1].Path, files[^1].Content.ToArray());
        var head = content.AsSpan().LastIndexOf("HFRM"u8);
        content.AsSpan(head, 32 + Strict.ExtensionBytes).Clear();
        disk.Put(path, content);
        var (log, _) = Open(disk, Strict);
        Assert.Equal(LogState.Damaged, log.State);
        Assert.Equal(content, disk.Content(path));
    }

    [Fact]
    public void A_bit_turned_over_anywhere_in_a_strict_log_never_loses_an_acknowledged_frame()
    {
        var files = Written(Strict);
        var dice = new Random(7);
        foreach (var (path, content) in files)
        {
            for (var at = 0; at < content.Length; at += at < 8192 ? 1 : 1 + dice.Next(8))
            {
                var disk = Copy(files);
                disk.Flip(path, at, dice.Next(8));
                var (log, frames) = Open(disk, Strict);
                using (log)
                {
                    // Either nothing acknowledged was touched and all of it is there, or the log says damaged and changed nothing.
                    if (log.State == LogState.Damaged)
                    {
                        Assert.Contains(log.Recovery.Findings, finding => finding.Kind == LogFindingKind.Corruption && finding.Segment == Name(path));
                        Assert.All(log.Recovery.Findings, finding => Assert.Equal(LogFindingKind.Corruption, finding.Kind));
                    }
                    else
                    {
                        Assert.True(frames.Count == Sizes.Length, $"bit at {at} of {path}: {frames.Count} frames, {log.State}");
                    }
                    Assert.Equal(Enumerable.Range(0, frames.Count).Select(i => (long)i), frames.Select(frame => frame.Sequence));
                }
            }
        }
    }

    [Fact]
    public void A_bit_turned_over_in_a_used_byte_of_a_strict_log_is_always_named()
    {
        var files = Written(Strict);
        var places = Open(Copy(files), Strict).Frames;
        foreach (var frame in places)
        {
            var used = 128 + frame.Payload.Length;
            for (var at = frame.Offset; at < frame.Offset + used; at++)
            {
                var disk = Copy(files);
                disk.Flip($"{Folder}/{frame.Segment}", at, (int)(at % 8));
                using var log = Open(disk, Strict).Log;
                var finding = Assert.Single(log.Recovery.Findings);
                Assert.Equal((LogState.Damaged, frame.Segment, frame.Offset, frame.Sequence), (log.State, finding.Segment, finding.Offset, finding.FromSequence));
            }
        }
    }

    [Fact]
    public void A_tear_is_cut_kept_aside_and_said_wherever_it_runs()
    {
        // The last frame never became durable: any set of its sectors but all of them is there.
        var files = Written(Strict);
        var last = Open(Copy(files), Strict).Frames[^1];
        var path = $"{Folder}/{last.Segment}";
        var used = 128 + last.Payload.Length;
        var sectors = (used + 511) / 512;
        for (var kept = 1; kept < (1 << sectors) - 1; kept++)
        {
            var disk = Copy(files);
            var content = disk.Content(path);
            for (var sector = 0; sector < sectors; sector++)
            {
                if ((kept & (1 << sector)) == 0)
                    content.AsSpan((int)last.Offset + (sector * 512), 512).Clear();
            }
            disk.Put(path, content);

            var (log, frames) = Open(disk, Strict);
            var finding = Assert.Single(log.Recovery.Findings);
            Assert.Equal((LogState.Writable, LogFindingKind.TornTail, 5L), (log.State, finding.Kind, finding.FromSequence));
            Assert.Equal(5, frames.Count);
            Assert.Equal(content.AsSpan((int)last.Offset, (int)finding.Bytes).ToArray(), disk.Content($"{Folder}/{finding.KeptAs}"));
            Append(log, Strict, Payload(5, 40));
            log.Dispose();

            (log, frames) = Open(disk, Strict);
            Assert.True(log.Recovery.IsClean);
            Assert.Equal(6, frames.Count);
            log.Dispose();
        }
    }

    [Fact]
    public void A_tear_below_what_the_checkpoint_knows_is_damage()
    {
        var files = Written(Strict);
        var last = Open(Copy(files), Strict).Frames[^1];
        var content = files[^1].Content;
        content.AsSpan((int)last.Offset + 512, 512).Clear();
        var disk = Copy(files);

        using (var log = Open(disk, Strict with { AcknowledgedBelow = 6 }).Log)
        {
            Assert.Equal(LogState.Damaged, log.State);
            Assert.Contains("known to have been acknowledged", log.StateReason);
        }
        using (var log = Open(disk, Strict with { AcknowledgedBelow = 5 }).Log)
            Assert.Equal(LogState.Writable, log.State);
    }

    [Fact]
    public void A_last_segment_that_is_gone_or_empty_is_damage_when_the_checkpoint_knows_its_frames()
    {
        var files = Written(Strict);
        var known = Strict with { AcknowledgedBelow = 6 };
        var emptied = Copy(files);
        emptied.Put(files[^1].Path, []);
        var gone = Copy(files);
        gone.Delete(files[^1].Path);
        foreach (var disk in new[] { emptied, gone, new SimulatedDisk(new Random(1)) })
        {
            using var log = Open(disk, known).Log;
            Assert.Equal(LogState.Damaged, log.State);
            Assert.Contains("though more was acknowledged", log.StateReason);
        }
    }

    [Fact]
    public void A_segment_missing_in_the_middle_is_damage_when_strict_and_named_when_tolerant()
    {
        foreach (var options in new[] { Strict, Tolerant })
        {
            var size = options.Strict ? 7000 : 3000;
            var files = Written(options, [size, size, size, size, size, 40]);
            Assert.True(files.Count >= 3);
            var disk = Copy(files);
            disk.Delete(files[1].Path);
            using var log = Open(disk, options).Log;
            Assert.Equal(options.Strict ? LogState.Damaged : LogState.Writable, log.State);
            var finding = Assert.Single(log.Recovery.Findings);
            Assert.Equal(options.Strict ? LogFindingKind.Corruption : LogFindingKind.MissingSegment, finding.Kind);
            Assert.Equal(Name(files[2].Path), finding.Segment);
        }
    }

    [Fact]
    public void A_tolerant_segment_that_lost_its_end_is_named_though_a_frame_ends_there()
    {
        var files = Written(Tolerant, [3000, 3000, 3000, 3000, 3000, 40]);
        for (var kept = 0; kept <= 1; kept++)
        {
            var disk = Copy(files);
            var content = files[1].Content;
            disk.Put(files[1].Path, content.AsSpan(0, kept == 0 ? HeaderPage.Bytes : content.AsSpan(0, content.Length).LastIndexOfAnyExcept((byte)0) + 1).ToArray());
            using var log = Open(disk, Tolerant).Log;
            Assert.Equal(LogState.Writable, log.State);
            Assert.Contains($"{Name(files[1].Path)} was cut off: the file was begun with ", Assert.Single(log.Recovery.Findings).Sentence);
        }
    }

    [Fact]
    public void A_frame_whose_content_the_reader_refuses_is_damage()
    {
        var disk = Copy(Written(Strict));
        using var log = FramedLog.Open(disk, Strict, Time, (in Frame frame) =>
        {
            if (frame.Sequence == 4)
                throw new FrameRefusedException("the tree root is another");
        });

        Assert.Equal(LogState.Damaged, log.State);
        Assert.Equal(4, Assert.Single(log.Recovery.Findings).FromSequence);
        Assert.Contains("the tree root is another", log.StateReason);
        Assert.Equal(4, ReadAll(log).Count);
    }

    [Fact]
    public void A_tolerant_log_cut_short_at_any_byte_starts_with_what_is_left_of_it()
    {
        var files = Written(Tolerant, [40, 700, 1500, 300, 3000, 20]);
        var places = Open(Copy(files), Tolerant).Frames;
        foreach (var (path, content) in files)
        {
            for (var length = 0; length < content.Length; length++)
            {
                var disk = Copy(files);
                disk.Put(path, content.AsSpan(0, length));
                var (log, frames) = Open(disk, Tolerant);
                using (log)
                {
                    Assert.Equal(LogState.Writable, log.State);
                    Assert.Equal(places.Where(frame => frame.Segment != Name(path) || frame.Offset + 32 + frame.Payload.Length <= length), frames);
                    Append(log, Tolerant, Payload(77, 20));
                    Assert.Equal(frames.Count + 1, ReadAll(log).Count);
                }
            }
        }
    }

    [Fact]
    public void A_bit_turned_over_in_a_tolerant_log_costs_at_most_the_frame_it_is_in()
    {
        var files = Written(Tolerant, [40, 700, 1500, 300, 3000, 20]);
        var places = Open(Copy(files), Tolerant).Frames;
        foreach (var (path, content) in files)
        {
            for (var at = 0; at < content.Length; at++)
            {
                var disk = Copy(files);
                disk.Flip(path, at, at % 8);
                var hit = places.Find(frame => frame.Segment == Name(path) && at >= frame.Offset && at < frame.Offset + 32 + frame.Payload.Length);
                var (log, frames) = Open(disk, Tolerant);
                using (log)
                {
                    Assert.Equal(LogState.Writable, log.State);
                    Assert.Equal(places.Where(frame => frame != hit), frames);
                    if (hit is null)
                        continue;
                    var finding = Assert.Single(log.Recovery.Findings);
                    Assert.Equal(hit == places[^1] ? LogFindingKind.TornTail : LogFindingKind.Skipped, finding.Kind);
                    Assert.Equal((hit.Segment, hit.Offset, hit.Sequence), (finding.Segment, finding.Offset, finding.FromSequence));
                }
            }
        }
    }

    [Fact]
    public void A_damaged_segment_is_kept_for_inspection_where_another_is_deleted()
    {
        var files = Written(Tolerant, [3000, 3000, 3000, 3000]);
        var disk = Copy(files);
        disk.Flip(First, 5000, 3);
        using var log = Open(disk, Tolerant).Log;
        log.CutBefore(4);

        Assert.DoesNotContain(First, disk.Paths);
        Assert.Contains(First + ".damaged", disk.Paths);
    }

    [Fact]
    public void A_payload_that_looks_like_a_frame_is_not_taken_for_one()
    {
        byte[] forged = new byte[64];
        FrameLayout.Encode(forged, 66, 2, 1, [], new byte[32]);
        var disk = new SimulatedDisk(new Random(1));
        using (var log = Open(disk, Tolerant).Log)
            Append(log, Tolerant, Payload(0, 40), [.. "....."u8, .. forged, .. "....."u8], Payload(2, 40));
        var (_, frames) = Open(disk, Tolerant);
        disk.Flip(First, frames[1].Offset + 33, 0);

        var after = Open(disk, Tolerant).Frames;
        Assert.Equal([0L, 2L], after.Select(frame => frame.Sequence));
        Assert.All(after, frame => Assert.Equal(1, frame.Type));
    }

    private static List<(string Path, byte[] Content)> Written(FramedLogOptions options, int[]? sizes = null)
    {
        var disk = new SimulatedDisk(new Random(1));
        using (var log = Open(disk, options).Log)
            Append(log, options, [.. (sizes ?? Sizes).Select((size, i) => Payload(i, size))]);
        return [.. disk.Paths.Select(path => (path, disk.Content(path)))];
    }

    private static SimulatedDisk Copy(List<(string Path, byte[] Content)> files)
    {
        var disk = new SimulatedDisk(new Random(1));
        foreach (var (path, content) in files)
            disk.Put(path, content);
        return disk;
    }

    private static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];
}
