namespace HmsOps.Tsdb.Tests;

public sealed class RetentionTests
{
    private readonly StoreWorld _world = new(options: StoreWorld.Small with
    {
        SegmentBytes = 12 * 1024,
        BatchBytesMax = 4 * 1024,
        Retention = TimeSpan.FromHours(10),
        LateWindow = TimeSpan.FromHours(1),
        ObservedLife = TimeSpan.FromMinutes(2),
    });

    [Fact]
    public void Old_samples_leave_readers_at_once_memory_within_the_hour_and_the_disk_by_segments() => _world.Live(End.Stopped, async (store, time) =>
    {
        var largest = 0L;
        for (var hour = 0; hour < 36; hour++)
        {
            await Hour(store, time, "m");
            largest = Math.Max(largest, store.Counts.LogBytes);
            // Hourly, and what a sealed piece holds leaves together: two hours of a sample a minute.
            Assert.True(store.Counts.Samples <= 14 * 60, $"{store.Counts.Samples} samples after {hour} hours.");
            Assert.Equal(Math.Min(hour + 1, 10) * 60, store.Dump().Split(Environment.NewLine).Length - 1);
        }
        // 36 h of 60 frames of some 50 bytes each fill 13 segments; 10 h of them 4, an epoch ends within the next one, and one is being filled. What is in blocks needs none.
        var segments = _world.Disk.Paths.Count(path => path.LastIndexOf('/') == "metrics".Length && path.Length == "metrics/".Length + 20);
        Assert.True(segments is >= 1 and <= 7, $"{segments} segments.");
        Assert.True(largest <= 7 * 12 * 1024, $"{largest} bytes of log.");
        Assert.Equal(0, store.Counts.RetentionFailures);
    });

    [Fact]
    public void A_restart_from_what_was_left_answers_the_same()
    {
        for (var life = 0; life < 4; life++)
        {
            var before = "";
            _world.Live(life % 2 == 0 ? End.Killed : End.Stopped, async (store, time) =>
            {
                for (var hour = 0; hour < 7; hour++)
                {
                    await store.Observe(("rare", hour + (life * 0.5), $"{life} {hour}"));
                    for (var i = 0; i < 20; i++)
                    {
                        await store.Observe(("often", i * 0.1, ""), ("often", -i, ""), ("often/other", i, ""));
                        await time.Seconds(30);
                    }
                    await Hour(store, time, "m");
                }
                before = store.Dump();
            });
            Assert.Equal(before, _world.Look(store => store.Dump()));
            Assert.Equal(0, _world.Look(store => store.Counts.LostAtReplay));
        }
        Assert.DoesNotContain(_world.Disk.Paths, path => path.EndsWith("/00000000000000000000", StringComparison.Ordinal)); // the beginning is gone
    }

    [Fact]
    public void A_histogram_goes_on_cumulating_when_its_first_observations_are_cut_from_the_log()
    {
        _world.Live(End.Killed, async (store, time) =>
        {
            for (var hour = 0; hour < 40; hour++)
            {
                await store.Observe(("h", 1, ""));
                await Hour(store, time, "m");
            }
            Assert.Equal(40, store.Newest("h")!.Count);
        });
        Assert.DoesNotContain(_world.Disk.Paths, path => path.EndsWith("/00000000000000000000", StringComparison.Ordinal));
        Assert.Equal(40, _world.Look(store => store.Newest("h")!.Count));
    }

    [Fact]
    public void A_series_whose_samples_are_all_too_old_is_forgotten_and_may_come_back_as_another_kind()
    {
        _world.Live(End.Killed, async (store, time) =>
        {
            await store.Append(("x", time.Ms(), 1), ("y", time.Ms(), 1));
            await time.Seconds(11.5 * 3600);
            Assert.Equal(0, store.Counts.Series);
            Assert.Equal((0L, 0L), (store.Counts.Samples, store.Counts.Weight));
            await store.Observe(("x", 5, ""));
            await store.Append(("y", time.Ms(), 2));
            await time.Seconds(1);
            Assert.Equal(1, store.Newest("x")!.Count);
        });
        Assert.Equal(1, _world.Look(store => store.Newest("x")!.Count));
        Assert.Equal(2, _world.Look(store => store.Counts.Series));
    }

    [Fact]
    public void A_series_that_was_forgotten_begins_from_zero_again()
    {
        var before = "";
        _world.Live(End.Killed, async (store, time) =>
        {
            await store.Observe(("h", 5, ""));
            await time.Seconds(11.5 * 3600);
            await store.Observe(("h", 7, ""));
            await time.Seconds(2);
            Assert.Equal((1, 7), (store.Newest("h")!.Count, store.Newest("h")!.Sum));
            before = store.Dump();
        });
        Assert.Equal(before, _world.Look(store => store.Dump()));
    }

    private static async Task Hour(MetricStore store, Simulation.Time.VirtualTime time, string series)
    {
        for (var minute = 0; minute < 60; minute++)
        {
            Assert.Empty((await store.Append((series, time.Ms(), minute))).Refused);
            await time.Seconds(60);
        }
    }
}
