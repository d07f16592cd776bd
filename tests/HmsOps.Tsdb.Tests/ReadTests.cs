using HmsOps.Series;

namespace HmsOps.Tsdb.Tests;

public sealed class ReadTests
{
    private readonly StoreWorld _world = new();

    [Theory]
    [InlineData("a", MatchOp.Equal, "a a/x a/y")]
    [InlineData("a|b", MatchOp.Regex, "a a/x a/y b/x")]
    [InlineData("a", MatchOp.NotEqual, "b/x tax-bot.ok")]
    [InlineData("", MatchOp.NotEqual, "a a/x a/y b/x tax-bot.ok")]
    [InlineData("nothing", MatchOp.Equal, "")]
    [InlineData("tax-bot.ok", MatchOp.Equal, "tax-bot.ok")]
    public void Series_are_found_by_name_and_come_in_label_order(string name, MatchOp op, string series) => Given((store, _) =>
    {
        var selection = new Selection([new Matcher("__name__", op, name)], 0, long.MaxValue);
        var found = store.Series(selection, int.MaxValue, CancellationToken.None);
        Assert.Equal(series, string.Join(' ', found.Select(Short)));
        Assert.Equal(found, Walk(store, selection).Select(seen => seen.Labels));
    });

    [Fact]
    public void All_matchers_must_hold_and_an_absent_label_is_empty() => Given((store, _) =>
    {
        var selection = new Selection([new Matcher("__name__", MatchOp.Equal, "a"), new Matcher("job", MatchOp.Equal, "")], 0, long.MaxValue);
        Assert.Equal("a", string.Join(' ', store.Series(selection, int.MaxValue, CancellationToken.None).Select(Short)));
    });

    [Theory]
    [InlineData(0, 30, "0 10 20 30")]
    [InlineData(1, 29, "10 20")]
    [InlineData(10, 10, "10")]
    [InlineData(11, 19, "")]
    [InlineData(-9, -1, "")]
    [InlineData(31, 99, "")]
    public void A_range_includes_both_its_ends(int from, int to, string times) => Given((store, t0) =>
    {
        var selection = new Selection([new Matcher("__name__", MatchOp.Equal, "tax-bot.ok")], t0 + (from * 1000), t0 + (to * 1000));
        var seen = Walk(store, selection);
        Assert.Equal(times, string.Join(' ', seen.SelectMany(series => series.Times).Select(time => (time - t0) / 1000)));
        Assert.Equal(times.Length > 0 ? 1 : 0, store.Series(selection, int.MaxValue, CancellationToken.None).Count);
    });

    [Theory]
    [InlineData(4, true)]
    [InlineData(3, false)]
    public void A_budget_is_charged_as_samples_are_handed_out(long budget, bool enough) => Given((store, _) =>
    {
        var selection = new Selection([new Matcher("__name__", MatchOp.Equal, "tax-bot.ok")], 0, long.MaxValue);
        using var cursor = store.Select(selection, new QueryBudget(budget), CancellationToken.None);
        if (enough)
            Assert.True(cursor.MoveNext());
        else
            Assert.Contains("tax-bot.ok", Assert.Throws<QueryBudgetException>(() => cursor.MoveNext()).Message);
    });

    [Fact]
    public void A_walk_shows_the_instant_it_was_opened() => _world.Live(End.Stopped, async (store, time) =>
    {
        var now = time.Ms();
        await store.Append(("a", now, 1), ("b", now, 1));
        using var cursor = store.Select(new Selection([], 0, long.MaxValue), new QueryBudget(100), CancellationToken.None);
        for (var i = 1; i < 50; i++) // the columns grow and move meanwhile
            await store.Append(("a", now + i, 2), ("b", now + i, 2), ("c", now + i, 2));
        Assert.True(cursor.MoveNext());
        Assert.Equal([now], cursor.Current.Times.ToArray());
        Assert.True(cursor.MoveNext());
        Assert.Equal([1.0], cursor.Current.Values.ToArray());
        Assert.False(cursor.MoveNext());
    });

    [Fact]
    public void Readers_on_other_threads_see_a_batch_whole_or_not_at_all() => _world.Live(End.Stopped, async (store, time) =>
    {
        var now = time.Ms();
        using var done = new CancellationTokenSource();
        var torn = 0;
        var walks = 0;
        var reader = new Thread(() =>
        {
            while (!done.IsCancellationRequested || walks == 0)
            {
                var counts = Walk(store, new Selection([], 0, long.MaxValue)).Select(series => series.Times.Length).ToArray();
                walks++;
                torn += counts.Distinct().Count() <= 1 && counts.Length is 0 or 8 ? 0 : 1;
            }
        });
        reader.Start();
        for (var i = 0; i < 300; i++)
            await store.Append([.. Enumerable.Range(0, 8).Select(j => ($"m{j}", now + i, 1.0))]);
        done.Cancel();
        reader.Join();
        Assert.Equal(0, torn);
    });

    [Fact]
    public void Histograms_come_with_a_value_column_of_the_same_length() => _world.Live(End.Stopped, async (store, time) =>
    {
        await store.Observe(("h", 1, ""));
        await time.Seconds(1);
        using var cursor = store.Select(new Selection([], 0, long.MaxValue), new QueryBudget(100), CancellationToken.None);
        Assert.True(cursor.MoveNext());
        Assert.Equal((2, 2, 2), (cursor.Current.Times.Length, cursor.Current.Values.Length, cursor.Current.Histograms.Length));
    });

    [Fact]
    public void A_cancelled_walk_ends() => Given((store, _) =>
    {
        using var cancelled = new CancellationTokenSource();
        using var cursor = store.Select(new Selection([], 0, long.MaxValue), new QueryBudget(100), cancelled.Token);
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => cursor.MoveNext());
        Assert.ThrowsAny<OperationCanceledException>(() => store.Series(new Selection([], 0, long.MaxValue), int.MaxValue, cancelled.Token));
    });

    private void Given(Action<MetricStore, long> look) => _world.Live(End.Stopped, async (store, time) =>
    {
        var now = time.Ms();
        foreach (var series in (string[])["b/x", "a/y", "a", "a/x", "tax-bot.ok"])
        {
            for (var i = 0; i <= 3; i++)
                await store.Append((series, now + (i * 10_000), i));
        }
        look(store, now);
    });

    private static string Short(Labels labels) => labels.Text("job") is { Length: > 0 } job ? $"{labels.Name}/{job}" : labels.Name;

    private static List<(Labels Labels, long[] Times)> Walk(MetricStore store, Selection selection)
    {
        var seen = new List<(Labels, long[])>();
        using var cursor = store.Select(selection, new QueryBudget(long.MaxValue), CancellationToken.None);
        while (cursor.MoveNext())
            seen.Add((cursor.Current.Labels, cursor.Current.Times.ToArray()));
        return seen;
    }
}
