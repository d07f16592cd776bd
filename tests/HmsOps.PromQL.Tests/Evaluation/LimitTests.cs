using HmsOps.PromQL.Tests.Notation;

namespace HmsOps.PromQL.Tests.Evaluation;

public sealed class LimitTests
{
    private static readonly LiteralSource Series = new(60_000, "foo{a=\"x\"} 0+1x10", "foo{a=\"y\"} 0+1x10", "bar 1x10");

    [Theory]
    [InlineData("bar + foo", 6, "foo", "foo finds more than 1 series. Add matchers that narrow it, or aggregate it.")]
    [InlineData("bar + rate(foo[5m])", 11, "foo", "foo finds more than 1 series. Add matchers that narrow it, or aggregate it.")]
    public void Series_are_limited(string text, int at, string what, string message)
    {
        var refusal = Assert.Throws<PromEvaluationException>(() => Answers.Ask(Series, text, 300_000, new PromLimits { SeriesMax = 1 }));
        Assert.Equal((message, what), (refusal.Message, text[refusal.Position.Start..refusal.Position.End]));
        Assert.Equal((at, "series_limit"), (refusal.Position.Start, refusal.Limit));
    }

    [Theory]
    [InlineData("sum(foo)", 10)]
    [InlineData("count((rate(foo[5m])))", 2)]
    public void What_is_aggregated_as_it_is_read_is_not_held(string text, double value) =>
        Assert.Equal(value, Answers.Ask(Series, text, 300_000, new PromLimits { SeriesMax = 1 }).Points[0].Value);

    [Fact]
    public void Groups_are_limited()
    {
        var refusal = Assert.Throws<PromEvaluationException>(() => Answers.Ask(Series, "sum by (a) (foo)", 300_000, new PromLimits { SeriesMax = 1 }));
        Assert.Equal("the aggregation makes more than 1 groups. Group by fewer labels, or add matchers that narrow it.", refusal.Message);
        Assert.Equal("series_limit", refusal.Limit);
    }

    [Fact]
    public void Cells_of_groups_are_limited_before_they_are_made()
    {
        var engine = new PromEngine(Series, new PromLimits { SamplesMax = 50 }); // 31 steps, and two groups; the series have 22 samples
        var refusal = Assert.Throws<PromEvaluationException>(() => engine.Range(Answers.Parsed("sum by (a) (foo)"), 0, 300_000, 10_000, CancellationToken.None));
        Assert.StartsWith("the query holds more than 50 points", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_are_limited_and_the_selector_is_named()
    {
        var refusal = Assert.Throws<PromEvaluationException>(() => Answers.Ask(Series, "bar + rate(foo[10m])", 600_000, new PromLimits { SamplesMax = 20 }));
        Assert.Equal("The query touches more than 20 samples. Narrow {__name__=\"foo\"} or its range.", refusal.Message);
        Assert.Equal((new SourceRange(11, 14), "sample_limit"), (refusal.Position, refusal.Limit));
    }

    [Fact]
    public void Points_held_are_limited()
    {
        var engine = new PromEngine(Series, new PromLimits { SamplesMax = 100 });
        var refusal = Assert.Throws<PromEvaluationException>(() => engine.Range(Answers.Parsed("bar + 1 + 2"), 0, 300_000, 10_000, CancellationToken.None));
        Assert.Equal("the query holds more than 100 points while it runs; bar has found 1 series so far. Select fewer series, aggregate them, or take a longer step.", refusal.Message);
        Assert.Equal("point_limit", refusal.Limit);
    }

    [Fact]
    public void Points_a_series_are_limited()
    {
        var engine = new PromEngine(Series, PromLimits.Default);
        Assert.Equal(11_000, engine.Range(Answers.Parsed("time()"), 0, 10_999, 1, CancellationToken.None).Series[0].Times.Length);
        var refusal = Assert.Throws<PromEvaluationException>(() => engine.Range(Answers.Parsed("time()"), 0, 11_000, 1, CancellationToken.None));
        Assert.Equal("the range asks for 11001 points a series; the limit is 11000. Take a longer step or a shorter range.", refusal.Message);
    }

    [Fact]
    public void Cancellation_is_seen_between_series()
    {
        using var cancel = new CancellationTokenSource();
        var handedOut = 0;
        var source = new LiteralSource(60_000, "foo{a=\"x\"} 1", "foo{a=\"y\"} 1", "foo{a=\"z\"} 1");
        source.BeforeSeries = () =>
        {
            handedOut++;
            cancel.Cancel();
        };
        Assert.Throws<OperationCanceledException>(() => new PromEngine(source, PromLimits.Default).Instant(Answers.Parsed("foo"), 0, cancel.Token));
        Assert.Equal(1, handedOut);
    }

    [Fact]
    public void A_selector_is_read_once_for_all_steps()
    {
        var source = new LiteralSource(60_000, "foo_total 0+1x100");
        new PromEngine(source, PromLimits.Default).Range(Answers.Parsed("rate(foo_total[5m] offset 1m) + foo_total"), 600_000, 3_000_000, 15_000, CancellationToken.None);
        Assert.Equal([(240_001, 2_940_000), (300_001, 3_000_000)], source.Asked.Select(a => (a.From, a.To)));
    }

    [Fact]
    public void Steps_without_a_sample_are_left_out()
    {
        var source = new LiteralSource(60_000, "foo 1 _x7 2 stale");
        var series = Assert.Single(new PromEngine(source, PromLimits.Default).Range(Answers.Parsed("foo"), 0, 600_000, 60_000, CancellationToken.None).Series);
        Assert.Equal([0, 60_000, 120_000, 180_000, 240_000, 480_000], series.Times);
        Assert.Equal([1, 1, 1, 1, 1, 2], series.Values);
        Assert.Null(series.Histograms);
    }
}
