namespace HmsOps.Record.Events;

/// <summary>The condition of a rule began to hold, and its <c>for</c> runs. Rules that fire at once skip this.</summary>
/// <param name="Alert">The alert's identity: rule and label set.</param>
public sealed record AlertPending(AlertRef Alert, double Value, DateTimeOffset At) : OpsEvent;

/// <summary>A rule fired for one label set: a new episode. <paramref name="Alert"/> and <paramref name="At"/> name it.</summary>
/// <param name="Value">The left side of the comparison, in the metric's unit.</param>
/// <param name="PromQL">The whole condition.</param>
/// <param name="Action">What the rule says is to be done, as written; null when it only pages.</param>
/// <param name="Script">The stem of the script behind the action; null when there is none.</param>
/// <param name="Notify">Who is told, as written.</param>
/// <param name="Config">Hash of the workspace version the verdict was reached under.</param>
/// <param name="Evidence">What was seen, so that the verdict can be shown after the samples are gone.</param>
public sealed record AlertFired(
    AlertRef Alert, double Value, double Threshold, string Op, string Unit, string? Window, string PromQL, string Severity, string? Action, string? Script,
    IReadOnlyList<string> Notify, string? Runbook, string Rule, string Config, DateTimeOffset At, AlertEvidence Evidence) : OpsEvent;

/// <summary>The condition turned false (or, with <paramref name="Recovering"/> false, true again before it was over).</summary>
public sealed record AlertRecovering(AlertRef Alert, bool Recovering, double Value, DateTimeOffset At) : OpsEvent;

/// <summary>An episode is over.</summary>
/// <param name="Value">What ALERT_RESOLVED prints; null when it ended without a value (the rule is gone).</param>
/// <param name="Reason"><c>condition</c>, <c>rule removed</c>, <c>rule changed</c>, <c>no data</c>.</param>
public sealed record AlertResolved(AlertRef Alert, double? Value, string Unit, string Reason, DateTimeOffset At) : OpsEvent;

/// <summary>A pending condition went away before its <c>for</c> was over.</summary>
public sealed record AlertDropped(AlertRef Alert, DateTimeOffset At) : OpsEvent;

/// <summary>The value of an active alert vanished (or came back): it stays as it is, and is blind.</summary>
public sealed record AlertLostSight(AlertRef Alert, bool Blind, DateTimeOffset At) : OpsEvent;

/// <summary>Which alert: the rule's id and the fingerprint of the label set, with both as people read them.</summary>
public sealed record AlertRef(string RuleId, string Fingerprint, string Name, string? Metric, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Names the alert among all.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Key => $"{RuleId}/{Fingerprint}";

    /// <summary>The service it is about: its label, else null.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? Service => Labels.GetValueOrDefault("service");
}

/// <summary>The picture of a verdict: the window it looked at and up to 60 points of the value in it.</summary>
public sealed record AlertEvidence(DateTimeOffset From, DateTimeOffset To, IReadOnlyList<double> Sparkline);
