using HmsOps.PromQL.Tests.Notation;

namespace HmsOps.PromQL.Tests.Reading;

/// <summary>Places that read the same are walked together, parts that read the same are worked out once, and several workers say what one says.</summary>
public sealed class SharedReadingTests
{
    private const long Minute = 60_000;

    private static readonly string[] Lines =
    [
        "requests_total{path=\"/grants\", zone=\"a\"} 0+7x60",
        "requests_total{path=\"/grants\", zone=\"b\"} 0+3x30 0+5x30",
        "requests_total{path=\"/tax\", zone=\"a\"} 0+11x60",
        "requests_total{path=\"/tax\", zone=\"b\"} _x20 5+2x40",
        "queue{zone=\"a\"} 1 5 2 NaN 3 4 1 stale _ 2 7x50",
        "queue{zone=\"b\"} 2+1x60",
        "latency{zone=\"a\"} {{schema:0 sum:5 count:4 buckets:[1 2 1]}}x60",
        "latency{zone=\"b\"} {{schema:1 sum:9 count:6 buckets:[1 2 1 2]}}x60",
        "latency_bucket{le=\"1\"} 0+1x60",
        "latency_bucket{le=\"5\"} 0+3x60",
        "latency_bucket{le=\"+Inf\"} 0+4x60",
    ];

    private static PartedSource Source() => new([.. Lines.Select(line => SeriesNotation.Read(line, Minute))]);

    [Theory]
    [InlineData("sum(rate(requests_total[5m])) / sum(increase(requests_total[5m]))", 1)]
    [InlineData("sum(rate(requests_total[5m])) / sum(rate(requests_total[1h]))", 1)]
    [InlineData("rate(requests_total[5m]) + rate(requests_total[5m])", 1)]
    [InlineData("max(queue) - min(queue) + queue", 1)]
    [InlineData("queue - queue offset 5m", 2)]
    [InlineData("queue{zone=\"a\"} + on () queue{zone=\"b\"}", 2)]
    [InlineData("histogram_quantile(0.9, rate(latency_bucket[5m])) - histogram_quantile(0.5, rate(latency_bucket[5m]))", 1)]
    [InlineData("max_over_time(sum(queue)[10m:1m]) + sum(queue)", 2)] // the subquery's times are others
    [InlineData("absent(queue) or sum(queue)", 1)]
    public void Series_are_walked_once_for_all_who_read_them(string expression, int walks)
    {
        var source = Source();
        _ = new PromEngine(source, PromLimits.Default).Instant(Answers.Parsed(expression), 40 * Minute, CancellationToken.None);
        Assert.Equal(walks, source.Opened.Count);
    }

    // Each waited for itself once, until the stack was at its end, and with it the process.
    [Theory]
    [InlineData("quantile(scalar(part), part)", "{} 0.5")]
    [InlineData("quantile(scalar(part), part) + sum(part)", "{} 1")]
    [InlineData("topk(scalar(count(part)), part)", "part 0.5")]
    [InlineData("sum(quantile_over_time(scalar(part), part[2m]))", "{} 0.45")]
    [InlineData("start_timestamp(part + 1) or (part)", "part 0.5")] // nothing comes of the first
    [InlineData("sum(quantile_over_time(scalar(count(quantile(scalar(part), part))), part[2m])) + count(part)", "{} 1.5")]
    public void A_number_that_others_wait_for_may_be_read_from_the_same_series(string expression, string answer) =>
        Assert.Equal(answer, Answers.Say(new LiteralSource(Minute, "part 0+0.1x10"), expression, 5 * Minute));

    [Fact]
    public void What_was_said_of_a_part_is_said_of_the_other_at_its_place()
    {
        var answer = new PromEngine(Source(), PromLimits.Default).Instant(Answers.Parsed("rate(queue[5m]) + rate(queue[5m])"), 40 * Minute, CancellationToken.None);
        Assert.Equal(
            [
                "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"queue\" (1:6)",
                "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"queue\" (1:24)",
            ],
            answer.Annotations);
    }

    [Theory]
    [InlineData("sum by (path) (rate(requests_total[5m]))")]
    [InlineData("avg(queue)")]
    [InlineData("avg by (zone) (latency)")]
    [InlineData("sum(latency)")]
    [InlineData("min(queue) or max(queue)")]
    [InlineData("count by (zone) ({__name__=~\".+\"})")]
    [InlineData("group by (path) (requests_total)")]
    [InlineData("stddev(requests_total)")]
    [InlineData("stdvar by (zone) (requests_total)")]
    [InlineData("quantile(0.3, requests_total)")]
    [InlineData("topk(2, requests_total)")]
    [InlineData("limitk(2, requests_total)")]
    [InlineData("absent(nothing{a=\"b\"})")]
    [InlineData("absent_over_time(queue[2m])")]
    [InlineData("sort_desc(requests_total)")]
    [InlineData("max_over_time(sum(queue)[10m:1m])")]
    [InlineData("predict_linear(queue[10m], 3600)")]
    [InlineData("histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m])))")]
    public void Several_workers_say_what_one_says(string text)
    {
        var expression = Answers.Parsed(text);
        var alone = new PromEngine(Source(), PromLimits.Default).Range(expression, 5 * Minute, 55 * Minute, 90_000, CancellationToken.None);
        foreach (var count in (int[])[2, 3, 7])
        {
            var together = new PromEngine(Source(), PromLimits.Default, new PromWorkers(count, PromWorkers.One.RunAll)).Range(expression, 5 * Minute, 55 * Minute, 90_000, CancellationToken.None);
            Assert.Equal(alone.Series.Select(Said), together.Series.Select(Said));
            Assert.Equal(alone.Annotations, together.Annotations);
        }
    }

    // Sums of parts round otherwise in their last digits.
    private static string Said(PromSeries series) =>
        $"{series.Labels} {string.Join(' ', series.Times.Select((time, i) => $"{time}:{(series.Histograms?[i] is { } histogram ? SeriesNotation.Write(histogram) : series.Values[i].ToString("G12"))}"))}";
}
