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
        Assert.Equal("the aggregation makes more than 1 groups; foo has found 2 series so far. Group by fewer labels, or add matchers that narrow it.", refusal.Message);
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
    public void Memory_of_a_query_is_limited_and_the_selector_is_named()
    {
        const long columns = 3 * 31 * sizeof(double); // and more for what is around them
        var refusal = Assert.Throws<PromEvaluationException>(() => Ask(columns));
        Assert.Equal($"the query would hold more than {columns} bytes while it runs; bar has found 1 series so far. Select fewer series, aggregate them, or take a longer step.", refusal.Message);
        Assert.Equal("memory_limit", refusal.Limit);
        Assert.Equal(31, Ask(8 * columns).Series[0].Times.Length);

        static PromMatrix Ask(long bytesMax) => new PromEngine(Series, new PromLimits { BytesMax = bytesMax }).Range(Answers.Parsed("bar + 1 + 2"), 0, 300_000, 10_000, CancellationToken.None);
    }

    [Fact]
    public void All_queries_together_are_limited_and_an_answer_counts_until_its_account_is_closed()
    {
        var pool = new PromPool(4_000);
        var engine = new PromEngine(Series, PromLimits.Default, pool: pool);
        using (var account = new PromAccount())
        {
            engine.Range(Answers.Parsed("bar"), 0, 300_000, 10_000, CancellationToken.None, account: account);
            Assert.Equal((pool.Bytes, 6), (account.Bytes, account.Samples));
            Assert.InRange(pool.Bytes, 31 * 16, 1_000); // times and values of 31 points
            Assert.Equal("bar has found 1 series so far", account.Costliest);
            var refusal = Assert.Throws<PromEvaluationException>(() => engine.Range(Answers.Parsed("bar + foo{a=\"x\"} + 1 + 2 + 3"), 0, 300_000, 1_000, CancellationToken.None));
            Assert.Equal("all queries together would hold more than 4000 bytes; bar has found 1 series so far. Ask again when others have ended, or for less.", refusal.Message);
            Assert.Equal(("pool_limit", account.Bytes), (refusal.Limit, pool.Bytes));
        }
        Assert.Equal(0, pool.Bytes);
        engine.Range(Answers.Parsed("bar"), 0, 300_000, 10_000, CancellationToken.None);
        Assert.Equal(0, pool.Bytes); // without an account an answer is paid when it is there
    }

    [Fact]
    public void A_pattern_that_takes_long_for_a_text_is_refused_where_it_stands()
    {
        const string text = "label_replace(foo, \"b\", \"$1\", \"text\", \"(a{1,30}){1,30}b\")"; // seconds, if it were let
        var source = new LiteralSource(60_000, $"foo{{text=\"{new string('a', 30_000)}\"}} 1");
        var refusal = Assert.Throws<PromEvaluationException>(() => Answers.Ask(source, text, 0));
        Assert.Equal((text.IndexOf("\"(a", StringComparison.Ordinal), "pattern_limit"), (refusal.Position.Start, refusal.Limit));
        Assert.Equal("The pattern (a{1,30}){1,30}b takes more than 100 ms for one text. Write it without counts in counts.", refusal.Message);
    }

    [Fact]
    public void Labels_that_double_are_refused_before_they_are_long()
    {
        var text = Enumerable.Range(0, 40).Aggregate("foo", (inner, _) => $"label_join({inner}, \"a\", \"\", \"a\", \"a\")");
        var refusal = Assert.Throws<PromEvaluationException>(() => Answers.Ask(Series, text, 300_000));
        Assert.Equal(("label_join makes a label of more than 65536 characters. Put less into it.", "label_limit"), (refusal.Message, refusal.Limit));
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
        using var account = new PromAccount();
        Assert.Throws<OperationCanceledException>(() => new PromEngine(source, PromLimits.Default).Instant(Answers.Parsed("foo"), 0, cancel.Token, account: account));
        Assert.Equal(1, handedOut);
        Assert.Equal("foo has found 1 series so far", account.Costliest); // so that whoever ends it can say what to narrow
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
