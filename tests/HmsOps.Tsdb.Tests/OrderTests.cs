using HmsOps.Series;
using HmsOps.Simulation.Time;

namespace HmsOps.Tsdb.Tests;

/// <summary>What people order of the store.</summary>
public sealed class OrderTests
{
    private readonly StoreWorld _world = new(options: StoreWorld.Small with { SegmentBytes = 1 << 20, BatchBytesMax = 256 * 1024 });

    [Fact]
    public void A_snapshot_is_a_store_of_that_moment()
    {
        var (then, at) = ("", _world.Now);
        _world.Live(End.Killed, async (store, time) =>
        {
            await Minutes(store, time, 150);
            await store.Observe(("h", 3, "a"));
            await time.Seconds(2);
            await store.DeleteAsync([new Matcher("__name__", MatchOp.Equal, "m")], 0, _world.NowMs + 600_000, CancellationToken.None);
            (then, at) = (store.Dump(), time.GetUtcNow());
            Assert.InRange(await store.SnapshotAsync("copy/metrics", CancellationToken.None), 1_000, 1_000_000);
            await Minutes(store, time, 150);
            await store.CompactAsync(CancellationToken.None);
            var again = await Assert.ThrowsAsync<IOException>(() => store.SnapshotAsync("copy/metrics", CancellationToken.None));
            Assert.Contains("copy/metrics is not empty", again.Message, StringComparison.Ordinal);
        });
        _world.Options = _world.Options with { Folder = "copy/metrics" };
        _world.Now = at;
        Assert.Equal(then, _world.Look(store => store.Dump()));
        _world.Live(End.Killed, async (store, time) =>
        {
            Assert.True(store.Recovery.IsClean);
            await Minutes(store, time, 10);
            Assert.StartsWith(then[..200], store.Dump(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_deletion_takes_what_it_names_from_memory_and_blocks_and_nothing_else()
    {
        var left = "";
        _world.Live(End.PowerCut, async (store, time) =>
        {
            var began = time.Ms();
            await Minutes(store, time, 170);
            var before = store.Dump().Split(Environment.NewLine);
            var answer = await store.DeleteAsync([new Matcher("__name__", MatchOp.Regex, "m|nothing")], began + 60_000, began + (160 * 60_000), CancellationToken.None);
            Assert.Equal(1, answer.SeriesInBlocks);
            Assert.InRange(answer.SamplesInMemory, 41, 160);
            left = store.Dump();
            var expected = before.Where(line => line.Length == 0 || !line.StartsWith("m ", StringComparison.Ordinal)
                || long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) is var at && (at < began + 60_000 || at > began + (160 * 60_000)));
            Assert.Equal(string.Join(Environment.NewLine, expected), left);
            Assert.Equal("1 taken", (await store.Append(("m", began + 120_000, 9.5))).Reasons()); // what was deleted may come again
            Assert.Equal("0 taken, 0 duplicate_time", (await store.Append(("m", began + 120_000, 1))).Reasons());
            await store.DeleteAsync([new Matcher("__name__", MatchOp.Equal, "m")], began + 120_000, began + 120_000, CancellationToken.None);
            await Assert.ThrowsAsync<ArgumentException>(() => store.DeleteAsync([], 0, 1, CancellationToken.None));
            await time.Seconds(2);
        });
        Assert.Equal(left, _world.Look(store => store.Dump()));
    }

    [Fact]
    public void Verifying_reads_everything_and_names_each_flipped_bit()
    {
        _world.Live(End.Killed, async (store, time) =>
        {
            await Minutes(store, time, 170);
            await store.SnapshotAsync("copy", CancellationToken.None);
            await Minutes(store, time, 5);
            var report = store.Verify(CancellationToken.None);
            Assert.True(report.IsSound, string.Join('\n', report.Faults));
            Assert.Equal((1, 1), (report.Blocks, report.Checkpoints));
            Assert.InRange(report.Frames, 170, 180);
        });
        var sound = StoreVerification.Run(_world.Disk, "metrics", isRunning: false, CancellationToken.None);
        Assert.True(sound.IsSound, string.Join('\n', sound.Faults));
        var dice = new Random(4);
        foreach (var path in _world.Disk.Paths.Where(path => path.StartsWith("metrics/", StringComparison.Ordinal)).ToArray())
        {
            for (var round = 0; round < 20; round++)
            {
                var used = path.Contains("0000000000000000", StringComparison.Ordinal) && !path.Contains('c') ? 4_096 : _world.Disk.Content(path).Length;
                var at = dice.Next(Math.Min(used, _world.Disk.Content(path).Length));
                var bit = dice.Next(8);
                _world.Disk.Flip(path, at, bit);
                var report = StoreVerification.Run(_world.Disk, "metrics", isRunning: false, CancellationToken.None);
                Assert.True(report.Faults.Any(fault => fault.Contains(path[(path.LastIndexOf('/') + 1)..], StringComparison.Ordinal)),
                    $"Bit {bit} of byte {at} of {path}: {string.Join('\n', report.Faults)}");
                _world.Disk.Flip(path, at, bit);
            }
        }
    }

    private static async Task Minutes(MetricStore store, VirtualTime time, int minutes)
    {
        for (var minute = 0; minute < minutes; minute++)
        {
            Assert.Empty((await store.Append(("m", time.Ms(), minute), ("n", time.Ms(), minute * 0.1))).Refused);
            await time.Seconds(60);
        }
    }
}
