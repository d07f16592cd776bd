using HmsOps.Present.Readings;
using HmsOps.Present.Web.Charts;
using HmsOps.Present.Web.Words;
using HmsOps.Record.Projections;
using HmsOps.Workspace;
using HmsOps.Workspace.Rules;

namespace HmsOps.Present.Web.Board;

/// <summary>Everything the page of one metric says: a pure function of the record, the workspace, what the store said, and the clock.</summary>
public sealed record BoardModel
{
    public required string Metric { get; init; }

    public required string Unit { get; init; }

    public required Sign Sign { get; init; }

    public required string Sentence { get; init; }

    public required string Next { get; init; }

    public required ChartModel Chart { get; init; }

    public required MetricReading Reading { get; init; }

    public required TimeRange Range { get; init; }

    public required Moment Clock { get; init; }

    public required IReadOnlyList<WatchingRule> Rules { get; init; }

    /// <summary>Episodes in the range or still open, newest first.</summary>
    public required IReadOnlyList<Episode> Episodes { get; init; }

    /// <summary>What the highest figure is of: single values, or a counter's rates over one window.</summary>
    public string HighestOf => MetricQueries.IsCounter(Metric) ? $"Highest over {Quantity.Duration(Reading.Window)}" : "Highest";

    /// <summary>True when neither a rule nor a sample knows the name.</summary>
    public bool IsUnknown => Rules.Count == 0 && Reading.Lines.Count == 0 && Reading.Senders.Count == 0 && Episodes.Count == 0;

    public static BoardModel Of(
        string metric, MetricReading reading, IReadOnlyList<RuleReading> ruleReadings, RecordState state, WorkspaceVersion workspace, TimeRange range, Moment clock)
    {
        var rules = workspace.Rules.Where(r => r.Metric == metric).ToList();
        var alerts = state.Alerts.Values.Where(a => a.Alert.Metric == metric && a.IsActive).ToList();
        // The rule the page speaks of: the one that is firing, else the first in the file.
        var rule = rules.FirstOrDefault(r => alerts.Any(a => a.IsFiring && a.Alert.RuleId == r.Id)) ?? rules.FirstOrDefault();
        var ruleReading = ruleReadings.FirstOrDefault(r => r.RuleId == rule?.Id);
        var episodes = Episode.OfMetric(state, metric);
        var unit = rule is { Unit.Length: > 0 } ? rule.Unit : reading.Unit;
        var story = new MetricStory
        {
            Metric = metric,
            Unit = unit,
            Clock = clock,
            RangeInWords = range.InWords,
            Latest = reading.Latest,
            LastSeen = reading.LastSeen,
            Problem = reading.Problem ?? ruleReading?.Problem,
            Rule = rule,
            RuleValue = Worst(rule, ruleReading),
            Episodes = episodes,
        };
        var silent = reading.LastSeen is { } seen ? clock.Now - seen : (TimeSpan?)null;
        return new BoardModel
        {
            Metric = metric,
            Unit = unit,
            Sign = StateSigns.OfMetric(alerts, rules.Count > 0, reading.Latest is not null, silent, story.Problem is not null),
            Sentence = Sentences.OfMetric(story),
            Next = Sentences.NextOfMetric(story),
            Chart = ChartModel.Of(reading, state, rule, clock, live: true, title: $"{metric}, {range.InWords}", emptyReason: story.Problem ?? $"Nothing was measured in the {range.InWords}."),
            Reading = reading,
            Range = range,
            Clock = clock,
            Rules = [.. rules.Select(r => WatchingRule.Of(r, ruleReadings.FirstOrDefault(x => x.RuleId == r.Id), alerts))],
            Episodes = [.. episodes.Where(e => !e.IsOver || e.ResolvedAt >= reading.From).Reverse()],
        };
    }

    private static double? Worst(Rule? rule, RuleReading? reading)
    {
        if (rule is null || reading is null)
            return null;
        var values = reading.Values.Select(v => v.Value).Where(double.IsFinite).ToList();
        if (values.Count == 0)
            return null;
        return rule.Op is Comparison.Less or Comparison.LessOrEqual ? values.Min() : values.Max();
    }
}

/// <summary>A rule as the page of its metric shows it.</summary>
/// <param name="Value">Its left side now; null when it says nothing.</param>
/// <param name="Fill">How near its bound it is: 1 is the bound.</param>
public sealed record WatchingRule(Rule Rule, double? Value, double? Fill, Sign Sign, string? Problem)
{
    public static WatchingRule Of(Rule rule, RuleReading? reading, IReadOnlyList<AlertState> alerts)
    {
        var value = reading?.Values.Select(v => v.Value).Where(double.IsFinite).Select(v => (double?)v).Max();
        var alert = alerts.Where(a => a.Alert.RuleId == rule.Id).OrderByDescending(a => a.Phase == AlertPhase.Firing).FirstOrDefault();
        var sign = alert is not null ? StateSigns.OfAlert(alert)
            : reading?.Problem is not null ? new Sign(SignLook.Unsure, "Cannot evaluate")
            : value is null ? new Sign(SignLook.None, "No data")
            : new Sign(SignLook.Ok, "Quiet");
        return new WatchingRule(rule, value, value is { } v && rule.Threshold > 0 ? v / rule.Threshold : null, sign, reading?.Problem);
    }

    /// <summary>Why it is quiet although its window is still outside the bound; null when it is not so.</summary>
    public string? WhyQuiet => Sign.Look == SignLook.Ok && Value is { } value && Rule.Op.Holds(value, Rule.Threshold)
        ? "Its window still holds what is over. The latest values are inside the bound, so it does not fire again."
        : null;

    /// <summary><c>alerts/county_api.yml, line 2</c></summary>
    public string Place => $"{Rule.Source.File}, line {Rule.Source.Line}";
}
