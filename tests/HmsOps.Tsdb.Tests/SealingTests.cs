using HmsOps.Series;
using HmsOps.Simulation.Time;
using HmsOps.Tsdb.Sealing;

namespace HmsOps.Tsdb.Tests;

/// <summary>What leaves the head for blocks, and comes back from them as if nothing had happened.</summary>
public sealed class SealingTests
{
    private readonly StoreWorld _world = new(options: StoreWorld.Small with { SegmentBytes = 1 << 20, BatchBytesMax = 256 * 1024 });

    [Theory]
    [InlineData(End.Stopped)]
    [InlineData(End.Killed)]
    [InlineData(End.PowerCut)]
    public void Two_hours_and_a_quarter_after_its_beginning_a_window_is_a_block(End end)
    {
        var before = "";
        _world.Live(end, async (store, time) =>
        {
            await Scrapes(store, time, hours: 2.2);
            Assert.Equal((0, null), (store.Counts.Blocks, store.Counts.SealedUpTo));
            await Scrapes(store, time, hours: 0.2);
            Assert.Equal(1, store.Counts.Blocks);
            Assert.Equal(new DateTimeOffset(2026, 11, 20, 18, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), store.Counts.SealedUpTo);
            Assert.InRange(store.Counts.Weight, 1, 3 * 60); // 25 minutes of three series every minute, and pieces that reach across
            await time.Seconds(1.5);
            before = store.Dump();
            Assert.Equal(3 * 144, before.Split('\n').Length - 1);
        });
        Assert.Equal(before, _world.Look(store => store.Dump()));
        Assert.Equal((1, 0), _world.Look(store => (store.Counts.Blocks, store.Recovery.Findings.Count)));
    }

    [Fact]
    public void A_walk_that_began_before_sealing_ends_with_what_it_began() => _world.Live(End.Stopped, async (store, time) =>
    {
        await Scrapes(store, time, hours: 2.2);
        var expected = store.Dump();
        using (var walk = store.Select(new Selection([], 0, long.MaxValue), new QueryBudget(long.MaxValue), CancellationToken.None))
        {
            await Scrapes(store, time, hours: 0.2);
            Assert.Equal(1, store.Counts.Blocks);
            Assert.InRange(store.Counts.Weight, 3 * 120, int.MaxValue); // nothing was given back yet
            var seen = 0;
            while (walk.MoveNext())
                seen += walk.Current.Times.Length;
            Assert.Equal(expected.Split('\n').Length - 1, seen);
        }
        await time.Seconds(1);
        Assert.InRange(store.Counts.Weight, 1, 3 * 60);
    });

    [Fact]
    public void What_comes_late_for_a_block_is_known_refused_or_taken_as_if_it_were_not_sealed()
    {
        var before = "";
        _world.Live(End.Killed, async (store, time) =>
        {
            var began = time.Ms();
            await Scrapes(store, time, hours: 2.4);
            Assert.Equal("1 taken", (await store.Append(("m", began + 60_000, 1))).Reasons()); // the minute's value
            Assert.Equal("0 taken, 0 duplicate_time", (await store.Append(("m", began + 60_000, 2))).Reasons());
            Assert.Equal("3 taken", (await store.Append(("m", began + 90_000, 9), ("new", began + 90_000, 9), ("m", began + 90_000, 9))).Reasons());
            Assert.Equal("0 taken, 0 duplicate_time", (await store.Append(("new", began + 90_000, 8))).Reasons());
            await Scrapes(store, time, hours: 2);
            Assert.Equal(3, store.Counts.Blocks); // a window each, and what came late for the first
            Assert.Equal(0, store.Counts.LateSamples);
            Assert.Equal("2 taken", (await store.Append(("m", began + 90_000, 9), ("new", began + 90_000, 9))).Reasons());
            Assert.Equal(0, store.Counts.LateSamples);
            await time.Seconds(2);
            before = store.Dump();
        });
        Assert.Equal(before, _world.Look(store => store.Dump()));
        Assert.Contains("new", before);
    }

    [Theory]
    [InlineData(End.Stopped)]
    [InlineData(End.Killed)]
    [InlineData(End.PowerCut)]
    public void Series_that_left_leave_the_memory_and_what_they_had_is_there(End end)
    {
        const int Pods = 1_500;
        _world.Options = _world.Options with { SegmentBytes = 4 << 20, BatchBytesMax = 1 << 20 };
        var before = "";
        _world.Live(end, async (store, time) =>
        {
            await Deployment(store, time, "a", Pods);
            var memory = store.Counts.MemoryBytes;
            await Deployment(store, time, "b", Pods);
            Assert.Equal((2, 1L), (store.Counts.Blocks, store.Counts.Renewals));
            Assert.InRange(store.Counts.MemoryBytes, 1, memory + (memory / 8));
            Assert.Equal(Pods, store.Counts.Series);
            Assert.Equal(["a", "b"], store.LabelValues("job", new Selection([], 0, long.MaxValue), CancellationToken.None));
            Assert.Equal(["b"], store.LabelValues("job", new Selection([], _world.NowMs + 9_000_000, long.MaxValue), CancellationToken.None));
            Assert.Equal("1 taken", (await store.Append(("p7/a", _world.NowMs, 7))).Reasons()); // known, in a block
            Assert.Equal("0 taken, 0 duplicate_time", (await store.Append(("p7/a", _world.NowMs, 8))).Reasons());
            Assert.Equal("2 taken", (await store.Append(("p7/a", _world.NowMs + 1, 1), ("p8/a", time.Ms(), 8))).Reasons());
            await time.Seconds(2);
            before = store.Dump();
        });
        Assert.Equal(before, _world.Look(store => store.Dump()));
        Assert.Equal((0L, 0), _world.Look(store => (store.Counts.LostAtReplay, store.Recovery.Findings.Count)));

        static async Task Deployment(MetricStore store, VirtualTime time, string name, int pods)
        {
            for (var step = 0; step < 12; step++)
            {
                Assert.Equal($"{pods} taken", (await store.Append([.. Enumerable.Range(0, pods).Select(pod => ($"p{pod}/{name}", time.Ms(), (double)pod))])).Reasons());
                await time.Seconds(720);
            }
        }
    }

    [Theory]
    [InlineData(End.Stopped)]
    [InlineData(End.Killed)]
    public void What_is_folded_of_observations_goes_on_when_others_leave_the_memory(End end)
    {
        _world.Options = _world.Options with { ForgottenMin = 1 };
        var before = "";
        _world.Live(end, async (store, time) =>
        {
            for (var step = 0; step < 60; step++)
            {
                Assert.Equal("1 taken", (await store.Append(($"c/{step / 10}", time.Ms(), step))).Reasons());
                Assert.Equal("2 taken", (await store.Observe(("slow", step * 0.1, ""), ("slow/x", 1, $"id{step}"))).Reasons());
                await time.Seconds(600);
            }
            Assert.InRange(store.Counts.Renewals, 2, 10);
            Assert.Equal("1 taken", (await store.Observe(("slow/x", 1, "id59"))).Reasons()); // known
            await time.Seconds(2);
            Assert.Equal(60, store.Newest("slow")!.Count);
            before = store.Dump();
        });
        Assert.Equal(before, _world.Look(store => store.Dump()));
        _world.Live(End.Stopped, async (store, time) =>
        {
            await store.Observe(("slow", 1, ""));
            await time.Seconds(2);
            Assert.Equal(61, store.Newest("slow")!.Count);
        });
    }

    [Fact]
    public void Windows_lie_in_wider_ones_and_are_the_wider_the_older()
    {
        var until = new DateTimeOffset(2026, 11, 20, 18, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        var last = new SealingWindow(long.MinValue, SealingWindow.Era);
        for (var time = until - (long)TimeSpan.FromDays(3_000).TotalMilliseconds; time < until; time = last.EndWithin(until) + 1)
        {
            var window = SealingWindow.Of(time, until);
            Assert.True(window.Length <= last.Length && window.From <= time && time <= window.EndWithin(until), $"{time}: {window}");
            Assert.Equal(SealingWindow.At(time, SealingWindow.Era), SealingWindow.At(window.From, SealingWindow.Era));
            Assert.Equal(0, window.From % window.Length);
            last = window;
        }
        Assert.Equal((SealingWindow.Hours, until - 1), (last.Length, last.To));
        Assert.Equal(-SealingWindow.Day, SealingWindow.At(-1, SealingWindow.Day).From);
    }

    [Fact]
    public void A_day_that_is_over_is_one_block_and_late_ones_join_it_when_they_have_settled() => _world.Live(End.Stopped, async (store, time) =>
    {
        await Scrapes(store, time, hours: 12); // from 16:00 to 4:00
        Assert.Equal("1 taken", (await store.Append(("m", _world.NowMs + 1, 5))).Reasons());
        Assert.Equal((2, 1), (store.Counts.Blocks, store.Counts.Merges)); // the day, and a window of the next
        await Scrapes(store, time, hours: 4);
        Assert.Equal((5, 1), (store.Counts.Blocks, store.Counts.Merges));
        await Scrapes(store, time, hours: 44);
        Assert.Equal((4, 4), (store.Counts.Blocks, store.Counts.Merges)); // three days, and a window
        await time.Seconds(3601);
        Assert.Equal(3 * 60 * 60 + 1, store.Dump().Split('\n').Length - 1);
    });

    [Fact]
    public void History_since_1970_comes_in_any_order_between_series_and_requests()
    {
        _world.Options = _world.Options with { LateWindow = TimeSpan.FromDays(36_525), Retention = TimeSpan.FromDays(36_526), LateSamplesMax = 500 };
        var dice = new Random(5);
        var expected = new SortedDictionary<(string, long), double>();
        _world.Live(End.Killed, async (store, time) =>
        {
            for (var request = 0; request < 100; request++)
            {
                var batch = Enumerable.Range(0, 50).Select(_ => ($"s{dice.Next(5)}", dice.NextInt64(0, time.Ms()), (double)dice.Next())).ToArray();
                Assert.Equal("50 taken", (await store.Append(batch)).Reasons());
                foreach (var (series, at, value) in batch)
                    expected[(series, at)] = value;
                await time.Seconds(1);
            }
            Assert.InRange(store.Counts.Blocks, 20, 400);
            Assert.InRange(store.Counts.LateSamples, 0, 1_000);
            Assert.Equal(expected.Count, store.Dump().Split('\n').Length - 1);
            await store.CompactAsync(CancellationToken.None);
        });
        var read = new SortedDictionary<(string, long), double>();
        _world.Look(store =>
        {
            Assert.InRange(store.Counts.Blocks, 20, 60);
            using var walk = store.Select(new Selection([], 0, long.MaxValue), new QueryBudget(long.MaxValue), CancellationToken.None);
            while (walk.MoveNext())
            {
                for (var i = 0; i < walk.Current.Times.Length; i++)
                    read.Add((walk.Current.Labels.Text("__name__")!, walk.Current.Times[i]), walk.Current.Values[i]);
            }
            return 0;
        });
        Assert.Equal(expected, read);
    }

    [Fact]
    public void An_observed_series_that_rests_goes_on_counting_after_its_samples_were_sealed()
    {
        _world.Live(End.Killed, async (store, time) =>
        {
            await store.Observe(("h", 1, ""));
            await Scrapes(store, time, hours: 6);
            Assert.InRange(store.Counts.Blocks, 2, 3);
            await store.Observe(("h", 1, ""));
            await time.Seconds(2);
            Assert.Equal(2, store.Newest("h")!.Count);
        });
        Assert.Equal(2, _world.Look(store => store.Newest("h")!.Count));
    }

    [Fact]
    public void Names_and_values_come_from_both_sides_once() => _world.Live(End.Stopped, async (store, time) =>
    {
        await store.Append(("old/a", time.Ms(), 1), ("both/a", time.Ms(), 1));
        await Scrapes(store, time, hours: 2.4);
        await store.Append(("both/a", time.Ms(), 1), ("fresh/b", time.Ms(), 1));
        var all = new Selection([], 0, long.MaxValue);
        Assert.Equal(["both{job=\"a\"}", "fresh{job=\"b\"}", "m", "n", "o", "old{job=\"a\"}"], store.Series(all, int.MaxValue, CancellationToken.None).Select(labels => labels.ToString()));
        Assert.Equal(["both{job=\"a\"}", "fresh{job=\"b\"}"], store.Series(all, 2, CancellationToken.None).Select(labels => labels.ToString()));
        Assert.Equal(["__name__", "job"], store.LabelNames(all, CancellationToken.None));
        Assert.Equal(["a", "b"], store.LabelValues("job", all, CancellationToken.None));
        Assert.Equal(["b"], store.LabelValues("job", all with { Matchers = [new Matcher("__name__", MatchOp.Equal, "fresh")] }, CancellationToken.None));
    });

    [Fact]
    public void Retention_by_bytes_lets_go_of_whole_blocks_and_of_nothing_else()
    {
        _world.Options = _world.Options with { RetentionBytes = 1 };
        _world.Live(End.Stopped, async (store, time) =>
        {
            await Scrapes(store, time, hours: 6.4); // sealed up to 22:00
            Assert.InRange(store.Counts.Blocks, 1, 2);
            await time.Seconds(3600);
            Assert.Equal(0, store.Counts.Blocks);
            Assert.Equal(3 * 24, store.Dump().Split('\n').Length - 1); // 22:00 to 22:24
        });
    }

    private static async Task Scrapes(MetricStore store, VirtualTime time, double hours)
    {
        for (var minute = 0; minute < hours * 60; minute++)
        {
            Assert.Empty((await store.Append(("m", time.Ms(), minute), ("n", time.Ms(), 7), ("o", time.Ms(), minute * 0.37))).Refused);
            await time.Seconds(60);
        }
    }
}
