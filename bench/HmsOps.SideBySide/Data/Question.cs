namespace HmsOps.SideBySide.Data;

/// <summary>One question of the list.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Text">PromQL; of a read the path that is asked for.</param>
/// <param name="RangeSeconds">How far back a range question reaches; 0: an instant one.</param>
internal sealed record Question(string Name, string Text, int RangeSeconds = 0)
{
    /// <summary>The histogram that is sent beside the fleet.</summary>
    public const string NativeMetric = "http_request_duration_native_seconds";

    private const string Quantile = "histogram_quantile(0.95, sum by (le, namespace) (rate(http_request_duration_seconds_bucket[5m])))";
    private const string NativeQuantile = $"histogram_quantile(0.95, sum by (namespace) (rate({NativeMetric}[5m])))";

    /// <summary>Lists of labels and series are read at addresses of their own.</summary>
    public bool IsRead => Text.StartsWith('/');

    public int StepSeconds => RangeSeconds switch { 0 => 0, <= 1800 => 15, _ => 60 };

    public const string Everything = "{__name__=~\"(container|http)_.*\"}";

    /// <summary>The sum of all rates over half an hour.</summary>
    public static Question Heaviest => All[^1];

    /// <summary>The same at one time.</summary>
    public static Question Heavy => All[^2];

    /// <summary>How many series each name has.</summary>
    public static Question CountByName => All[^3];

    /// <summary>The newest sample of one.</summary>
    public static Question OneSeries => All[0];

    /// <summary>The names of all labels.</summary>
    public static Question LabelNames { get; } = new("label names", "/api/v1/labels");

    /// <summary>A thousand conditions as alerts have them, none of which holds: by name and label all different, over one metric each.</summary>
    public static IReadOnlyList<string> Alerts { get; } = [.. Enumerable.Range(0, 1_000).Select(AlertOf)];

    /// <summary>What dashboards and rules ask, from one series to all of them.</summary>
    public static IReadOnlyList<Question> All { get; } =
    [
        new("one series", "container_cpu_usage_seconds_total_60{node=\"node-3.county.example\"}"),
        new("one series, 30 min", "container_cpu_usage_seconds_total_60{node=\"node-3.county.example\"}", 1800),
        new("rate of one series, 30 min", "rate(container_cpu_usage_seconds_total_60{node=\"node-3.county.example\"}[5m])", 1800),
        new("one metric", "container_cpu_usage_seconds_total_60"),
        new("sum of a metric", "sum(container_memory_working_set_bytes_81)"),
        new("sum by", "sum by (namespace) (container_memory_working_set_bytes_81)"),
        new("sum by, 30 min", "sum by (namespace) (container_memory_working_set_bytes_81)", 1800),
        new("avg by", "avg by (zone) (container_memory_working_set_bytes_81)"),
        new("max by, 30 min", "max by (zone) (container_memory_working_set_bytes_81)", 1800),
        new("min", "min(container_memory_working_set_bytes_81)"),
        new("count", "count(container_memory_working_set_bytes_81)"),
        new("stddev", "stddev(container_memory_working_set_bytes_81)"),
        new("topk", "topk(5, container_memory_working_set_bytes_81)"),
        new("quantile", "quantile(0.9, container_memory_working_set_bytes_81)"),
        new("sum rate by", "sum by (namespace) (rate(container_cpu_usage_seconds_total_60[5m]))"),
        new("sum rate by, 30 min", "sum by (namespace) (rate(container_cpu_usage_seconds_total_60[5m]))", 1800),
        new("increase", "increase(container_cpu_usage_seconds_total_60[10m])"),
        new("irate", "irate(container_cpu_usage_seconds_total_60[5m])"),
        new("delta", "delta(container_memory_working_set_bytes_81[10m])"),
        new("avg over time", "avg_over_time(container_memory_working_set_bytes_81[10m])"),
        new("max over time, 30 min", "max_over_time(container_memory_working_set_bytes_81[5m])", 1800),
        new("quantile over time", "quantile_over_time(0.95, container_memory_working_set_bytes_81[10m])"),
        new("last over time", "last_over_time(container_tasks_state_94[10m])"),
        new("ratio of two sums", "sum(container_memory_working_set_bytes_81) / sum(container_memory_working_set_bytes_86)"),
        new("two metrics joined", "container_memory_working_set_bytes_81 / on (pod) container_memory_working_set_bytes_86"),
        new("threshold", "container_memory_working_set_bytes_81 > 500000"),
        new("classic quantile", Quantile),
        new("classic quantile, 30 min", Quantile, 1800),
        new("native quantile", NativeQuantile),
        new("native quantile, 10 min", NativeQuantile, 600),
        new("subquery", "max_over_time(sum by (namespace) (rate(container_cpu_usage_seconds_total_60[5m]))[10m:1m])"),
        new("label values", "/api/v1/label/namespace/values"),
        new("series of a selector", "/api/v1/series?match[]=" + Uri.EscapeDataString("container_tasks_state_94{zone=\"north-1\"}")),
        LabelNames,
        new("by a regex", "sum by (__name__) ({__name__=~\"container_(cpu|fs).*_6.\"})"),
        new("by a label", "count by (__name__) ({node=\"node-3.county.example\"})"),
        new("count by name", $"count by (__name__) ({Everything})"),
        new("sum of all rates", $"sum(rate({Everything}[5m]))"),
        new("sum of all rates, 30 min", $"sum(rate({Everything}[5m]))", 1800),
    ];

    private static string AlertOf(int i)
    {
        var (kind, number) = (i % 4, i / 4);
        var metric = (number % 37 is var nth and >= 20 ? nth + 3 : number % 37) * 5 + kind; // of each kind there are forty, less those that are buckets
        return FormattableString.Invariant(kind switch
        {
            0 => (FormattableString)$"sum by (namespace) (rate(container_cpu_usage_seconds_total_{metric}{{zone=\"north-{number % 3}\"}}[5m])) > 1e12",
            1 => $"avg by (zone) (container_memory_working_set_bytes_{metric}{{namespace=\"agency-{number % 23}\"}}) > 1e15",
            2 => $"increase(container_network_receive_packets_total_{metric}{{node=\"node-{number}.county.example\"}}[5m]) > 1e12",
            _ => $"max_over_time(container_fs_reads_total_{metric}{{namespace=\"agency-{number % 23}\"}}[10m]) > 1e15",
        });
    }
}
