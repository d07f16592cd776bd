namespace HmsOps.Observe.Exposition;

/// <summary>The formats a target may answer in.</summary>
public enum ExpositionFormat
{
    /// <summary>Prometheus text, 0.0.4 or 1.0.0.</summary>
    Text,

    /// <summary>OpenMetrics text.</summary>
    OpenMetrics,

    /// <summary>Prometheus protobuf, families one after another with their lengths.</summary>
    Protobuf,
}

/// <summary>How a target is asked for a format, and how its answer says which it is.</summary>
internal static class ContentFormat
{
    /// <summary>
    /// What is asked for, best first: protobuf, which alone carries native histograms, then OpenMetrics, then text. Names may be any UTF-8.
    /// </summary>
    public const string Accept =
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8;q=0.6," +
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5," +
        "application/openmetrics-text;version=0.0.1;q=0.4," +
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3," +
        "text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

    /// <summary>Reads <c>Content-Type</c>. Null when it names none of the formats.</summary>
    public static ExpositionFormat? Of(string? contentType)
    {
        var parts = (contentType ?? "").Split(';', StringSplitOptions.TrimEntries);
        return parts[0].ToLowerInvariant() switch
        {
            "text/plain" => ExpositionFormat.Text,
            "application/openmetrics-text" => ExpositionFormat.OpenMetrics,
            "application/vnd.google.protobuf" when Has(parts, "proto", "io.prometheus.client.MetricFamily") && Has(parts, "encoding", "delimited") => ExpositionFormat.Protobuf,
            _ => null,
        };
    }

    private static bool Has(string[] parts, string name, string value) => parts.Any(part =>
        part.Split('=', 2, StringSplitOptions.TrimEntries) is [var key, var said]
        && key.Equals(name, StringComparison.OrdinalIgnoreCase) && said.Trim('"').Equals(value, StringComparison.OrdinalIgnoreCase));
}
