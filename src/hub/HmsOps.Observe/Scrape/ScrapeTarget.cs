using System.Text;
using HmsOps.Observe.Exposition;
using HmsOps.Observe.Scrape.Relabelling;
using HmsOps.Series;
using HmsOps.Workspace.Scraping;

namespace HmsOps.Observe.Scrape;

/// <summary>One address that is scraped. Equal in <see cref="Key"/> are two that send the same series.</summary>
/// <param name="Set">Whose it is.</param>
/// <param name="Url">What is asked.</param>
/// <param name="Labels">What all its series get.</param>
/// <param name="Discovered">Its labels before relabelling.</param>
public sealed record ScrapeTarget(ScrapeSet Set, Uri Url, Labels Labels, Labels Discovered)
{
    /// <summary>As relabelling left it.</summary>
    public TimeSpan Interval { get; init; } = Set.Interval;

    public TimeSpan Timeout { get; init; } = Set.Timeout;

    /// <summary>What makes it this one: job, address, labels.</summary>
    public string Key { get; } = $"{Set.Job}\n{Url}\n{Convert.ToBase64String(Labels.Bytes)}";

    /// <summary>Where in the interval it is scraped: the same place after each restart, and targets spread evenly.</summary>
    public TimeSpan OffsetIn(TimeSpan interval) => TimeSpan.FromTicks((long)((ulong)TextHash.Of(Encoding.UTF8.GetBytes(Key)) % (ulong)interval.Ticks));

    /// <summary>
    /// Makes a target of what discovery found, as Prometheus does: defaults, relabelling, then the address, path and parameters from the labels that are left. The target is null
    /// when it is dropped or cannot be one, and the reason says so.
    /// </summary>
    internal static (ScrapeTarget? Target, Labels Discovered, string? Problem) Of(ScrapeSet set, IEnumerable<KeyValuePair<string, string>> found)
    {
        var labels = new LabelDraft();
        foreach (var (name, value) in found)
            labels.Set(name, value);
        foreach (var (name, value) in Defaults(set))
        {
            if (labels.Get(name).Length == 0)
                labels.Set(name, value);
        }
        foreach (var (name, values) in set.Params.Where(parameter => parameter.Value.Count > 0))
            labels.Set($"__param_{name}", values[0]);
        var discovered = labels.Build();
        if (!Relabeller.Keeps(labels, set.Relabel))
            return (null, discovered, null);

        var address = labels.Get("__address__");
        if (address.Length == 0)
            return (null, discovered, "it has no address: the label __address__ is empty");
        if (address.Contains('/') || !Uri.TryCreate($"{labels.Get("__scheme__")}://{address}", UriKind.Absolute, out var place) || place.Scheme is not ("http" or "https") || place.UserInfo.Length > 0)
            return (null, discovered, $"{LabelNames.Quote(address)} with the scheme {LabelNames.Quote(labels.Get("__scheme__"))} is no address: write host:port, and http or https");
        if (!TryReadSpan(labels.Get("__scrape_interval__"), out var interval) || !TryReadSpan(labels.Get("__scrape_timeout__"), out var timeout) || timeout > interval)
            return (null, discovered, "its __scrape_interval__ and __scrape_timeout__ are no durations, or the timeout is the longer one");
        var url = UrlOf(set, labels, place);
        labels.RemoveAll(name => name.StartsWith("__meta_", StringComparison.Ordinal));
        if (labels.Get("instance").Length == 0)
            labels.Set("instance", address);
        labels.RemoveAll(name => name.StartsWith("__", StringComparison.Ordinal));
        return (new ScrapeTarget(set, url, labels.Build(), discovered) { Interval = interval, Timeout = timeout }, discovered, null);
    }

    private static IEnumerable<(string, string)> Defaults(ScrapeSet set) =>
    [
        ("job", set.Job), ("__scrape_interval__", Workspace.Quantities.Durations.Format(set.Interval)), ("__scrape_timeout__", Workspace.Quantities.Durations.Format(set.Timeout)),
        ("__metrics_path__", set.Path), ("__scheme__", set.Scheme),
    ];

    private static bool TryReadSpan(string text, out TimeSpan span) => Workspace.Quantities.Durations.TryParse(text, out span) && span >= TimeSpan.FromMilliseconds(100);

    private static Uri UrlOf(ScrapeSet set, LabelDraft labels, Uri place)
    {
        var query = new List<string>();
        var named = labels.All.Where(label => label.Name.StartsWith("__param_", StringComparison.Ordinal)).ToDictionary(label => label.Name["__param_".Length..], label => label.Value);
        foreach (var (name, values) in set.Params)
        {
            var first = named.Remove(name, out var relabelled) ? relabelled : null;
            foreach (var value in first is null ? values.Skip(1) : values.Skip(1).Prepend(first))
                query.Add($"{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}");
        }
        query.AddRange(named.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        var path = labels.Get("__metrics_path__");
        return new UriBuilder(place) { Path = path.StartsWith('/') ? path : $"/{path}", Query = string.Join('&', query) }.Uri;
    }
}

/// <summary>What was found and is not scraped.</summary>
/// <param name="Job">Whose it would be.</param>
/// <param name="Discovered">Its labels.</param>
/// <param name="Problem">Why it cannot be scraped; null when relabelling drops it.</param>
public sealed record DroppedTarget(string Job, Labels Discovered, string? Problem);
