using HmsOps.Present.Readings;
using HmsOps.Present.Web.Charts;
using HmsOps.Present.Web.Words;

namespace HmsOps.Present.Tests.Web.Charts;

public sealed class ChartScaleTests
{
    private static readonly DateTimeOffset From = new(2026, 11, 20, 16, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(4_000, 1_000, 4_000)]
    [InlineData(4_200, 2_000, 6_000)]
    [InlineData(1_080, 500, 1_500)]
    [InlineData(0.07, 0.02, 0.08)]
    [InlineData(0, 0.5, 1)]
    [InlineData(double.NaN, 0.5, 1)]
    public void Grid_lines_stand_on_round_values(double highest, double step, double ceiling)
    {
        var nice = ChartScale.Nice(highest);
        Assert.Equal((step, ceiling), (Math.Round(nice.Step, 9), Math.Round(nice.Ceiling, 9)));
    }

    [Fact]
    public void The_alert_line_is_in_view_however_small_the_values_are() =>
        Assert.True(Scale([100, 110, 90], bound: 1_000).Ceiling >= 1_000);

    [Fact]
    public void A_line_breaks_where_more_than_two_steps_are_missing()
    {
        var line = new Line("average", "q", LineWeight.Solid, [.. new[] { 0, 10, 30, 60 }.Select(s => From.AddSeconds(s).ToUnixTimeMilliseconds())], [1, 1, 1, 1]);
        var path = new ChartScale(Chart([line], null), 1_000, 300, 0, 0, 0, 0).Path(line);

        Assert.Equal("MLLM", string.Concat(path.Where(char.IsLetter)));
    }

    private static ChartScale Scale(double[] values, double? bound)
    {
        var line = new Line("average", "q", LineWeight.Solid, [.. values.Select((_, i) => From.AddSeconds(10 * i).ToUnixTimeMilliseconds())], values);
        return new ChartScale(Chart([line], bound), 1_000, 300, 60, 10, 40, 26);
    }

    private static ChartModel Chart(IReadOnlyList<Line> lines, double? bound) => new()
    {
        Title = "t",
        Unit = "ms",
        From = From,
        To = From.AddMinutes(5),
        Step = TimeSpan.FromSeconds(10),
        Clock = new Moment(From, TimeZoneInfo.Utc),
        Lines = lines,
        Bound = bound is { } b ? new ChartBound(b, "") : null,
    };
}
