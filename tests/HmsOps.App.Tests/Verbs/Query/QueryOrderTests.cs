using HmsOps.App.Verbs.Query;

namespace HmsOps.App.Tests.Verbs.Query;

public sealed class QueryOrderTests
{
    private static readonly TimeWords Words = new(Answers.Four, TimeZoneInfo.Utc);

    [Theory]
    [InlineData(0, "1s")]
    [InlineData(240, "1s")]
    [InlineData(241, "5s")]
    [InlineData(1_800, "15s")]
    [InlineData(3_600, "15s")]
    [InlineData(3 * 3_600, "1m")]
    [InlineData(6 * 3_600, "5m")]
    [InlineData(86_400, "15m")]
    [InlineData(7 * 86_400, "1h")]
    [InlineData(30 * 86_400, "3h")]
    [InlineData(365 * 86_400, "7d")]
    [InlineData(30 * 365 * 86_400L, "46d")]
    public void The_step_of_a_range_is_one_that_people_would_choose(long seconds, string step)
    {
        Assert.True(TimeWords.TrySpan(step, out var expected));
        Assert.Equal(expected, QueryTimes.SensibleStep(seconds * 1_000));
    }

    [Fact]
    public void Without_a_beginning_one_moment_is_meant()
    {
        var order = QueryOrder.Read(new QueryOptions("up") { At = "-5m" }, Words, onTerminal: true, out _);
        Assert.Equal(new QueryOrder("up", new QueryTimes(Answers.Four - 300_000, Answers.Four - 300_000, 0), ShownAs.Table), order);
    }

    [Theory]
    [InlineData(true, ShownAs.Chart)]
    [InlineData(false, ShownAs.Table)]
    public void A_range_is_a_chart_on_a_terminal_and_a_table_in_a_pipe(bool onTerminal, object form)
    {
        var order = QueryOrder.Read(new QueryOptions("up") { From = "-1h" }, Words, onTerminal, out _);
        Assert.Equal(new QueryOrder("up", new QueryTimes(Answers.Four - 3_600_000, Answers.Four, 15_000), (ShownAs)form), order);
    }

    [Theory]
    [InlineData(null, null, "now", null, null, "--to belongs to a range: name its beginning with --from, for example --from -1h")]
    [InlineData(null, null, null, "15s", null, "--step belongs to a range: name its beginning with --from, for example --from -1h")]
    [InlineData("noon", null, null, null, null, "--at noon is no time: write 2026-11-20T16:00:00Z, a date, seconds since 1970, now, now-1h or -1h")]
    [InlineData("now", "-1h", null, null, null, "--at asks for one moment and --from for a range: leave one of them out")]
    [InlineData(null, "-1", null, null, null, "--from -1 is no time: write 2026-11-20T16:00:00Z, a date, seconds since 1970, now, now-1h or -1h")]
    [InlineData(null, "-1h", "later", null, null, "--to later is no time: write 2026-11-20T16:00:00Z, a date, seconds since 1970, now, now-1h or -1h")]
    [InlineData(null, "-1h", "-2h", null, null, "the range ends before it begins: --from is 2026-11-20 15:00:00 UTC, --to is 2026-11-20 14:00:00 UTC")]
    [InlineData(null, "-1h", null, "often", null, "--step often is no span of time: write 15s, 1h30m, or a number of seconds")]
    [InlineData(null, "-1d", null, "1s", null, "--step 1s makes 86,401 points a series, and 11,000 is the most: take 8s or longer, or a shorter range")]
    [InlineData(null, null, null, null, "chart", "a chart needs a range: name one with --from, for example --from -1h")]
    [InlineData(null, null, null, null, "xml", "--format xml: there are table, chart, csv and json")]
    [InlineData(null, null, null, null, "2", "--format 2: there are table, chart, csv and json")]
    public void What_cannot_be_asked_is_said_with_its_remedy(string? at, string? from, string? to, string? step, string? format, string why)
    {
        var options = new QueryOptions("up") { At = at, From = from, To = to, Step = step, Format = format };
        Assert.Null(QueryOrder.Read(options, Words, onTerminal: false, out var said));
        Assert.Equal(why, said);
    }

    [Theory]
    [InlineData("8s")]
    [InlineData("2m")]
    public void The_step_that_is_advised_is_taken(string step) =>
        Assert.NotNull(QueryOrder.Read(new QueryOptions("up") { From = "-1d", Step = step }, Words, onTerminal: false, out _));
}
