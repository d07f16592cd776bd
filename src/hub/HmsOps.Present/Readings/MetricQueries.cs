using HmsOps.Present.Web.Words;
using HmsOps.Series;

namespace HmsOps.Present.Readings;

/// <summary>
/// The PromQL behind what a page shows of one metric. Each has an arm for what the name may turn out to be: a native histogram (timers), or a gauge;
/// a name that ends in <c>_total</c> is a counter and shown per second.
/// </summary>
public static class MetricQueries
{
    /// <summary>The hub's own histograms are appended at least every 15 s: a shorter window may hold one sample, which has no rate.</summary>
    private static readonly TimeSpan WindowMin = TimeSpan.FromSeconds(30);

    /// <summary>The window a point of a chart looks back over: three steps, so that neighbours overlap and nothing falls between them.</summary>
    public static TimeSpan WindowOf(TimeSpan step) => step * 3 < WindowMin ? WindowMin : step * 3;

    /// <summary>True for a counter, whose value itself says nothing.</summary>
    public static bool IsCounter(string metric) => metric.EndsWith("_total", StringComparison.Ordinal);

    /// <summary>The mean of what was observed in the window.</summary>
    public static string Average(string metric, TimeSpan window) => IsCounter(metric)
        ? $"sum(rate({Selector(metric)}[{Text(window)}]))"
        : $"histogram_avg(sum(rate({Selector(metric)}[{Text(window)}]))) or avg(avg_over_time({Selector(metric)}[{Text(window)}]))";

    /// <summary>
    /// The highest single value in the window, to the upper bound of its bucket where the metric is a histogram. A counter has none: its rate is
    /// always one over a window.
    /// </summary>
    public static string Highest(string metric, TimeSpan window) =>
        $"histogram_quantile(1, sum(rate({Selector(metric)}[{Text(window)}]))) or max(max_over_time({Selector(metric)}[{Text(window)}]))";

    /// <summary>A percentile of what was observed in the window; nothing where the metric is no histogram.</summary>
    public static string Quantile(double quantile, string metric, TimeSpan window) =>
        $"histogram_quantile({quantile:R}, sum(rate({Selector(metric)}[{Text(window)}])))";

    /// <summary>Observations (of a histogram) or samples (of anything else) a minute, one a series.</summary>
    public static string PerMinute(string metric) =>
        $"60 * histogram_count(rate({Selector(metric)}[1m])) or count_over_time({Selector(metric)}[1m])";

    /// <summary>The selector, quoted where PromQL asks for it.</summary>
    public static string Selector(string metric) =>
        LabelNames.IsLegacyMetricName(metric) ? metric : $"{{{LabelNames.Quote(metric)}}}";

    /// <summary>The unit such a chart has.</summary>
    public static string UnitOf(string metric) => IsCounter(metric) ? "/s" : MetricUnit.OfName(metric);

    private static string Text(TimeSpan span) => $"{(long)span.TotalSeconds}s";
}
