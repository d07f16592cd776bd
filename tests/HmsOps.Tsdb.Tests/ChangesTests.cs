using HmsOps.Series;

namespace HmsOps.Tsdb.Tests;

/// <summary>Since when nothing has changed: for those who keep answers.</summary>
public sealed class ChangesTests
{
    private readonly StoreWorld _world = new();

    [Fact]
    public void The_oldest_time_that_came_since_a_mark_is_known() => _world.Live(End.Stopped, async (store, time) =>
    {
        var now = time.Ms();
        await store.Append(("a", now - 5_000, 1));
        var mark = store.Mark();
        Assert.Equal(long.MaxValue, store.ChangedFrom(mark));
        await store.Append(("a", now, 2), ("b", now - 1_000, 2));
        Assert.Equal(now - 1_000, store.ChangedFrom(mark));
        var later = store.Mark();
        await store.Append(("a", now - 2_000, 3)); // late
        Assert.Equal(now - 2_000, store.ChangedFrom(mark));
        Assert.Equal(now - 2_000, store.ChangedFrom(later));
        Assert.Equal(long.MaxValue, store.ChangedFrom(store.Mark()));
    });

    [Fact]
    public void What_is_deleted_has_changed() => _world.Live(End.Stopped, async (store, time) =>
    {
        var now = time.Ms();
        await store.Append(("a", now - 5_000, 1), ("a", now, 2));
        var mark = store.Mark();
        await store.DeleteAsync([new Matcher("__name__", MatchOp.Equal, "a")], now - 6_000, now - 4_000, CancellationToken.None);
        Assert.InRange(store.ChangedFrom(mark), long.MinValue, now - 6_000);
    });

    [Fact]
    public void Marks_too_old_to_remember_say_that_all_may_have_changed() => _world.Live(End.Stopped, async (store, time) =>
    {
        var now = time.Ms();
        var mark = store.Mark();
        for (var i = 0; i < 5_000; i++)
        {
            await store.Append(("a", now + i, i));
            _ = store.Mark();
        }
        Assert.Equal(long.MinValue, store.ChangedFrom(mark));
    });
}
