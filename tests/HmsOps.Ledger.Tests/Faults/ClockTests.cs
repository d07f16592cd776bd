namespace HmsOps.Ledger.Tests.Faults;

public sealed class ClockTests
{
    private sealed class WallClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 20, 16, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }

    [Fact]
    public void An_entry_is_later_than_the_one_before_it_whatever_the_wall_clock_does()
    {
        var wall = new WallClock();
        var start = wall.Now;
        var rig = new LedgerRig(new(new Random(1)), wall);
        var hour = TimeSpan.FromHours(1);
        var tick = TimeSpan.FromTicks(1);
        var times = new List<DateTimeOffset>();

        async Task Append(MerkleLog log, TimeSpan step, int entries)
        {
            wall.Now += step;
            var drafts = Enumerable.Range(0, entries).Select(n => new Text($"{n}")).ToArray();
            times.AddRange((await log.AppendAllAsync(drafts, CancellationToken.None)).Select(receipt => receipt.Time));
        }

        rig.Live(async log =>
        {
            await Append(log, TimeSpan.Zero, 2);
            await Append(log, hour, 1);
            await Append(log, -hour, 2); // stepped back: goes on from the last entry
        });
        rig.Live(async log =>
        {
            await Append(log, -hour, 1); // and a restart knows it too
            await Append(log, 3 * hour, 1);
        });

        Assert.Equal(
            [start, start + tick, start + hour, start + hour + tick, start + hour + (2 * tick), start + hour + (3 * tick), start + (2 * hour)],
            times);
        using var again = rig.Open();
        Assert.Equal(times, rig.Replayed.Select(entry => entry.Time));
        Assert.Equal(times, again.ReadRange(0, 100).Select(entry => entry.Time));
        Assert.Equal("GOOD", rig.Verify().Word);
    }
}
