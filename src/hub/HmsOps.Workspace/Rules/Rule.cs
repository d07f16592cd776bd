using HmsOps.PromQL;

namespace HmsOps.Workspace.Rules;

/// <summary>
/// What an operator asked to be watched, whatever notation it was written in, compiled to PromQL. Immutable.
/// </summary>
public sealed record Rule
{
    /// <summary>SHA-256 of file path, group, name and place among equals, hex, first 16 digits: the same across edits of the text.</summary>
    public required string Id { get; init; }

    /// <summary><c>alerts/county_api.yml#county_api_ms@9f3c21</c>: file, name and the start of the text's hash, as verdicts cite it.</summary>
    public required string Citation { get; init; }

    /// <summary>The alert's name.</summary>
    public required string Name { get; init; }

    /// <summary>The metric as written; null for a rule that is PromQL only.</summary>
    public string? Metric { get; init; }

    /// <summary>The left side of the comparison: the value that is shown and judged. Absent means no data, which is not false.</summary>
    public required PromExpression Value { get; init; }

    /// <summary>Greater, less and so on.</summary>
    public required Comparison Op { get; init; }

    /// <summary>The bound, in the metric's unit.</summary>
    public required double Threshold { get; init; }

    /// <summary>The metric's unit as it is printed after a value: <c>ms</c>, <c>s</c>, <c>%</c>; empty when it has none.</summary>
    public required string Unit { get; init; }

    /// <summary>The window as written (<c>3m</c>), for people; null where the notation has none.</summary>
    public string? Window { get; init; }

    /// <summary>How long the comparison must hold before the alert fires.</summary>
    public TimeSpan For { get; init; }

    /// <summary>How long it goes on firing after the comparison turned false.</summary>
    public TimeSpan KeepFiringFor { get; init; }

    /// <summary>
    /// The statistic that says it is over (in the metric notation: the same over the last sixth of the window). While it is inside the bound the rule
    /// does not fire again, and it is the value of ALERT_RESOLVED. Null: the comparison itself decides.
    /// </summary>
    public PromExpression? Resolve { get; init; }

    /// <summary>What <see cref="Resolve"/> is held against, when the rule was given a bound of its own for its end; null: the rule's bound must be kept.</summary>
    public ResolveBound? ResolveBound { get; init; }

    /// <summary>What a vanished value means while the alert is active.</summary>
    public OnNoData OnNoData { get; init; } = OnNoData.Keep;

    /// <summary>critical, high, warning or info.</summary>
    public string Severity { get; init; } = "high";

    /// <summary>What is done when it fires, as written: <c>ROLLBACK:DOCKET_RULE</c>; null when it only pages.</summary>
    public RuleAction? Action { get; init; }

    /// <summary>Who is told: mail addresses and receivers.</summary>
    public IReadOnlyList<string> Notify { get; init; } = [];

    /// <summary>Path of the runbook page in the workspace, or an address; null when there is none.</summary>
    public string? Runbook { get; init; }

    /// <summary>Where it stands.</summary>
    public required SourceSpan Source { get; init; }

    /// <summary>The text it was read from.</summary>
    public required string Text { get; init; }

    /// <summary>True when a value of <see cref="Resolve"/> says that it is over. NaN says nothing.</summary>
    public bool IsOver(double resolved) => ResolveBound is { } end
        ? end.Op.Holds(resolved, end.Bound)
        : !double.IsNaN(resolved) && !Op.Holds(resolved, Threshold);

    /// <summary>The whole condition as PromQL, for screens.</summary>
    public string PromQL => $"{Value.Text} {Op.Sign()} {Threshold.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}";
}

/// <summary>A bound of its own for the end of an alert: hysteresis.</summary>
/// <param name="Op">How the value is held against it.</param>
/// <param name="Bound">In the unit of what <see cref="Rule.Resolve"/> looks at.</param>
public sealed record ResolveBound(Comparison Op, double Bound);

/// <summary>An action a rule names.</summary>
/// <param name="Text">As written: <c>ROLLBACK:DOCKET_RULE</c>.</param>
/// <param name="Script">The script's stem: <c>rollback_docket_rule</c>. It may be missing from the workspace: the rule then watches and pages, and the act is refused.</param>
public sealed record RuleAction(string Text, string Script);

/// <summary>What a vanished value means to an active alert.</summary>
public enum OnNoData
{
    /// <summary>Stays as it is, and says that it is blind.</summary>
    Keep,

    /// <summary>Ends it, as Prometheus does.</summary>
    Ok,
}

/// <summary>How a value is held against a bound.</summary>
public enum Comparison
{
    /// <summary><c>&gt;</c></summary>
    Greater,

    /// <summary><c>&gt;=</c></summary>
    GreaterOrEqual,

    /// <summary><c>&lt;</c></summary>
    Less,

    /// <summary><c>&lt;=</c></summary>
    LessOrEqual,

    /// <summary><c>==</c></summary>
    Equal,

    /// <summary><c>!=</c></summary>
    NotEqual,
}

/// <summary>What a comparison means.</summary>
public static class Comparisons
{
    /// <summary>As it is written.</summary>
    public static string Sign(this Comparison op) => op switch
    {
        Comparison.Greater => ">",
        Comparison.GreaterOrEqual => ">=",
        Comparison.Less => "<",
        Comparison.LessOrEqual => "<=",
        Comparison.Equal => "==",
        _ => "!=",
    };

    /// <summary>True when the value breaks the bound. NaN breaks nothing: it is no data.</summary>
    public static bool Holds(this Comparison op, double value, double bound) => op switch
    {
        Comparison.Greater => value > bound,
        Comparison.GreaterOrEqual => value >= bound,
        Comparison.Less => value < bound,
        Comparison.LessOrEqual => value <= bound,
        Comparison.Equal => value == bound,
        _ => !double.IsNaN(value) && value != bound,
    };
}
