namespace HmsOps.Labs.Tests.Clusters;

/// <summary>What is asked of the court's numbers, each at one time and over a range.</summary>
internal static class CourtQuestions
{
    /// <summary>The same by every way that carries numbers: nothing in them hangs on where a series ends, on the thirteenth digit, or on histograms.</summary>
    public static IReadOnlyList<string> OfNumbers { get; } =
    [
        "court_requests_total",
        "court_up",
        "{__name__=~\"court_(up|requests_total)\",instance!=\"a\"}",
        "{job=\"api\",__name__!~\"court_(temperature|queue|errors_total|waits|odd)\"}",
        "court_up{instance=~\"F.*𝄞\"}",
        "sum by (job) (rate(court_requests_total[5m]))",
        "increase(court_requests_total[10m])",
        "irate(court_requests_total[2m])",
        "resets(court_requests_total[30m])",
        "changes(court_up[20m])",
        "avg_over_time(court_up[7m])",
        "min_over_time(court_requests_total[3m])",
        "quantile_over_time(0.7, court_requests_total[9m])",
        "stddev_over_time(court_up[15m])",
        "last_over_time(court_up[1m])",
        "count_over_time(court_requests_total[4m])",
        "present_over_time(court_up[2m])",
        "absent(court_up{job=\"none\"})",
        "deriv(court_requests_total[10m])",
        "predict_linear(court_requests_total[10m], 600)",
        "histogram_quantile(0.9, sum by (le) (rate(court_latency_bucket[5m])))",
        "histogram_quantile(0.5, rate(court_latency_bucket[5m]))",
        "topk(2, court_requests_total)",
        "count_values(\"up\", court_up)",
        "court_requests_total offset 10m",
        "court_requests_total - court_requests_total offset 5m",
        "sum(court_up) / count(court_up)",
        "max_over_time(rate(court_requests_total[2m])[10m:1m])",
        "label_replace(court_up, \"where\", \"$1\", \"instance\", \"(.).*\")",
        "court_requests_total > on (job, instance) group_right () (court_up * 10000)",
        "court_up * on (job, instance) group_left () court_requests_total",
        "sort_desc(court_requests_total)",
    ];

    /// <summary>Series that end, and begin again: a way that carries no markers has them last five minutes longer.</summary>
    public static IReadOnlyList<string> OfEnds { get; } =
    [
        "court_temperature",
        "sum by (path) (court_queue)",
        "count(court_temperature)",
        "rate(court_errors_total[5m])",
        "court_temperature > 20 or court_queue > 9",
    ];

    /// <summary>Native histograms.</summary>
    public static IReadOnlyList<string> OfHistograms { get; } =
    [
        "histogram_quantile(0.9, rate(court_waits[5m]))",
        "histogram_count(sum by (job) (increase(court_waits[10m])))",
        "histogram_avg(court_waits)",
    ];

    /// <summary>All that a way which carries all of numbers answers as the own store does.</summary>
    public static IReadOnlyList<string> AllButHistograms { get; } = [.. OfNumbers, .. OfEnds, "court_odd", "court_fine == court_fine", "sum(court_fine)"];

    /// <summary>All.</summary>
    public static IReadOnlyList<string> All { get; } = [.. AllButHistograms, .. OfHistograms];
}
