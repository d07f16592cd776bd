using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Quantities;

namespace HmsOps.Workspace.Rules;

/// <summary>The keys of a metric rule, the notation of the county court's chapter: a metric, a threshold and what to do.</summary>
public static class MetricRuleShape
{
    public static readonly TimeSpan WindowDefault = TimeSpan.FromMinutes(3);
    public static readonly TimeSpan KeepFiringForDefault = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HoldMax = TimeSpan.FromDays(30);
    private static readonly TimeSpan WindowMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WindowMax = TimeSpan.FromDays(100); // the metrics' retention when none is written

    public static readonly Key<MetricPath> Metric = new(
        "metric", new MetricPathType(),
        "What is watched; a last part `.p95`, `.avg`, `.last` or `.rate` chooses the statistic, else it is the mean.", "county_api_ms")
    { IsRequired = true };

    public static readonly Key<Quantity> Threshold = new(
        "threshold", new QuantityType(), "The bound, in the metric's unit unless another is written; units come from endings such as `_ms`.", "1000")
    { IsRequired = true };

    public static readonly Key<Comparison> Op = new(
        "op", new ChoiceType<Comparison>(
            (">", Comparison.Greater), (">=", Comparison.GreaterOrEqual), ("<", Comparison.Less), ("<=", Comparison.LessOrEqual),
            ("==", Comparison.Equal), ("!=", Comparison.NotEqual)),
        "How the value breaks the bound; write it in quotes.", "\">\"")
    { DefaultText = ">" };

    public static readonly Key<TimeSpan> Window = new(
        "window", new DurationType(WindowMin, WindowMax), "The stretch of time the statistic is taken over.", "3m")
    { DefaultText = Durations.Format(WindowDefault) };

    public static readonly Key<string> Name = new("name", new TextType("a name"), "What the alert is called; one name once in a file.", "county_api_slow")
    { DefaultText = "<metric>" };

    public static readonly Key<string> Severity = new(
        "severity", new ChoiceType<string>(("critical", "critical"), ("high", "high"), ("warning", "warning"), ("info", "info")),
        "How bad it is.", "critical")
    { DefaultText = "high" };

    public static readonly Key<RuleAction> Action = new(
        "action", new RuleActionType(), "The script that is run when it fires: `ROLLBACK:DOCKET_RULE` runs `rollback_docket_rule.sh` or `.py`.", "ROLLBACK:DOCKET_RULE");

    public static readonly Key<string> Runbook = new(
        "runbook", new TextType(), "A page under `wiki/` or `runbooks/`, or an address.", "wiki/slow-county-api");

    public static readonly Key<IReadOnlyList<string>> Notify = new(
        "notify", new ListType<string>(new TextType("a mail address or receiver"), "a list of mail addresses and receivers"),
        "Who is told: mail addresses, and `webhook`.", "[oncall@opm.gov]");

    public static readonly Key<TimeSpan> For = new(
        "for", new DurationType(TimeSpan.Zero, HoldMax), "How long the bound must be broken without a break before it fires.", "2m")
    { DefaultText = "0s" };

    public static readonly Key<TimeSpan> KeepFiringFor = new(
        "keep_firing_for", new DurationType(TimeSpan.Zero, HoldMax), "How long it goes on firing after the bound is kept again.", "1m")
    { DefaultText = Durations.Format(KeepFiringForDefault) };

    public static readonly Key<ResolveCondition> Resolve = new(
        "resolve", new ResolveConditionType(), "What must hold for it to be over.", "county_api_ms < 500 over 1m")
    { DefaultText = "the same statistic, over the last sixth of the window and 15s at least, keeps the bound" };

    public static readonly Key<OnNoData> OnNoData = new(
        "on_no_data", new ChoiceType<OnNoData>(("keep", Rules.OnNoData.Keep), ("ok", Rules.OnNoData.Ok)),
        "What an active alert does when the metric vanishes: stay and say that it is blind, or end.", "ok")
    { DefaultText = "keep" };

    public static readonly Key<IReadOnlyList<string>> By = new(
        "by", new ListType<string>(new LabelNameType(), "a list of label names"), "Labels that keep series apart: each combination is an alert of its own.", "[service, region]")
    { DefaultText = "[service]" };

    public static readonly Key<IReadOnlyList<KeyValuePair<string, string>>> Where = new(
        "where", new MapType<string>(new TextType(), "a map of labels and values"), "Only series with these labels.", "{region: north}");

    /// <summary>The table.</summary>
    public static RecordShape Shape { get; } = new(
        "a metric rule",
        [Metric, Threshold, Op, Window, Name, Severity, Action, Runbook, Notify, For, KeepFiringFor, Resolve, OnNoData, By, Where])
    {
        NotInThisVersion = ["react", "min_count", "then", "service"],
    };
}
