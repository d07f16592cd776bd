using System.Globalization;
using HmsOps.PromQL;
using HmsOps.Workspace.Quantities;

namespace HmsOps.App.Settings;

/// <summary>The settings that Prometheus has a flag for, under the flag's name: clients read limits and times there.</summary>
internal static class PrometheusFlags
{
    public static IReadOnlyList<KeyValuePair<string, string>> Of(HubSettings settings, PromLimits limits) =>
    [
        new("query.lookback-delta", Durations.Format(limits.LookBack)),
        new("query.max-samples", limits.SamplesMax.ToString(CultureInfo.InvariantCulture)),
        new("query.timeout", Durations.Format(settings.QueryTime)),
        new("storage.tsdb.path", settings.Data),
        new("storage.tsdb.retention.size", settings.RetentionBytes?.ToString(CultureInfo.InvariantCulture) ?? "0B"),
        new("storage.tsdb.retention.time", Durations.Format(settings.RetentionTime)),
        new("web.enable-admin-api", "true"),
        new("web.enable-remote-write-receiver", "true"),
        new("web.listen-address", settings.Listen[0].ToString() ?? ""),
    ];
}
