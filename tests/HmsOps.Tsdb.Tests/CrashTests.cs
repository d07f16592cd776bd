using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;

namespace HmsOps.Tsdb.Tests;

/// <summary>The promise: acknowledged survives a kill always, and a power cut if acknowledged more than a second ago.</summary>
public sealed class CrashTests
{
    [Theory]
    [InlineData(End.Killed, 600)]
    [InlineData(End.PowerCut, 600)]
    [InlineData(End.Killed, 2)] // a checkpoint every two seconds
    [InlineData(End.PowerCut, 2)]
    public void What_was_acknowledged_is_there_wherever_the_end_comes(End end, double checkpointSeconds)
    {
        var whole = new Run(seed: 7, end, checkpoint: checkpointSeconds);
        whole.Live(cutAt: null);
        var operations = whole.Operations;
        Assert.InRange(operations, 60, 600);
        for (var cutAt = 1; cutAt <= operations; cutAt++)
            new Run(seed: 7, end, checkpoint: checkpointSeconds).Check(cutAt, DiskFaults.None);
    }

    [Fact]
    public void Flushes_that_fail_break_no_promise()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var faults = new DiskFaults { FlushFails = 0.15, AfterFailedFlush = (AfterFailedFlush)(seed % 2) };
            new Run(seed, seed % 3 == 0 ? End.Killed : End.PowerCut, checkpoint: seed % 2 == 0 ? 600 : 2).Check(cutAt: 20 + (seed * 3), faults);
        }
    }

    [Fact]
    public void A_window_of_zero_acknowledges_only_what_a_power_cut_leaves()
    {
        for (var cutAt = 1; cutAt <= 60; cutAt++)
            new Run(seed: 3, End.PowerCut, window: TimeSpan.Zero).Check(cutAt, DiskFaults.None);
    }

    [Fact]
    public void A_full_disk_makes_the_store_read_only_and_visible()
    {
        var world = new StoreWorld();
        world.Live(End.Killed, async (store, time) =>
        {
            await store.Append(("before", time.Ms(), 1));
            world.Disk.Faults = new DiskFaults { SpaceBytes = 20 * 1024 };
            var refused = 0L;
            for (var i = 0; i < 40; i++)
            {
                var now = time.Ms();
                refused += (await store.Append([.. Enumerable.Range(0, 100).Select(j => ("m", now + j, 1.0 / (i + j + 3)))])).Refused.Count;
                await time.Seconds(1);
            }
            Assert.Equal(MetricStoreState.ReadOnly, store.State);
            Assert.Contains("metrics/", store.StateReason);
            Assert.True(refused >= 100);
            Assert.Equal(refused, store.Counts.Refused["read_only"]);
            Assert.Contains("before", store.Dump());
        });
        world.Disk.Faults = DiskFaults.None;
        world.Live(End.Stopped, async (store, time) =>
        {
            Assert.Equal(MetricStoreState.Serving, store.State);
            Assert.Contains("before", store.Dump());
            Assert.Equal("1 taken", (await store.Append(("after", time.Ms(), 1))).Reasons());
        });
    }

    [Fact]
    public void A_disk_that_errs_while_observations_are_open_loses_none_that_was_acknowledged()
    {
        var world = new StoreWorld();
        world.Live(End.Killed, async (store, time) =>
        {
            Assert.Equal("1 taken", (await store.Observe(("m", 1, "a"))).Reasons());
            world.Disk.Faults = new DiskFaults { WriteFails = 1 };
            Assert.Equal("0 taken, 0 read_only", (await store.Observe(("n", 1, "b"))).Reasons());
            await time.Seconds(1);
            Assert.Equal(1, store.Newest("m")!.Count); // seconds are closed on
        });
        world.Disk.Faults = DiskFaults.None;
        world.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(1, world.Look(store => store.Newest("m")!.Count));
    }

    [Fact]
    public void A_bad_frame_in_the_middle_is_passed_over_and_what_leaned_on_it_is_counted()
    {
        var world = new StoreWorld();
        world.Live(End.Killed, async (store, time) =>
        {
            await store.Append(("first", time.Ms(), 1));
            await store.Append(("lost", time.Ms(), 1)); // declares the series
            await store.Append(("lost", time.Ms() + 1, 2), ("lost", time.Ms() + 2, 3));
            await store.Append(("last", time.Ms(), 1));
        });
        var path = Assert.Single(world.Disk.Paths);
        var at = world.Disk.Content(path).AsSpan().IndexOf("lost"u8);
        world.Disk.Flip(path, at, 0);
        world.Look(store =>
        {
            Assert.Equal(MetricStoreState.Serving, store.State);
            Assert.False(store.Recovery.IsClean);
            Assert.Equal(2, store.Counts.LostAtReplay);
            Assert.Equal(["first", "last"], store.Series(new Selection([], 0, long.MaxValue), int.MaxValue, CancellationToken.None).Select(labels => labels.Name));
            return true;
        });
    }

    [Fact]
    public void A_lost_declaration_does_not_reach_beyond_a_restart()
    {
        var world = new StoreWorld();
        world.Live(End.Killed, (store, time) => store.Append(("up", time.Ms(), 1)));
        var path = Assert.Single(world.Disk.Paths);
        world.Disk.Flip(path, world.Disk.Content(path).AsSpan().IndexOf("up"u8), 0);
        world.Live(End.Killed, (store, time) => store.Append(("up", time.Ms() + 1, 2)));
        world.Live(End.Killed, (store, time) => store.Append(("up", time.Ms() + 2, 3)));
        Assert.Equal((2, 0L), world.Look(store => ((int)store.Counts.Samples, store.Counts.LostAtReplay)));
    }

    /// <summary>Twelve seconds of scrapes of three series, and of observations, until the power goes; then what is left is held against what was said.</summary>
    private sealed class Run
    {
        private readonly End _end;
        private readonly StoreWorld _world;
        private readonly List<(long Time, int Number)> _scrapes = [];
        private readonly List<(string Series, double Value, string Id)[]> _pushes = [];
        private readonly List<(int Scrapes, int Pushes, DateTimeOffset At)> _acknowledged = [];

        public Run(int seed, End end, TimeSpan? window = null, double checkpoint = 600)
        {
            _end = end;
            _world = new StoreWorld(seed, StoreWorld.Small with
            {
                SegmentBytes = 9 * 1024,
                BatchBytesMax = 4 * 1024,
                DurabilityWindow = window ?? TimeSpan.FromSeconds(1),
                CheckpointEvery = TimeSpan.FromSeconds(checkpoint),
                CheckpointGrowth = 0,
            });
        }

        public long Operations => _world.Disk.Operations;

        public void Live(long? cutAt)
        {
            _world.Disk.CutPowerAt = cutAt;
            try
            {
                _world.Live(_end, async (store, time) =>
                {
                    for (var i = 0; i < 40; i++)
                    {
                        await time.Seconds(0.3);
                        await Scrape(store, time, i);
                        await Push(store, time, i);
                    }
                });
            }
            catch (PowerCutException)
            {
                // The end this run is about.
            }
        }

        public void Check(long cutAt, DiskFaults faults)
        {
            _world.Disk.Faults = faults;
            Live(cutAt);
            _world.Disk.Faults = DiskFaults.None;
            _world.Now += TimeSpan.FromSeconds(2);
            _world.Live(End.Killed, async (store, time) =>
            {
                var (scrapes, pushes) = MustBeThere();
                var kept = Kept(store);
                Assert.True(kept >= scrapes, $"Cut at {cutAt}: {scrapes} scrapes were acknowledged, {kept} are there.");
                var count = store.Newest("h")?.Count ?? 0;
                Assert.True(count >= pushes * 5, $"Cut at {cutAt}: {pushes} pushes of 5 were acknowledged, {count} observations are there.");
                Assert.True(count % 5 == 0, $"Cut at {cutAt}: {count} observations: a push of 5 came back in part.");
                await ResendAll(store, time);
            });
        }

        // Two that go on, one that changes its name, a histogram, and one that comes late.
        private static SampleBatch Batch(long time, int number)
        {
            var batch = new SampleBatch();
            batch.Add(StoreSentences.Named("a"), time, number);
            batch.Add(StoreSentences.Named("b/x"), time, -number);
            batch.Add(StoreSentences.Named($"c/{number / 8}"), time, number * 0.1);
            batch.Add(batch.AddSeries(StoreSentences.Named("d")), time, HistogramTests.Exponential(number, isFloat: false));
            batch.Add(StoreSentences.Named("a"), time - 100, number);
            return batch;
        }

        private static string[] Lines(long time, int number) => [$"a {time} ", $"a {time - 100} ", $"b{{job=\"x\"}} {time} ", $"c{{job=\"{number / 8}\"}} {time} ", $"d {time} "];

        private async Task Scrape(MetricStore store, VirtualTime time, int i)
        {
            _scrapes.Add((time.Ms(), i));
            if ((await store.AppendAsync(Batch(time.Ms(), i), CancellationToken.None)).Taken == 5)
                Acknowledge(time);
        }

        private async Task Push(MetricStore store, VirtualTime time, int i)
        {
            _pushes.Add([.. Enumerable.Range(0, 5).Select(j => ("h", i + (j * 0.5), $"{i}-{j}"))]);
            if ((await store.Observe(_pushes[^1])).Taken == 5)
                Acknowledge(time);
        }

        private void Acknowledge(VirtualTime time) => _acknowledged.Add((_scrapes.Count, _pushes.Count, time.GetUtcNow()));

        private (int Scrapes, int Pushes) MustBeThere()
        {
            if (_acknowledged.Count == 0)
                return (0, 0);
            // The power went after the last answer. So what must be there is what was answered more than a window before that one.
            var end = _acknowledged[^1].At;
            var safe = _acknowledged.Where(answer => _end == End.Killed || _world.Options.DurabilityWindow == TimeSpan.Zero
                || answer.At < end - _world.Options.DurabilityWindow).ToArray();
            return safe.Length == 0 ? (0, 0) : (safe[^1].Scrapes, safe[^1].Pushes);
        }

        private int Kept(MetricStore store)
        {
            var dump = store.Dump();
            var kept = 0;
            foreach (var (time, number) in _scrapes)
            {
                var there = Lines(time, number).Count(line => dump.Contains(line, StringComparison.Ordinal));
                // A power cut may keep a later frame and lose the earlier one that it leans on: that sample is lost, and counted.
                Assert.True(there is 0 or 5 || store.Counts.LostAtReplay > 0, $"{there} of the 5 samples of a scrape came back.");
                kept += there / 5;
            }
            return kept;
        }

        // What senders do after an outage: everything again. Nothing counts twice, nothing is missing then.
        private async Task ResendAll(MetricStore store, VirtualTime time)
        {
            foreach (var push in _pushes)
                Assert.Equal("5 taken", (await store.Observe(push)).Reasons());
            foreach (var (at, number) in _scrapes)
                Assert.Equal("5 taken", (await store.AppendAsync(Batch(at, number), CancellationToken.None)).Reasons());
            Assert.Equal(_scrapes.Count, Kept(store));
            await time.Seconds(1);
            if (_pushes.Count == 0)
                return;
            Assert.Equal(_pushes.Count * 5, store.Newest("h")!.Count);
            Assert.Equal(_pushes.Sum(push => push.Sum(item => item.Value)), store.Newest("h")!.Sum);
        }
    }
}
