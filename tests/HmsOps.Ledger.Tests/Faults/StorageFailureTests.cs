using HmsOps.Simulation.Disk;

namespace HmsOps.Ledger.Tests.Faults;

public sealed class StorageFailureTests
{
    private static readonly DiskFaults EveryFlushFails = new() { FlushFails = 1 };
    private static readonly DiskFaults EveryWriteFails = new() { WriteFails = 1 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_failed_flush_or_write_poisons_the_log_for_good_and_reading_goes_on(bool flush)
    {
        var rig = new LedgerRig();
        rig.Time.Run(async () =>
        {
            using var log = rig.Open();
            var writer = log.RunAsync(CancellationToken.None);
            await log.AppendAsync(new Text("acknowledged"), CancellationToken.None);

            rig.Disk.Faults = flush ? EveryFlushFails : EveryWriteFails;
            var root = log.Root;
            // The first takes the writer's turn, the others wait behind it.
            var waiting = Enumerable.Range(0, 3).Select(n => log.AppendAsync(new Text($"waiting {n}"), CancellationToken.None).AsTask()).ToArray();
            foreach (var append in waiting)
            {
                var refused = await Assert.ThrowsAsync<LedgerUnavailableException>(() => append);
                Assert.Equal(LedgerState.Poisoned, refused.State);
                Assert.Contains("restart 'hms-ops serve'", refused.Message, StringComparison.Ordinal);
            }
            await writer; // the writer has nothing more to do

            rig.Disk.Faults = DiskFaults.None; // the disk is well again: that changes nothing
            await Assert.ThrowsAsync<LedgerUnavailableException>(async () => await log.AppendAsync(new Text("later"), CancellationToken.None));
            Assert.Equal(LedgerState.Poisoned, log.State);
            Assert.NotNull(log.StateReason);
            Assert.Equal(["acknowledged"], rig.Published.Select(Text.Of));
            Assert.Equal((1, root), (log.Size, log.Root));
            Assert.Equal("acknowledged", Text.Of(log.Read(0)!));
            Assert.Single(log.ReadRange(0, 10));
            Assert.Empty(log.ProveInclusion(0, 1).Path);
        });
    }

    [Fact]
    public void A_flush_that_failed_is_never_tried_again()
    {
        var rig = new LedgerRig();
        rig.Time.Run(async () =>
        {
            using var log = rig.Open();
            rig.Disk.Faults = EveryFlushFails;
            var appends = Enumerable.Range(0, 5).Select(n => log.AppendAsync(new Text($"{n}"), CancellationToken.None).AsTask()).ToArray();
            await log.RunAsync(CancellationToken.None);
            foreach (var append in appends)
                await Assert.ThrowsAsync<LedgerUnavailableException>(() => append);
        });
        Assert.Equal(1, rig.Disk.FlushesFailed);
    }

    [Fact]
    public void A_restart_after_a_poisoning_knows_what_the_disk_has_and_goes_on()
    {
        var rig = new LedgerRig();
        rig.Enter("one");
        rig.Time.Run(async () =>
        {
            using var log = rig.Open();
            rig.Disk.Faults = EveryFlushFails;
            var lost = log.AppendAsync(new Text("unknown"), CancellationToken.None);
            await log.RunAsync(CancellationToken.None);
            await Assert.ThrowsAsync<LedgerUnavailableException>(async () => await lost);
        });
        rig.Disk.Faults = DiskFaults.None;
        rig.Disk.Restart(); // the page cache shows the frame, the disk may not have it: it is written again before it is believed
        rig.Enter("two");
        rig.Disk.Crash();
        using var log = rig.Open();
        Assert.Equal(["one", "unknown", "two"], rig.Replayed.Select(Text.Of));
    }

    [Fact]
    public void A_disk_too_full_for_a_new_segment_refuses_the_batch_and_no_more()
    {
        var rig = new LedgerRig();
        rig.Enter("one");
        rig.Live(async log =>
        {
            rig.Disk.Faults = new() { SpaceBytes = LedgerRig.SegmentBytes + 4_096 };
            var tooMuch = await Assert.ThrowsAsync<LedgerUnavailableException>(
                async () => await log.AppendAsync(new Text(new string('x', 60_000)), CancellationToken.None));
            Assert.Contains("No room is left", tooMuch.Message, StringComparison.Ordinal);
            Assert.Equal(LedgerState.Writable, log.State);
            Assert.Equal(1, (await log.AppendAsync(new Text("fits"), CancellationToken.None)).Sequence);

            rig.Disk.Faults = DiskFaults.None;
            Assert.Equal(2, (await log.AppendAsync(new Text(new string('y', 60_000)), CancellationToken.None)).Sequence);
        });
        Assert.Equal(("GOOD", 3L), (rig.Verify().Word, rig.Verify().Entries));
    }

    [Fact]
    public void A_log_that_cannot_be_made_durable_at_opening_opens_poisoned_and_is_read()
    {
        var rig = new LedgerRig();
        rig.Enter("one");
        rig.Time.Run(async () =>
        {
            // Replay comes after the lock's own flushes and before recovery makes the last frame durable again.
            using var log = MerkleLog.Open(
                rig.Disk, LedgerRig.Folder, LedgerRig.Origin, rig.Time, _ => rig.Disk.Faults = EveryFlushFails, LedgerRig.SegmentBytes);
            Assert.Equal(LedgerState.Poisoned, log.State);
            await Assert.ThrowsAsync<LedgerUnavailableException>(async () => await log.AppendAsync(new Text("two"), CancellationToken.None));
            await log.RunAsync(CancellationToken.None);
            Assert.Equal("one", Text.Of(log.Read(0)!));
        });
    }
}
