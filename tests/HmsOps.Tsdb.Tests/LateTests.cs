using HmsOps.Series;

namespace HmsOps.Tsdb.Tests;

/// <summary>Samples that come after newer ones of their series: seen at once, in order, once.</summary>
public sealed class LateTests
{
    private readonly StoreWorld _world = new(options: StoreWorld.Small with { SegmentBytes = 1 << 20, BatchBytesMax = 256 * 1024 });

    [Theory]
    [InlineData(1)]
    [InlineData(40)] // sealed pieces, and a tail
    [InlineData(400)] // merged pieces
    public void A_backlog_is_merged_into_what_was_there(int newer)
    {
        var before = "";
        _world.Live(End.Killed, async (store, time) =>
        {
            var now = time.Ms();
            for (var i = 0; i < newer; i++)
                await store.Append(("m", now + (i * 600), i * 0.5), ("n", now + (i * 600), 7)); // n has no slot and no piece
            for (var i = 1; i <= 700; i++) // between them and before them, newest first
                Assert.Equal("2 taken", (await store.Append(("m", now + 100_001 - (i * 1_000), -i), ("n", now + 100_001 - (i * 1_000), -i))).Reasons());
            Assert.Equal((newer * 2) + 1_400, store.Counts.Samples);
            Assert.Equal(Expected(now, newer), Times(store, "m"));
            Assert.Equal(Expected(now, newer), Times(store, "n"));
            before = store.Dump();
        });
        Assert.Equal(before, _world.Look(store => store.Dump()));
        _world.Live(End.Stopped, (_, _) => Task.CompletedTask);
        Assert.Equal(before, _world.Look(store => store.Dump()));
    }

    [Fact]
    public void The_first_of_a_time_stays_wherever_it_lies() => _world.Live(End.Stopped, async (store, time) =>
    {
        var now = time.Ms();
        for (var i = 0; i <= 300; i++)
            await store.Append(("m", now + (i * 10), i));
        foreach (var i in (int[])[3, 150, 290]) // in a merged piece, in another, in the tail
        {
            Assert.Equal("1 taken", (await store.Append(("m", now + (i * 10), i))).Reasons());
            Assert.Equal("0 taken, 0 duplicate_time", (await store.Append(("m", now + (i * 10), i + 1))).Reasons());
            Assert.Equal("1 taken", (await store.Append(("m", now + (i * 10) + 5, 1))).Reasons());
            Assert.Equal("1 taken, 1 duplicate_time", (await store.Append(("m", now + (i * 10) + 5, 1), ("m", now + (i * 10) + 5, 2))).Reasons());
        }
        Assert.Equal((304, 3), (store.Counts.Samples, store.Counts.LateSamples));
    });

    [Fact]
    public void A_walk_does_not_see_what_comes_late_after_it_began() => _world.Live(End.Stopped, async (store, time) =>
    {
        var now = time.Ms();
        await store.Append(("m", now, 1), ("m", now + 10, 2));
        using var cursor = store.Select(new Selection([], 0, long.MaxValue), new QueryBudget(100), CancellationToken.None);
        await store.Append(("m", now + 5, 3));
        Assert.True(cursor.MoveNext());
        Assert.Equal([now, now + 10], cursor.Current.Times.ToArray());
        Assert.Equal([now, now + 5, now + 10], Times(store, "m"));
    });

    [Fact]
    public void Late_samples_leave_with_their_time()
    {
        _world.Options = _world.Options with { Retention = TimeSpan.FromHours(10), LateWindow = TimeSpan.FromHours(8), ObservedLife = TimeSpan.FromHours(1) };
        _world.Live(End.Stopped, async (store, time) =>
        {
            await store.Append(("m", time.Ms(), 1), ("m", time.Ms() - 3_600_000, 2), ("m", time.Ms() - 7_200_000, 3));
            await time.Seconds(10.5 * 3600);
            Assert.Equal((1, 0), (store.Counts.Samples, store.Counts.LateSamples));
            await time.Seconds(1 * 3600);
            Assert.Equal((0, 0L, 0L), (store.Counts.Series, store.Counts.Samples, store.Counts.Weight));
        });
    }

    private static long[] Expected(long now, int newer) => [.. Enumerable.Range(0, newer).Select(i => now + (i * 600L))
        .Concat(Enumerable.Range(1, 700).Select(i => now + 100_001 - (i * 1_000L))).Order()];

    private static long[] Times(MetricStore store, string name)
    {
        using var cursor = store.Select(
            new Selection([new Matcher("__name__", MatchOp.Equal, name)], long.MinValue, long.MaxValue), new QueryBudget(long.MaxValue), CancellationToken.None);
        return cursor.MoveNext() ? cursor.Current.Times.ToArray() : [];
    }
}
