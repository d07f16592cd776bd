using HmsOps.Series;
using HmsOps.Workspace.Quantities;

namespace HmsOps.Workspace.Rules;

/// <summary>
/// The PromQL behind each statistic of a metric, and the only place that knows it. An expression has an arm for every kind of series the name may
/// turn out to be: a native histogram (timers and other observations), a classic one, a gauge or counter. An arm that finds nothing is empty, so
/// the expression is right whichever it is. Always in parentheses.
/// </summary>
/// <param name="Name">The metric's name in the store, as it was sent.</param>
/// <param name="Where">Labels the series must have.</param>
/// <param name="By">Labels that keep series apart; everything else is folded together.</param>
public sealed record Macros(string Name, IReadOnlyList<KeyValuePair<string, string>> Where, IReadOnlyList<string> By)
{
    /// <summary>The mean of all observations of the window; for a gauge, of its samples.</summary>
    public string Avg(TimeSpan window) =>
        $"(histogram_avg({Sum()}(rate({Selector()}{Range(window)}))) or {Grouped("avg")}(avg_over_time({Selector()}{Range(window)})))";

    /// <summary>A quantile of all observations of the window.</summary>
    public string P(double quantile, TimeSpan window)
    {
        var q = quantile.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        return $"(histogram_quantile({q}, {Sum()}(rate({Selector()}{Range(window)})))"
            + $" or histogram_quantile({q}, {Grouped("sum", "le")}(rate({Selector("_bucket")}{Range(window)})))"
            + $" or {Grouped("max")}(quantile_over_time({q}, {Selector()}{Range(window)})))";
    }

    /// <summary>The newest value.</summary>
    public string Last() => $"({Grouped("avg")}({Selector()}))";

    /// <summary>Observations, or a counter's growth, in a second.</summary>
    public string Rate(TimeSpan window) =>
        $"(histogram_count({Sum()}(rate({Selector()}{Range(window)}))) or {Sum()}(rate({Selector()}{Range(window)})))";

    private string Sum() => Grouped("sum");

    // sum by (service) with a space behind it; a bare sum when everything is one group.
    private string Grouped(string aggregation, params IEnumerable<string> also)
    {
        var labels = By.Concat(also).Distinct().Select(Label).ToList();
        return labels.Count == 0 ? aggregation : $"{aggregation} by ({string.Join(", ", labels)}) ";
    }

    // The name stands quoted inside the braces, where any name may: identity.verify.latency_ms is not one PromQL takes bare.
    private string Selector(string suffix = "")
    {
        var matchers = Where.Select(matcher => $", {Label(matcher.Key)}={LabelNames.Quote(matcher.Value)}");
        return $"{{{LabelNames.Quote(Name + suffix)}{string.Concat(matchers)}}}";
    }

    private static string Label(string name) => LabelNames.IsLegacyLabelName(name) ? name : LabelNames.Quote(name);

    private static string Range(TimeSpan window) => $"[{Durations.Format(window)}]";
}
