using HmsOps.PromQL.Tests.Notation;

namespace HmsOps.PromQL.Tests.Evaluation;

public sealed class ExpressionTableTests
{
    // One sample a minute, the first at 0.
    private static readonly LiteralSource Series = new(
        60_000,
        "gauge{a=\"x\"} 0+10x10",                 // 0 10 20 … 100
        "gauge{a=\"y\"} 5 _x3 7 stale _ 9",        // 0:5 4:7 5:stale 7:9
        "hits_total{a=\"x\"} 10 20 30 5 15 25",    // starts over at 3
        "young_total{a=\"x\"} _x8 2 8",            // begins at 8
        "{\"tax-bot.ok\", service=\"tax\"} 1x10",
        "odd 1 NaN 3",
        "huge{a=\"1\"} 1e100", "huge{a=\"2\"} 1", "huge{a=\"3\"} -1e100",
        "vast{a=\"1\"} 1.5e308", "vast{a=\"2\"} 1.5e308",
        "probe_success{path=\"/a\"} 1 0 0 1 0",
        "bucket{le=\"0.1\"} 10", "bucket{le=\"0.5\"} 30", "bucket{le=\"1\"} 40", "bucket{le=\"+Inf\"} 50",
        "fallen{le=\"1\"} 10", "fallen{le=\"2\"} 8", "fallen{le=\"+Inf\"} 20",
        "left{k=\"1\",side=\"l\"} 6", "left{k=\"2\",side=\"l\"} 8", "right{k=\"1\",side=\"r\"} 3", "right{k=\"3\",side=\"r\"} 4",
        "typed{__type__=\"counter\",__unit__=\"s\",a=\"x\"} 4");

    [Theory]
    // Selectors: the newest sample, but not one that is 5 minutes old, and none behind a stale marker.
    [InlineData("gauge", 0, "gauge{a=\"x\"} 0 | gauge{a=\"y\"} 5")]
    [InlineData("gauge{a=\"y\"}", 239, "gauge{a=\"y\"} 5")]
    [InlineData("gauge{a=\"y\"}", 300, "")]
    [InlineData("gauge{a=\"y\"}", 420, "gauge{a=\"y\"} 9")]
    [InlineData("gauge{a=\"y\"}", 719, "gauge{a=\"y\"} 9")]
    [InlineData("gauge{a=\"y\"}", 720, "")]
    [InlineData("gauge{a=\"x\"} offset 1m", 120, "gauge{a=\"x\"} 10")]
    [InlineData("gauge{a=\"x\"} offset -1m", 120, "gauge{a=\"x\"} 30")]
    [InlineData("gauge{a=~\"x|z\"}", 60, "gauge{a=\"x\"} 10")]
    [InlineData("gauge{a!~\"x|z\"}", 60, "gauge{a=\"y\"} 5")]
    [InlineData("gauge{a!=\"x\"}", 60, "gauge{a=\"y\"} 5")]
    [InlineData("{\"tax-bot.ok\"} == 0", 60, "")]
    [InlineData("{\"tax-bot.ok\"}", 60, "{\"tax-bot.ok\", service=\"tax\"} 1")]
    // Windows are open at their old end: (t - range, t]. Stale markers are no samples.
    [InlineData("count_over_time(gauge{a=\"x\"}[2m])", 120, "{a=\"x\"} 2")]
    [InlineData("count_over_time(gauge{a=\"x\"}[2m1s])", 120, "{a=\"x\"} 3")]
    [InlineData("count_over_time(gauge{a=\"y\"}[10m])", 420, "{a=\"y\"} 3")]
    [InlineData("last_over_time(gauge{a=\"y\"}[2m])", 300, "gauge{a=\"y\"} 7")]
    [InlineData("sum_over_time(gauge{a=\"x\"}[3m])", 120, "{a=\"x\"} 30")]
    [InlineData("avg_over_time(gauge{a=\"x\"}[3m])", 120, "{a=\"x\"} 10")]
    [InlineData("min_over_time(odd[5m])", 120, "{} 1")]
    [InlineData("max_over_time(odd[2m])", 120, "{} 3")]
    [InlineData("max_over_time(odd[1m])", 60, "{} NaN")]
    [InlineData("quantile_over_time(0.5, gauge{a=\"x\"}[4m])", 180, "{a=\"x\"} 15")]
    [InlineData("quantile_over_time(2, gauge{a=\"x\"}[4m])", 180, "{a=\"x\"} Infinity")]
    // Chapter D: three failures in a minute's probes, exactly.
    [InlineData("sum(count_over_time(probe_success[5m]) - sum_over_time(probe_success[5m])) >= 3", 240, "{} 3")]
    // increase: at 300 the window (0, 300] holds 20 30 5 15 25: 25 - 20 + 30 = 35 over 240 s; 60 s to its start, which is less than
    // 1.1 x 60 s, and 60 s before the first sample the counter was not below zero (20 / 35 x 240 s = 137 s): 35 x 300 / 240.
    [InlineData("increase(hits_total[5m])", 300, "{a=\"x\"} 43.75")]
    [InlineData("delta(hits_total[5m])", 300, "{a=\"x\"} 6.25")] // (25 - 20) x 300 / 240
    // Begins inside the window: 420 s to its start is more than 66 s, so half an interval, 30 s; but 20 s before its first sample the
    // counter was zero (2 / 6 x 60 s): 6 x (60 + 20 + 0) / 60.
    [InlineData("increase(young_total[10m])", 540, "{a=\"x\"} 8")]
    [InlineData("rate(young_total[1m])", 540, "")] // one sample has no rate
    // Sums keep what rounding loses; a mean does not leave the range of numbers because its sum does.
    [InlineData("sum(huge)", 0, "{} 1")]
    [InlineData("avg(vast)", 0, "{} 1.5E+308")]
    [InlineData("sum(vast)", 0, "{} Infinity")]
    [InlineData("sum by (a) (gauge)", 0, "{a=\"x\"} 0 | {a=\"y\"} 5")]
    [InlineData("sum without (a) (gauge)", 0, "{} 5")]
    [InlineData("avg(gauge)", 0, "{} 2.5")]
    [InlineData("min(gauge)", 0, "{} 0")]
    [InlineData("max(gauge)", 0, "{} 5")]
    [InlineData("count(gauge)", 0, "{} 2")]
    [InlineData("count(gauge{a=\"none\"})", 0, "")]
    [InlineData("max(odd or gauge{a=\"none\"})", 60, "{} NaN")]
    // Operators.
    [InlineData("1 + 2 * 3 ^ 2 - 7 % 4", 0, "16")]
    [InlineData("-2 ^ 2", 0, "-4")]
    [InlineData("1 / 0", 0, "Infinity")]
    [InlineData("1 > bool 2", 0, "0")]
    [InlineData("1 atan2 1", 0, "0.7853981633974483")]
    [InlineData("time()", 90, "90")]
    [InlineData("5m", 0, "300")]
    [InlineData("gauge * 2", 0, "{a=\"x\"} 0 | {a=\"y\"} 10")]
    [InlineData("gauge > 1", 0, "gauge{a=\"y\"} 5")]
    [InlineData("1 < gauge", 0, "gauge{a=\"y\"} 5")]
    [InlineData("gauge > bool 1", 0, "{a=\"x\"} 0 | {a=\"y\"} 1")]
    [InlineData("-gauge", 60, "{a=\"x\"} -10 | {a=\"y\"} -5")]
    [InlineData("left / on (k) right", 0, "{k=\"1\"} 2")]
    [InlineData("left / ignoring (side) right", 0, "{k=\"1\"} 2")]
    [InlineData("left > on (k) right", 0, "{k=\"1\"} 6")]
    [InlineData("left > ignoring (side) right", 0, "left{k=\"1\"} 6")]
    [InlineData("left / right", 0, "")]
    [InlineData("left and on (k) right", 0, "left{k=\"1\", side=\"l\"} 6")]
    [InlineData("left unless on (k) right", 0, "left{k=\"2\", side=\"l\"} 8")]
    [InlineData("left or on (k) right", 0, "left{k=\"1\", side=\"l\"} 6 | left{k=\"2\", side=\"l\"} 8 | right{k=\"3\", side=\"r\"} 4")]
    [InlineData("odd == odd", 60, "")]
    [InlineData("odd != odd", 60, "odd NaN")]
    [InlineData("abs(gauge - 7)", 0, "{a=\"x\"} 7 | {a=\"y\"} 2")]
    [InlineData("clamp_min(gauge, 3)", 0, "{a=\"x\"} 3 | {a=\"y\"} 5")]
    [InlineData("clamp_max(gauge, 3)", 0, "{a=\"x\"} 0 | {a=\"y\"} 3")]
    [InlineData("vector(3)", 0, "{} 3")]
    [InlineData("scalar(gauge{a=\"y\"})", 0, "5")]
    [InlineData("scalar(gauge)", 0, "NaN")]
    // Names go at the very end, and type and unit with them.
    [InlineData("typed", 0, "typed{__type__=\"counter\", __unit__=\"s\", a=\"x\"} 4")]
    [InlineData("typed * 2", 0, "{a=\"x\"} 8")]
    [InlineData("sum by (__name__) (abs(left))", 0, "{} 14")]
    [InlineData("sum by (__name__) (left)", 0, "left 14")]
    [InlineData("-{__name__=~\"left|right\", k!=\"1\"}", 0, "{k=\"2\", side=\"l\"} -8 | {k=\"3\", side=\"r\"} -4")]
    // Classic histograms: rank 25 of 50 lies in (0.1, 0.5]: 0.1 + 0.4 x (25 - 10) / 20; rank 47.5 lies above 1: the highest bound.
    [InlineData("histogram_quantile(0.5, bucket)", 0, "{} 0.4")]
    [InlineData("histogram_quantile(0.95, bucket)", 0, "{} 1")]
    [InlineData("histogram_quantile(-1, bucket)", 0, "{} -Infinity")]
    [InlineData("histogram_quantile(NaN, bucket)", 0, "{} NaN")]
    [InlineData("histogram_quantile(0.5, bucket{le!=\"+Inf\"})", 0, "{} NaN")]
    [InlineData("histogram_quantile(0.5, fallen)", 0, "{} 1")] // 8 is forced up to 10, where rank 10 is found first
    public void Expressions_say(string text, long atSeconds, string expected) => Assert.Equal(expected, Answers.Say(Series, text, atSeconds * 1000));

    [Theory]
    [InlineData("abs({__name__=~\"left|other\"})", "vector cannot contain metrics with the same labelset: {k=\"1\"} comes twice at 0 ms; keep a label that tells the series apart, or aggregate")]
    [InlineData("right * on (x) right", "found several series on the right of * for the match group {}: right{k=\"1\"} and right{k=\"3\"}; many-to-many matching not allowed: matching labels must be unique on one side")]
    [InlineData("left * on (x) other", "found several series on the left of * for the match group {}: left{k=\"1\"} and left{k=\"2\"}; many-to-one matching must be explicit (group_left/group_right): write it, match on a label that tells them apart, or aggregate first")]
    [InlineData("left[5m]", "the expression is a range vector, which has no value at a time; put it in a function, such as last_over_time(left[5m])")]
    [InlineData("\"text\"", "the expression is a text, which has no value over time")]
    public void What_cannot_be_answered_says_why_and_where(string text, string message)
    {
        var source = new LiteralSource(60_000, "left{k=\"1\"} 1", "left{k=\"2\"} 2", "other{k=\"1\"} 3", "right{k=\"1\"} 4", "right{k=\"3\"} 5");
        var refusal = Assert.Throws<PromEvaluationException>(() => Answers.Ask(source, text, 0));
        Assert.Equal((message, new SourceRange(0, text.Length)), (refusal.Message, refusal.Position));
    }

    [Theory]
    [InlineData("rate(gauge[5m])", "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"gauge\" (1:6)")]
    [InlineData("rate(hits_total[5m])", "")]
    [InlineData("1 +\n histogram_quantile(2, bucket)", "PromQL warning: quantile value should be between 0 and 1, got 2 (2:21)")]
    [InlineData("histogram_quantile(0.5, left)", "PromQL warning: bucket label \"le\" is missing or has a malformed value of \"\" for metric name \"left\" (1:25)")]
    [InlineData("histogram_quantile(0.5, fallen)", "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) for metric name \"fallen\", from buckets 2 to 2, with a max diff of 2 (1:25)")]
    public void Answers_carry_annotations(string text, string expected) =>
        Assert.Equal(expected, string.Join(" | ", Answers.Ask(Series, text, text.Contains("rate", StringComparison.Ordinal) ? 300_000 : 0).Annotations));

    [Theory]
    [InlineData("1 + left", "PromQL warning: block 7 lacks samples (1:5)")]
    [InlineData("rate(left[5m])", "PromQL warning: block 7 lacks samples (1:6)")]
    public void What_the_store_had_to_leave_out_is_said_where_it_was_asked_for(string text, string expected)
    {
        var source = new LiteralSource(60_000, "left{k=\"1\"} 1+1x10") { LeftOut = ["block 7 lacks samples"] };
        Assert.Contains(expected, Answers.Ask(source, text, 300_000).Annotations);
    }
}
