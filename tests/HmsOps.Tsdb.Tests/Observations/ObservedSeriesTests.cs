using HmsOps.Series;

namespace HmsOps.Tsdb.Tests.Observations;

/// <summary>When folded observations become samples. Every test begins half a second after a whole second, called 0.</summary>
public sealed class ObservedSeriesTests
{
    private readonly StoreWorld _world = new();
    private readonly DateTimeOffset _second;

    public ObservedSeriesTests() => _second = _world.Now - TimeSpan.FromMilliseconds(500);

    [Fact]
    public void A_new_series_begins_with_an_empty_sample_one_second_before_its_first() => _world.Live(End.Stopped, async (store, time) =>
    {
        await store.Observe(("m", 1, ""), ("m", 2, ""));
        Assert.Equal("0:0", store.Counts("m", _second)); // the second is still open: two observations, no sample of them
        await time.Seconds(0.5);
        Assert.Equal("0:0 1:2", store.Counts("m", _second));
    });

    // At which seconds observations come; then what is seen at the last second.
    [Theory]
    [InlineData("0 1 2", 4, "0:0 1:1 2:2 3:3")]
    [InlineData("0 0 0", 4, "0:0 1:3")]
    [InlineData("0", 33, "0:0 1:1 16:1 31:1")] // repeats, 15 s after the newest
    [InlineData("0 7", 33, "0:0 1:1 8:2 23:2")]
    [InlineData("0 14", 33, "0:0 1:1 15:2 30:2")]
    [InlineData("0 15", 33, "0:0 1:1 16:2 31:2")] // the change comes where the repeat would
    [InlineData("0 16", 33, "0:0 1:1 16:1 17:2 32:2")]
    [InlineData("0", 70, "0:0 1:1 16:1 31:1 46:1 61:1")] // one minute to live: then it rests
    [InlineData("0 100", 102, "0:0 1:1 16:1 31:1 46:1 61:1 100:1 101:2")] // and wakes with what it held before, so that rate sees the burst
    [InlineData("0 75", 77, "0:0 1:1 16:1 31:1 46:1 61:1 76:2")] // unless its newest sample is less than 15 s old
    public void Samples_come_at_the_end_of_seconds(string seconds, int until, string samples)
    {
        _world.Options = _world.Options with { ObservedLife = TimeSpan.FromMinutes(1) };
        _world.Live(End.Killed, async (store, time) =>
        {
            foreach (var second in seconds.Split(' ').Select(int.Parse))
            {
                await time.Seconds(second - ((time.Ms() - _second.ToUnixTimeMilliseconds()) / 1000));
                await store.Observe(("m", 1, ""));
            }
            await time.Seconds(until - ((time.Ms() - _second.ToUnixTimeMilliseconds()) / 1000));
            Assert.Equal(samples, store.Counts("m", _second));
        });
        Assert.Equal(samples, _world.Look(store => store.Counts("m", _second)));
    }

    [Fact]
    public void The_samples_do_not_depend_on_whether_the_store_was_running()
    {
        _world.Live(End.Killed, (store, _) => store.Observe(("m", 1, "")));
        _world.Now += TimeSpan.FromSeconds(40);
        Assert.Equal("0:0 1:1 16:1 31:1", _world.Look(store => store.Counts("m", _second)));
    }

    [Fact]
    public void The_histogram_goes_on_over_restarts()
    {
        _world.Live(End.Killed, (store, _) => store.Observe(("m", 1, "")));
        _world.Live(End.Stopped, (store, _) => store.Observe(("m", 4, "")));
        _world.Now += TimeSpan.FromSeconds(1);
        var newest = _world.Look(store => store.Newest("m"))!;
        Assert.Equal((2, 5), (newest.Count, newest.Sum));
        Assert.Equal([new HistogramBucket(0, 1), new HistogramBucket(64, 1)], newest.Positive);
    }

    [Fact]
    public void A_repeated_id_is_taken_and_counts_once_after_a_restart_too()
    {
        _world.Live(End.Killed, async (store, _) =>
        {
            Assert.Equal("3 taken", (await store.Observe(("m", 1, "a"), ("m", 1, "a"), ("m", 1, "b"))).Reasons());
            Assert.Equal("1 taken", (await store.Observe(("m", 1, "a"))).Reasons());
            Assert.Equal("1 taken", (await store.Observe(("n", 1, "a"))).Reasons()); // of another series: not the same one
            Assert.Equal("2 taken", (await store.Observe(("m", 1, ""), ("m", 1, ""))).Reasons()); // without an id each one counts
            Assert.Equal(5, store.Counts.ObservationsFolded);
        });
        _world.Live(End.Stopped, async (store, time) =>
        {
            Assert.Equal("2 taken", (await store.Observe(("m", 1, "b"), ("m", 1, "c"))).Reasons());
            await time.Seconds(1);
            Assert.Equal(5, store.Newest("m")!.Count);
        });
    }

    [Theory]
    [InlineData(600, 1)]
    [InlineData(600.001, 2)]
    public void An_id_is_remembered_for_ten_minutes(double seconds, int count)
    {
        _world.Live(End.Killed, (store, _) => store.Observe(("m", 1, "a")));
        _world.Now += TimeSpan.FromSeconds(seconds);
        _world.Live(End.Stopped, async (store, time) =>
        {
            await store.Observe(("m", 1, "a"));
            await time.Seconds(1);
            Assert.Equal(count, store.Newest("m")!.Count);
        });
    }

    [Fact]
    public void Beyond_the_limit_of_ids_the_oldest_is_forgotten_and_counted()
    {
        _world.Options = _world.Options with { IdsMax = 2 };
        _world.Live(End.Stopped, async (store, _) =>
        {
            await store.Observe(("m", 1, "a"), ("m", 1, "b"));
            Assert.Equal((2, 0L), (store.Counts.Ids, store.Counts.IdsForgottenEarly));
            await store.Observe(("m", 1, "c"));
            Assert.Equal((2, 1L), (store.Counts.Ids, store.Counts.IdsForgottenEarly));
            await store.Observe(("m", 1, "b"), ("m", 1, "a"));
            Assert.Equal(4, store.Counts.ObservationsFolded);
        });
    }

    [Fact]
    public void A_clock_set_back_keeps_the_second_open_until_it_has_caught_up()
    {
        _world.Live(End.Killed, (store, _) => store.Observe(("m", 1, "")));
        _world.Now -= TimeSpan.FromSeconds(3);
        _world.Live(End.Killed, async (store, time) =>
        {
            await store.Observe(("m", 1, ""));
            await time.Seconds(2);
            Assert.Equal("0:0", store.Counts("m", _second));
            await time.Seconds(2);
            Assert.Equal("0:0 1:2", store.Counts("m", _second));
        });
        Assert.Equal("0:0 1:2", _world.Look(store => store.Counts("m", _second)));
    }
}
