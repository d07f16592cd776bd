namespace HmsOps.Present.Web.Words;

/// <summary>The unit a metric's name promises, where no rule names one.</summary>
public static class MetricUnit
{
    private static readonly (string Ending, string Unit)[] Endings =
    [
        ("_ms", "ms"), (".ms", "ms"), ("_us", "us"), ("_ns", "ns"), ("_seconds", "s"), ("_s", "s"), (".latency", "s"), (".duration", "s"),
        ("_bytes", "B"), ("_ratio", "ratio"), ("_percent", "%"), (".percent", "%"), ("_celsius", "°C"),
    ];

    /// <summary><c>ms</c> for <c>county_api_ms</c>; empty where the name says nothing.</summary>
    public static string OfName(string metric)
    {
        foreach (var (ending, unit) in Endings)
        {
            if (metric.EndsWith(ending, StringComparison.Ordinal))
                return unit;
        }
        return "";
    }
}
