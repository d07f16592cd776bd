using System.Runtime.CompilerServices;
using HmsOps.App.Verbs.Query;

namespace HmsOps.App.Tests.Verbs.Query;

/// <summary>Charts as people see them: each is a file in golden/. With <c>HMS_ACCEPT=1</c> they are written anew; look at them before they are committed.</summary>
public sealed class ChartFormTests
{
    private static readonly TimeZoneInfo NewYork = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");

    private static readonly ChartPaper Paper = new(80, 20, HasColour: false, TimeZoneInfo.Utc);

    [Fact]
    public void A_wave() => IsGolden("wave", Chart("sin(x)", Paper, 3_600, 15, Series("", 3_600, 15, at => Math.Sin(at * Math.Tau / 1_800))));

    [Fact]
    public void Two_counters_rates_in_the_order_of_their_right_ends() => IsGolden("two", Chart(
        "rate(http_requests_total[5m])", Paper, 3_600, 15,
        Series("http_requests_total job=court county=fairfax", 3_600, 15, at => 112 + 20 * Math.Sin(at / 200.0)),
        Series("http_requests_total job=portal county=fairfax", 3_600, 15, at => at < 1_800 ? 300 : 1_580)));

    [Fact]
    public void Gaps_break_the_line_and_a_lone_sample_is_a_dot() => IsGolden("gaps", Chart(
        "up", Paper, 600, 15, Answers.Over("up job=a", Enumerable.Range(0, 41).Where(i => i is < 10 or 15 or > 25).Select(i => (i * 15, i / 10.0)))));

    [Fact]
    public void What_is_no_finite_number_breaks_the_line_and_is_counted() => IsGolden("not-finite", Chart(
        "a / b", Paper, 600, 15, Series("job=a", 600, 15, at => at is 150 or 165 ? double.NaN : at == 300 ? double.PositiveInfinity : at)));

    [Fact]
    public void Nothing_but_NaN_is_said_in_words() => IsGolden("nan", Chart("0 / 0", Paper, 60, 15, Series("", 60, 15, _ => double.NaN)));

    [Fact]
    public void Histograms_are_counted_and_what_makes_numbers_of_them_is_said() => IsGolden("histograms", Chart(
        "latency", Paper, 60, 15, new AnswerSeries(Answers.Labels("latency job=a"), [new AnswerSample(Answers.Four, 0, AnswerHistogram.Of(Answers.Histogram))])));

    [Fact]
    public void Forty_series_have_a_legend_of_twelve() =>
        IsGolden("forty", Chart("x", Paper, 3_600, 15, [.. Enumerable.Range(0, 40).Select(i => Series($"x shard={i:00}", 3_600, 15, at => i * 1_000 + at / 10.0))]));

    [Fact]
    public void Colours_tell_series_apart_on_a_terminal()
    {
        var chart = Chart("x", Paper with { Cells = 40, Lines = 14, HasColour = true }, 60, 15, Series("x job=a", 60, 15, _ => 1), Series("x job=b", 60, 15, _ => 2));
        IsGolden("colours", chart.Replace("\u001b", "ESC", StringComparison.Ordinal));
        Assert.DoesNotContain("\u001b", Chart("x", Paper, 60, 15, Series("x job=a", 60, 15, _ => 1)), StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_lie_close_together_have_an_axis_of_their_own() => IsGolden("close", Chart("bytes", Paper, 3_600, 15, Series("bytes", 3_600, 15, at => 3.1e9 + at * 1e4)));

    [Fact]
    public void Days_are_named_where_they_begin_by_the_readers_clock() =>
        IsGolden("days", Chart("x", Paper with { Zone = NewYork }, 36 * 3_600, 900, Series("x", 36 * 3_600, 900, at => at)));

    [Fact]
    public void A_week_is_labelled_by_days() => IsGolden("week", Chart("x", Paper with { Zone = NewYork }, 7 * 86_400, 3_600, Series("x", 7 * 86_400, 3_600, at => -at)));

    [Fact]
    public void A_narrow_terminal_cuts_names_and_not_the_chart() =>
        IsGolden("narrow", Chart("x", Paper with { Cells = 30, Lines = 10 }, 60, 1, Series("requests handler=/api/v1/permits/applications", 60, 1, at => at * 1e-4)));

    [Fact]
    public void A_range_of_one_point_is_a_dot() => IsGolden("point", Chart("x", Paper with { Cells = 40, Lines = 12 }, 0, 1, Answers.Over("x", (0, 5))));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 5)]
    [InlineData(-5, -5)]
    [InlineData(-1e308, 1.7e308)]
    [InlineData(double.MinValue, double.MaxValue)]
    [InlineData(1e15, 1000000000000001)]
    [InlineData(1e-320, 2e-320)]
    [InlineData(-0.1, 0.3)]
    [InlineData(99.9, 100)]
    public void Every_value_has_a_place_between_at_most_five_labels(double low, double high)
    {
        var axis = ValueAxis.Over(low, high);
        Assert.InRange(axis.Ticks.Count, 2, 5);
        Assert.InRange(low, axis.Bottom, axis.Top);
        Assert.InRange(high, axis.Bottom, axis.Top);
        foreach (var value in (double[])[low, high, .. axis.Ticks])
            Assert.InRange(axis.Place(value), 0, 1);
    }

    [Theory]
    [InlineData(-0.1, 0.3, "-0.1 0 0.1 0.2 0.3")]
    [InlineData(112, 1_580, "0 500 1k 1.5k 2k")]
    [InlineData(3.1e9, 3.14e9, "3.1G 3.11G 3.12G 3.13G 3.14G")]
    [InlineData(5, 5, "0 2 4 6")]
    [InlineData(-30, -2, "-30 -20 -10 0")]
    [InlineData(0, 1, "0 0.5 1")]
    [InlineData(0, 0.00004, "0 1e-05 2e-05 3e-05 4e-05")]
    public void Labels_are_round(double low, double high, string labels) => Assert.Equal(labels, string.Join(' ', ValueAxis.Over(low, high).Ticks.Select(ShortNumber.Of)));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.0166666666, "0.01667")]
    [InlineData(112.34, "112.3")]
    [InlineData(999.96, "1k")]
    [InlineData(1_234.6, "1.235k")]
    [InlineData(-3_412_345, "-3.412M")]
    [InlineData(7.5e13, "75T")]
    [InlineData(1e18, "1e+18")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(4.898587e-16, "4.899e-16")]
    public void Numbers_are_short_where_there_is_little_room(double value, string text) => Assert.Equal(text, ShortNumber.Rounded(value, 4));

    private static AnswerSeries Series(string labels, int range, int step, Func<int, double> value) =>
        Answers.Over(labels, Enumerable.Range(0, range / step + 1).Select(i => (i * step, value(i * step))));

    private static string Chart(string expression, ChartPaper paper, int range, int step, params IReadOnlyList<AnswerSeries> series)
    {
        var order = new QueryOrder(expression, new QueryTimes(Answers.Four, Answers.Four + range * 1_000L, step * 1_000L), ShownAs.Chart);
        var chart = new ChartForm(order, paper).Of(Answers.Matrix(series));
        if (!paper.HasColour)
            Assert.All(chart.Split('\n'), line => Assert.InRange(CellText.Width(line), 0, paper.Cells));
        return chart;
    }

    private static void IsGolden(string name, string text)
    {
        var path = Path.Combine(Here(), "golden", $"{name}.txt");
        if (Environment.GetEnvironmentVariable("HMS_ACCEPT") == "1")
            File.WriteAllText(path, text);
        Assert.Equal(File.ReadAllText(path), text);
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!; // a source file has a folder
}
