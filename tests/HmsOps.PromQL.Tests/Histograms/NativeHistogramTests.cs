using FsCheck.Fluent;
using HmsOps.PromQL.Tests.Notation;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Histograms;

public sealed class NativeHistogramTests
{
    // One sample a minute. Schema 0: bucket i holds (2^(i-1), 2^i]; offset 1 begins with (1, 2].
    private static readonly LiteralSource Series = new(
        60_000,
        "h{s=\"a\"} {{schema:0 count:4 sum:10 offset:1 buckets:[2 2]}} {{schema:0 count:10 sum:28 offset:1 buckets:[4 6]}} {{schema:0 count:16 sum:40 offset:1 buckets:[8 8]}}",
        "h{s=\"b\"} {{schema:1 count:4 sum:9 offset:1 buckets:[1 1 1 1]}}x2",
        "reset {{schema:0 count:10 sum:20 offset:1 buckets:[4 6]}} {{schema:0 count:3 sum:6 offset:1 buckets:[1 2]}} {{schema:0 count:7 sum:16 offset:1 buckets:[3 4]}}",
        "coarser {{schema:1 count:4 sum:9 offset:1 buckets:[1 1 1 1]}} {{schema:0 count:8 sum:18 offset:1 buckets:[4 4]}}",
        "zero {{schema:0 count:10 sum:0 z_bucket:6 z_bucket_w:0.5 buckets:[4]}}",
        "wider {{schema:0 count:5 sum:0 z_bucket:3 z_bucket_w:1 offset:1 buckets:[2]}}",
        "negative {{schema:0 count:8 sum:-16 n_offset:1 n_buckets:[4 4]}}",
        "mixed 1 {{schema:0 count:1 sum:1 buckets:[1]}} 3",
        "ended {{schema:0 count:1 sum:1 buckets:[1]}} {{schema:0 sum:stale}}",
        "gauge {{schema:0 count:4 sum:8 offset:1 buckets:[4] counter_reset_hint:gauge}} {{schema:0 count:2 sum:4 offset:1 buckets:[2] counter_reset_hint:gauge}}",
        "own {{schema:-53 count:10 sum:30 custom_values:[1 2 4] buckets:[1 2 3 4]}} {{schema:-53 count:20 sum:60 custom_values:[1 2 4] buckets:[2 4 6 8]}}",
        "other {{schema:-53 count:6 sum:9 custom_values:[2 4 8] buckets:[3 2 1]}}x3",
        "reshaped {{schema:-53 count:10 sum:30 custom_values:[1 2 4] buckets:[1 2 3 4]}} {{schema:-53 count:20 sum:60 custom_values:[2 4] buckets:[6 6 8]}}",
        "restarted {{schema:-53 count:10 sum:30 custom_values:[1 2 4] buckets:[1 2 3 4]}} {{schema:-53 count:12 sum:30 custom_values:[1 2 4] buckets:[9 1 1 1]}}",
        "unlike {{schema:-53 count:1 sum:3 custom_values:[1 2 4] buckets:[1]}} {{schema:0 count:4 sum:8 offset:1 buckets:[4]}}",
        "both {{schema:0 count:4 sum:8 offset:1 buckets:[4]}}", "both{le=\"1\"} 1", "both{le=\"+Inf\"} 2",
        "nans {{schema:0 count:4 sum:NaN offset:1 buckets:[2]}}",
        "many{i=\"1\"} {{schema:0 count:1.5e308 sum:1 buckets:[1.5e308]}}", "many{i=\"2\"} {{schema:0 count:1.5e308 sum:1 buckets:[1.5e308]}}");

    [Theory]
    [InlineData("histogram_count(h{s=\"a\"})", 0, "{s=\"a\"} 4")]
    [InlineData("histogram_sum(h{s=\"a\"})", 0, "{s=\"a\"} 10")]
    [InlineData("histogram_avg(h{s=\"a\"})", 0, "{s=\"a\"} 2.5")]
    // Both samples 60 s apart, at 0 and 60, window (-180, 60]: to its start 180 s, more than 1.1 x 60 s, so half an interval, 30 s; the count
    // was zero 4/6 x 60 = 40 s before the first sample, which is no nearer: the difference (count 6, sum 18, buckets 2 and 4) x 90 / 60.
    [InlineData("increase(h{s=\"a\"}[4m])", 60, "{s=\"a\"} {{schema:0 count:9 sum:27 offset:1 buckets:[3 6] counter_reset_hint:gauge}}")]
    [InlineData("histogram_count(rate(h{s=\"a\"}[256]))", 60, "{s=\"a\"} 0.03515625")] // 9 / 256 s
    // Three samples, window (-60, 120]: 12 more in 120 s, start 60 s away, zero 4/12 x 120 = 40 s before: x (120 + 40) / 120.
    [InlineData("increase(h{s=\"a\"}[3m]) * 0.75", 120, "{s=\"a\"} {{schema:0 count:12 sum:30 offset:1 buckets:[6 6] counter_reset_hint:gauge}}")]
    // Starts over at the second sample, so the first says nothing: 7 - 0 = 7 over 120 s; the count of the first, 10, is no limit nearer
    // than 60 s (10/7 x 120 s): x (120 + 60) / 120.
    [InlineData("increase(reset[3m]) / 1.5", 120, "{} {{schema:0 count:7 sum:16 offset:1 buckets:[3 4] counter_reset_hint:gauge}}")]
    // Schema 1's (1, 1.41] and (1.41, 2] are schema 0's (1, 2]: 2 and 2 there, 4 and 4 later.
    [InlineData("increase(coarser[2m]) / 2", 60, "{} {{schema:0 count:4 sum:9 offset:1 buckets:[2 2] counter_reset_hint:gauge}}")]
    // A sum meets in the coarser schema: [2 2] and [1 1 1 1], which is [2 2] there.
    [InlineData("sum(h)", 0, "{} {{schema:0 count:8 sum:19 offset:1 buckets:[4 4]}}")]
    [InlineData("avg(h)", 0, "{} {{schema:0 count:4 sum:9.5 offset:1 buckets:[2 2]}}")]
    [InlineData("count(h)", 0, "{} 2")]
    [InlineData("max(h)", 0, "")]
    [InlineData("avg(many)", 0, "{} {{schema:0 count:1.5E+308 sum:1 offset:0 buckets:[1.5E+308]}}")]
    [InlineData("sum_over_time(h{s=\"a\"}[2m])", 60, "{s=\"a\"} {{schema:0 count:14 sum:38 offset:1 buckets:[6 8]}}")]
    [InlineData("avg_over_time(h{s=\"a\"}[2m])", 60, "{s=\"a\"} {{schema:0 count:7 sum:19 offset:1 buckets:[3 4]}}")]
    [InlineData("last_over_time(h{s=\"a\"}[2m])", 60, "h{s=\"a\"} {{schema:0 count:10 sum:28 offset:1 buckets:[4 6]}}")]
    // The zero bucket grows to the wider one: (0.5, 1] lies inside it.
    [InlineData("zero + wider", 0, "{} {{schema:0 count:15 sum:0 z_bucket:13 z_bucket_w:1 offset:1 buckets:[2]}}")]
    [InlineData("wider - zero", 0, "{} {{schema:0 count:-5 sum:0 z_bucket:-7 z_bucket_w:1 offset:1 buckets:[2] counter_reset_hint:gauge}}")]
    [InlineData("h{s=\"a\"} * 2", 0, "{s=\"a\"} {{schema:0 count:8 sum:20 offset:1 buckets:[4 4]}}")]
    [InlineData("0.5 * h{s=\"a\"}", 0, "{s=\"a\"} {{schema:0 count:2 sum:5 offset:1 buckets:[1 1]}}")]
    [InlineData("h{s=\"a\"} / 2", 0, "{s=\"a\"} {{schema:0 count:2 sum:5 offset:1 buckets:[1 1]}}")]
    [InlineData("h{s=\"a\"} / 0", 0, "{s=\"a\"} {{schema:0 count:Infinity sum:Infinity z_bucket:NaN}}")]
    [InlineData("-h{s=\"a\"}", 0, "{s=\"a\"} {{schema:0 count:-4 sum:-10 offset:1 buckets:[-2 -2] counter_reset_hint:gauge}}")]
    [InlineData("h{s=\"a\"} == h", 0, "h{s=\"a\"} {{schema:0 count:4 sum:10 offset:1 buckets:[2 2]}}")]
    [InlineData("h{s=\"a\"} != bool h", 0, "{s=\"a\"} 0")]
    [InlineData("h{s=\"a\"} > 1", 0, "")]
    // Quantiles, exponential inside a bucket: rank 2 of 4 is the end of (1, 2]; rank 1, counted from below as it is under the middle, is
    // half way through it, 2^0.5; rank 3 (1 from above) half way through (2, 4], 2^1.5.
    [InlineData("histogram_quantile(0.5, h{s=\"a\"})", 0, "{s=\"a\"} 2")]
    [InlineData("histogram_quantile(0.25, h{s=\"a\"})", 0, "{s=\"a\"} 1.4142135623730951")]
    [InlineData("histogram_quantile(0.75, h{s=\"a\"})", 0, "{s=\"a\"} 2.8284271247461903")]
    // Negative ones mirror it: a quarter of the way from below is half way through [-4, -2): -2^1.5.
    [InlineData("histogram_quantile(0.25, negative)", 0, "{} -2.8284271247461903")]
    // Linear in the zero bucket, which without negative observations begins at 0: rank 3 of 6 in [0, 0.5].
    [InlineData("histogram_quantile(0.3, zero)", 0, "{} 0.25")]
    [InlineData("histogram_quantile(2, h{s=\"a\"})", 0, "{s=\"a\"} Infinity")]
    [InlineData("histogram_quantile(0.5, nans)", 0, "{} 2")]
    [InlineData("histogram_quantile(0.75, nans)", 0, "{} NaN")]
    [InlineData("histogram_quantile(0.5, both)", 0, "")] // classic and native at once: nobody knows which is meant
    // Bounds of their own: 1, 2, 3 and 4 observations up to 1, 2, 4 and above. Linear inside, from 0 in the lowest, at the last bound above it.
    [InlineData("histogram_quantile(0.05, own)", 0, "{} 0.5")]
    [InlineData("histogram_quantile(0.2, own)", 0, "{} 1.5")]
    [InlineData("histogram_quantile(0.5, own)", 0, "{} 3.333333333333333")]
    [InlineData("histogram_quantile(0.9, own)", 0, "{} 4")]
    [InlineData("histogram_avg(own)", 0, "{} 3")]
    [InlineData("own * 2", 0, "{} {{schema:-53 count:20 sum:60 custom_values:[1 2 4] offset:0 buckets:[2 4 6 8]}}")]
    [InlineData("own / 2 == bool own", 0, "{} 0")]
    // They meet in the bounds both have, 2 and 4: [3 3 4] and [3 2 1].
    [InlineData("own + other", 0, "{} {{schema:-53 count:16 sum:39 custom_values:[2 4] offset:0 buckets:[6 5 5]}}")]
    [InlineData("own - other", 0, "{} {{schema:-53 count:4 sum:21 custom_values:[2 4] offset:1 buckets:[1 3] counter_reset_hint:gauge}}")]
    [InlineData("sum({__name__=~\"own|other\"})", 0, "{} {{schema:-53 count:16 sum:39 custom_values:[2 4] offset:0 buckets:[6 5 5]}}")]
    [InlineData("avg({__name__=~\"own|other\"})", 0, "{} {{schema:-53 count:8 sum:19.5 custom_values:[2 4] offset:0 buckets:[3 2.5 2.5]}}")]
    [InlineData("increase(own[4m])", 60, "{} {{schema:-53 count:15 sum:45 custom_values:[1 2 4] offset:0 buckets:[1.5 3 4.5 6] counter_reset_hint:gauge}}")]
    [InlineData("increase(reshaped[4m])", 60, "{} {{schema:-53 count:15 sum:45 custom_values:[2 4] offset:0 buckets:[4.5 4.5 6] counter_reset_hint:gauge}}")]
    // A bucket fell, so it began anew: 12 in 60 s; to the start half an interval, and zero was 60 s x 10 / 12 before.
    [InlineData("increase(restarted[4m]) / 1.5", 60, "{} {{schema:-53 count:12 sum:30 custom_values:[1 2 4] offset:0 buckets:[9 1 1 1] counter_reset_hint:gauge}}")]
    [InlineData("own + h", 0, "")]
    [InlineData("sum({__name__=~\"own|zero\"})", 0, "")]
    // Other buckets, so it began anew: 4 in 60 s, and it was empty 60 s x 1 / 4 before the first, which says nothing else.
    [InlineData("increase(unlike[4m])", 60, "{} {{schema:0 count:5 sum:10 offset:1 buckets:[5] counter_reset_hint:gauge}}")]
    [InlineData("sum_over_time(unlike[4m])", 60, "")]
    [InlineData("avg_over_time(unlike[4m])", 60, "")]
    [InlineData("ended", 60, "")]
    [InlineData("count_over_time(ended[5m])", 60, "{} 1")]
    [InlineData("count_over_time(mixed[5m])", 120, "{} 3")]
    [InlineData("rate(mixed[5m])", 120, "")]
    [InlineData("max_over_time(mixed[5m])", 120, "{} 3")]
    // Decide's macros: the arm of the other kind is empty.
    [InlineData("histogram_avg(sum by (s) (increase(h{s=\"a\"}[4m]))) or avg by (s) (avg_over_time(h{s=\"a\"}[4m]))", 60, "{s=\"a\"} 3")]
    public void Native_histograms_say(string text, long atSeconds, string expected) => Assert.Equal(expected, Answers.Say(Series, text, atSeconds * 1000));

    [Theory]
    [InlineData("rate(mixed[5m])", "PromQL warning: encountered a mix of histograms and floats for metric name \"mixed\" (1:6)")]
    [InlineData("max_over_time(mixed[5m])", "PromQL info: ignored histograms in a range containing both floats and histograms for metric name \"mixed\" (1:15)")]
    [InlineData("sum({__name__=~\"mixed|ended\"} offset 1m)", "")]
    [InlineData("sum({__name__=~\"mixed|zero\"})", "PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)")]
    [InlineData("max(zero)", "PromQL info: ignored histogram in max aggregation (1:5)")]
    [InlineData("sum({__name__=~\"own|zero\"} offset 2m)", "PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas (1:5)")]
    [InlineData("own + on () zero", "PromQL warning: incompatible bucket layout encountered for binary operator + (1:1)")]
    [InlineData("own - on () other", "PromQL info: mismatched custom buckets were reconciled during subtraction (1:1)")]
    [InlineData("avg({__name__=~\"own|other\"})", "PromQL info: mismatched custom buckets were reconciled during aggregation (1:5)")]
    [InlineData("sum_over_time(unlike[5m])", "PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas for metric name \"unlike\" (1:15)")]
    [InlineData("sum_over_time(reshaped[5m])", "PromQL info: mismatched custom buckets were reconciled during aggregation (1:15)")]
    [InlineData("zero > 1", "PromQL info: incompatible sample types encountered for binary operator \">\": histogram > float (1:1)")]
    [InlineData("rate(gauge[5m])", "PromQL warning: this native histogram metric is not a counter: \"gauge\" (1:6)")]
    [InlineData("delta(reset[5m])", "PromQL warning: this native histogram metric is not a gauge: \"reset\" (1:7)")]
    [InlineData("histogram_quantile(0.5, both)", "PromQL warning: vector contains a mix of classic and native histograms for metric name \"both\" (1:25)")]
    [InlineData("histogram_quantile(0.75, nans)", "PromQL info: input to histogram_quantile has NaN observations, result is NaN for metric name \"nans\" (1:26)")]
    [InlineData("histogram_quantile(0.25, nans)", "PromQL info: input to histogram_quantile has NaN observations, result is skewed higher for metric name \"nans\" (1:26)")]
    public void Odd_histograms_are_noted(string text, string expected) =>
        Assert.Equal(expected, string.Join(" | ", Answers.Ask(Series, text, 120_000).Annotations));

    [Fact]
    public void A_rate_counts_what_counters_would_have_counted()
    {
        // The same observations as a native histogram, and as one counter a bucket beside one for the count.
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var counts = new double[3];
            var histogram = new List<SeriesNotation.Sample>();
            var counters = Enumerable.Range(0, 4).Select(_ => new List<SeriesNotation.Sample>()).ToArray();
            for (var i = 0; i < 40; i++)
            {
                if (random.Next(15) == 0)
                    Array.Clear(counts);
                for (var b = 0; b < counts.Length; b++)
                    counts[b] += 1 + random.Next(5); // every bucket grows, so all of them see the same resets
                var time = i * 15_000L;
                histogram.Add(new(time, 0, Of(counts)));
                for (var b = 0; b < counts.Length; b++)
                    counters[b].Add(new(time, counts[b], null));
                counters[3].Add(new(time, counts.Sum(), null));
            }
            if (histogram.Zip(histogram.Skip(1)).Any(p => p.Second.Histogram!.Count < p.First.Histogram!.Count && p.Second.Histogram.Positive.Zip(p.First.Histogram.Positive).Any(b => b.First.Count >= b.Second.Count)))
                return; // a bucket too small to be seen falling; its counter knows less than the histogram
            var source = new LiteralSource(
                counters.Select((c, i) => new SeriesNotation.Line(Labels.From(("__name__", "count_total"), ("b", $"{i}")), c))
                    .Append(new(Labels.From(("__name__", "h")), histogram)));
            var at = random.Next(100, 600) * 1000L + 1;
            var rated = Answers.Ask(source, "delta(h[2m])", at).Points.Concat(Answers.Ask(source, "rate(h[2m])", at).Points).ToArray();
            var counted = Answers.Ask(source, "increase(count_total{b=\"3\"}[2m])", at).Points;
            Assert.Equal(2, rated.Length);
            Assert.True(Answers.Near(rated[1].Histogram!.Count * 120, Assert.Single(counted).Value));
            Assert.True(Answers.Near(rated[1].Histogram!.Positive.Sum(b => b.Count), rated[1].Histogram!.Count));
        }).Holds(cases: 200);
    }

    private static NativeHistogram Of(double[] counts) => new()
    {
        Schema = 2,
        ZeroThreshold = 0,
        ZeroCount = 0,
        Count = counts.Sum(),
        Sum = counts.Sum(),
        Positive = [.. counts.Select((c, i) => new HistogramBucket(i, c))],
        Negative = [],
    };
}
