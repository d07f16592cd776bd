using HmsOps.Present.Readings;
using HmsOps.Record.Projections;
using HmsOps.Workspace.Rules;

namespace HmsOps.Present.Web.Words;

/// <summary>
/// The sentence a page opens with, and the one after it. Present tense, no blame; the thing is named, then what the hub does about it, then who must act.
/// </summary>
public static class Sentences
{
    /// <summary>What a metric's page says first.</summary>
    public static string OfMetric(MetricStory story)
    {
        if (story.Problem is { } problem)
            return $"HMS-OPS cannot evaluate {story.Metric}: {problem}";
        if (story.Latest is null)
            return NotMeasured(story);
        var last = story.Episodes.Count > 0 ? story.Episodes[^1] : null;
        if (last is { IsOver: false })
            return Firing(story, last);
        if (last is { ResolvedAt: { } over } && story.Now - over < Recent)
            return Over(story, last, over);
        return Calm(story);
    }

    /// <summary>What follows it: who has to act, and what happens by itself. Empty when there is nothing to add.</summary>
    public static string NextOfMetric(MetricStory story)
    {
        var last = story.Episodes.Count > 0 ? story.Episodes[^1] : null;
        if (last is { IsOver: false })
            return NeedOf(last.Act);
        if (story.Latest is null && story.Rule is not null)
            return "A metric nobody can see is not healthy: its rule stays as it is until values come.";
        if (story.Rule is null && story.Latest is not null)
            return "No rule watches it. A file in alerts/ with metric, threshold and window makes one.";
        return "";
    }

    /// <summary>What Home says first, worst first.</summary>
    public static string OfHome(int failing, int unseen, int atRisk, int watched, IReadOnlyList<ImpairedPart> impaired)
    {
        if (impaired.Count > 0 && failing == 0)
            return $"HMS-OPS itself is impaired: {Lower(impaired[0].Sentence)}";
        if (failing > 0)
            return watched == 1 ? "The one watched metric is failing" : $"{failing} of {Things(watched)} {Is(failing)} failing";
        if (unseen > 0)
            return unseen == watched ? $"No data yet for {(watched == 1 ? "the one watched metric" : $"any of {watched} watched metrics")}" : $"We cannot see {unseen} of {Things(watched)}";
        if (atRisk > 0)
            return watched == 1 ? "The one watched metric is at risk" : $"{atRisk} of {Things(watched)} {Is(atRisk)} at risk";
        return watched switch
        {
            0 => "Nothing is watched yet",
            1 => "The one watched metric is healthy",
            _ => $"All {watched} watched metrics are healthy",
        };
    }

    /// <summary>What Home says next: what the hub does, and who must act.</summary>
    public static string NextOfHome(IReadOnlyList<Episode> open, int watched, DateTimeOffset now)
    {
        if (watched == 0)
            return "HMS-OPS runs and waits for its first rule and its first numbers. There are three ways to begin.";
        if (open.Count == 0)
            return "No one needs to act.";
        var worst = open[^1];
        var did = worst.Act switch
        {
            { Settled.Outcome: "succeeded" } act => $"HMS-OPS {Deed.Of(act).Past} {After(worst.FiredAt, act.Done?.At ?? act.At)} the alert and watches whether it helps.",
            { IsOpen: true } act => $"HMS-OPS found what to do and is about it: {Deed.Of(act).Infinitive}.",
            null => $"The alert on {worst.Name} has been firing for {Quantity.Duration(now - worst.FiredAt)}.",
            _ => "",
        };
        return $"{did} {NeedOf(worst.Act)}".Trim();
    }

    /// <summary>What an incident's page says first: which alert, for how long, and what the hub did.</summary>
    public static string OfIncident(Incident incident, IReadOnlyList<Episode> episodes, DateTimeOffset now)
    {
        if (episodes.Count == 0)
            return $"{RecordWords.OfIncidentTitle(incident.Title)} {(incident.IsOpen ? $"has been open for {Quantity.Duration(now - incident.OpenedAt)}" : "is over")}.";
        var first = episodes[0];
        // What lasted is the alert: how long the value itself was outside its bound, a window cannot say.
        var what = first.Alert?.Fired is { } fired
            ? $"{fired.Alert.Metric ?? fired.Alert.Name} ({Beyond(fired.Op)} {Quantity.InUnit(fired.Threshold, fired.Unit)}{Over(fired.Window)})"
            : first.Name;
        var lasted = first.ResolvedAt is { } over ? $"lasted {Quantity.Duration(over - first.FiredAt)}" : $"has been firing for {Quantity.Duration(now - first.FiredAt)}";
        var more = episodes.Count > 1 ? $" It is the first of {Quantity.Count(episodes.Count, "alert", "alerts")}." : "";
        var sentence = $"The alert on {what} {lasted}.{more}";
        return first.Act switch
        {
            { Settled.Outcome: "succeeded" } act => $"{sentence} HMS-OPS {Deed.Of(act).Past} {After(first.FiredAt, act.Done?.At ?? act.At)} the alert{(act.Episode is null ? "" : ", by itself")}.",
            { Refusal: { } refusal } act => $"{sentence} HMS-OPS did not {Deed.Of(act).Infinitive}: {Lower(RecordWords.OfOutcome(refusal.Detail))}",
            { Settled: { } settled } act => $"{sentence} HMS-OPS tried to {Deed.Of(act).Infinitive}: {Lower(RecordWords.OfOutcome(settled.Detail))}",
            { } act => $"{sentence} HMS-OPS is about to {Deed.Of(act).Infinitive}.",
            null => $"{sentence} No automatic act belongs to it.",
        };
    }

    /// <summary>Who must act now.</summary>
    public static string NeedOf(RecordedAct? act) => act switch
    {
        null => "Someone needs to act: the rule names no automatic act.",
        { Settled.Outcome: "succeeded" } or { IsOpen: true } => "No one needs to act yet.",
        { Refusal: { } refusal } => $"Someone needs to act: {Deed.Of(act).Infinitive} was refused. {RecordWords.OfOutcome(refusal.Detail)}",
        { Settled.Outcome: "unknown" } => "Someone needs to look: nobody can say how the act ended, so it is not repeated.",
        { Settled.Outcome: "superseded" } => "The act was superseded before it began; the alert asks again.",
        _ => $"Someone needs to act: the {Deed.Of(act).Noun} failed.",
    };

    /// <summary>A rule as one line: <c>average over 3 minutes above 1,000 ms</c>.</summary>
    public static string OfRule(Rule rule)
    {
        var over = rule.Window is { } window ? $" over {Durations.InWords(window)}" : "";
        var hold = rule.For > TimeSpan.Zero ? $", for {Quantity.DurationInWords(rule.For)}" : "";
        return $"{Beyond(rule.Op)} {Quantity.InUnit(rule.Threshold, rule.Unit)}{over}{hold}";
    }

    /// <summary><c>above</c>, <c>below</c>.</summary>
    public static string Beyond(Comparison op) => Beyond(op.Sign());

    public static string Beyond(string sign) => sign switch
    {
        ">" => "above",
        ">=" => "at or above",
        "<" => "below",
        "<=" => "at or below",
        "==" => "equal to",
        _ => "other than",
    };

    private static readonly TimeSpan Recent = TimeSpan.FromHours(1);

    private static string Firing(MetricStory story, Episode episode)
    {
        var fired = episode.Alert?.Fired;
        var window = fired?.Window ?? story.Rule?.Window;
        var value = story.RuleValue ?? fired?.Value ?? story.Latest;
        var unit = fired?.Unit ?? story.Unit;
        var bound = fired is not null ? $", {Beyond(fired.Op)} {Quantity.InUnit(fired.Threshold, "")}" : "";
        var inside = fired is not null && value is { } v && !StillBroken(fired.Op, v, fired.Threshold);
        var says = inside && fired is not null
            ? $"{story.Metric} averages {Quantity.InUnit(value, unit)}{Over(window)}, no longer {Beyond(fired.Op)} {Quantity.InUnit(fired.Threshold, "")}"
            : $"{story.Metric} averages {Quantity.InUnit(value, unit)}{Over(window)}{bound}";
        return episode.Act switch
        {
            { Settled.Outcome: "succeeded" } act => $"{says}: HMS-OPS {Deed.Of(act).Past} {After(episode.FiredAt, act.Done?.At ?? act.At)} the alert.",
            { Refusal: not null } act => $"{says}: HMS-OPS was not allowed to {Deed.Of(act).Infinitive}.",
            { IsOpen: true } act => $"{says}: HMS-OPS is about to {Deed.Of(act).Infinitive}.",
            { } act => $"{says}: HMS-OPS tried to {Deed.Of(act).Infinitive}, and that did not work.",
            null => $"{says}, since {story.Clock.Of(episode.FiredAt)}.",
        };
    }

    private static string Over(MetricStory story, Episode episode, DateTimeOffset over)
    {
        var back = episode.Alert?.ResolvedValue is { } resolved ? Quantity.InUnit(resolved, episode.Alert.Fired?.Unit ?? story.Unit) : Quantity.InUnit(story.Latest, story.Unit);
        var lasted = Quantity.Duration(over - episode.FiredAt);
        var peak = episode.Alert?.Fired is { } fired ? $" It averaged {Quantity.InUnit(fired.Value, fired.Unit)} when the alert fired" : " The alert fired";
        var did = episode.Act is { Settled.Outcome: "succeeded" } act
            ? $"; HMS-OPS {Deed.Of(act).Past} {After(episode.FiredAt, act.Done?.At ?? act.At, "at once")}, and it was over in {lasted}."
            : $", and it was over in {lasted}.";
        return $"{story.Metric} is back to {back} since {story.Clock.Of(over)}.{peak}{did}";
    }

    private static string Calm(MetricStory story)
    {
        var value = Quantity.InUnit(story.RuleValue ?? story.Latest, story.Unit);
        return story.Rule is { } rule
            ? $"{story.Metric} averages {value}{Over(story.RuleValue is null ? null : rule.Window)}. Its rule alerts {Beyond(rule.Op)} {Quantity.InUnit(rule.Threshold, rule.Unit)}."
            : $"{story.Metric} averages {value}.";
    }

    private static string NotMeasured(MetricStory story) => story.LastSeen is { } seen
        ? $"No data for {Quantity.Duration(story.Now - seen)}: {story.Metric} was last seen at {story.Clock.Of(seen)}."
        : $"Nothing has sent {story.Metric} in the {story.RangeInWords}.";

    private static bool StillBroken(string sign, double value, double bound) => sign switch
    {
        ">" => value > bound,
        ">=" => value >= bound,
        "<" => value < bound,
        "<=" => value <= bound,
        "==" => value == bound,
        _ => value != bound,
    };

    private static string Over(string? window) => window is null ? "" : $" over {Durations.InWords(window)}";

    private static string After(DateTimeOffset from, DateTimeOffset to, string atOnce = "at once with") => to - from < TimeSpan.FromSeconds(0.5)
        ? atOnce
        : $"{Quantity.Duration(to - from)} after";

    private static string Is(int count) => count == 1 ? "is" : "are";

    private static string Things(int watched) => $"{watched} watched {(watched == 1 ? "metric" : "metrics")}";

    private static string Lower(string sentence) => sentence.Length > 1 && char.IsUpper(sentence[0]) && char.IsLower(sentence[1]) ? char.ToLowerInvariant(sentence[0]) + sentence[1..] : sentence;
}

/// <summary>What is known of a metric when its sentence is made.</summary>
public sealed record MetricStory
{
    public required string Metric { get; init; }

    public required string Unit { get; init; }

    public required Moment Clock { get; init; }

    public required string RangeInWords { get; init; }

    public double? Latest { get; init; }

    public DateTimeOffset? LastSeen { get; init; }

    public string? Problem { get; init; }

    /// <summary>The rule that watches it; the worst where several do.</summary>
    public Rule? Rule { get; init; }

    /// <summary>The left side of that rule, now.</summary>
    public double? RuleValue { get; init; }

    public IReadOnlyList<Episode> Episodes { get; init; } = [];

    public DateTimeOffset Now => Clock.Now;
}
