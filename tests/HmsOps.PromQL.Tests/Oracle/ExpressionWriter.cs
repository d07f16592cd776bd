namespace HmsOps.PromQL.Tests.Oracle;

/// <summary>Writes random expressions of what the obvious evaluator knows, over the metrics of <see cref="RandomSeries"/>.</summary>
public sealed class ExpressionWriter(Random random)
{
    private static readonly string[] Gauges = ["temperature", "queue_length"];
    private static readonly string[] Counters = ["requests_total", "errors_total"];

    public string Vector(int depth)
    {
        if (depth <= 0)
            return Pick(Selector, Selector, Over);
        return Pick(
            Selector, Over, Over, Quantile,
            () => $"{Pick("sum", "avg", "min", "max", "count")}{Grouping()}({Vector(depth - 1)})",
            () => $"{Pick("sum", "avg", "min", "max", "count")}{Grouping()}({Vector(depth - 1)})",
            () => $"({Vector(depth - 1)}) {Arithmetic()}{Matching()} ({Vector(depth - 1)})",
            () => $"({Exact(depth - 1)}) {Jump()} ({Exact(depth - 1)})",
            () => $"({Vector(0)}) {Arithmetic()}{Matching()} ({Vector(0)})",
            () => $"({Vector(depth - 1)}) {Pick("and", "or", "unless")}{Matching()} ({Vector(depth - 1)})",
            () => $"({Vector(depth - 1)}) {Arithmetic()} {Scalar(depth - 1)}",
            () => $"{Scalar(depth - 1)} {Arithmetic()} ({Vector(depth - 1)})",
            () => $"({Exact(depth - 1)}) {Jump()} {ExactScalar(depth - 1)}",
            () => $"{ExactScalar(depth - 1)} {Jump()} ({Exact(depth - 1)})",
            () => $"({Vector(depth - 1)}) ^ {Pick("2", "0.5", "-1")}",
            () => $"-({Vector(depth - 1)})",
            () => $"abs({Vector(depth - 1)})",
            () => $"clamp_min({Vector(depth - 1)}, {Scalar(depth - 1)})",
            () => $"clamp_max({Vector(depth - 1)}, {Scalar(depth - 1)})",
            () => $"vector({Scalar(depth - 1)})");
    }

    public string Scalar(int depth)
    {
        if (depth <= 0)
            return Number();
        return Pick(
            Number, Number,
            () => "time()",
            () => $"scalar({Vector(depth - 1)})",
            () => $"({Scalar(depth - 1)} {Arithmetic()} {Scalar(depth - 1)})",
            () => $"({ExactScalar(depth - 1)} {Comparison()} bool {ExactScalar(depth - 1)})");
    }

    /// <summary>
    /// A vector whose values are samples, whole and unrounded. Comparisons and remainders jump: only over such values do two evaluators that
    /// round differently have to agree.
    /// </summary>
    private string Exact(int depth)
    {
        if (depth <= 0)
            return Pick(Selector, () => $"{Pick("min_over_time", "max_over_time", "count_over_time", "last_over_time")}({Pick(Pick(Gauges), Pick(Counters))}{Matchers()}{Range()}{Offset()})");
        return Pick(
            () => Exact(0),
            () => $"{Pick("min", "max", "count")}{Grouping()}({Exact(depth - 1)})",
            () => $"({Exact(depth - 1)}) {Pick("and", "or", "unless")}{Matching()} ({Exact(depth - 1)})",
            () => $"({Exact(depth - 1)}) {Comparison()}{Pick("", " bool")} {ExactScalar(depth - 1)}",
            () => $"abs(0 - ({Exact(depth - 1)}))",
            () => $"clamp_min({Exact(depth - 1)}, {ExactScalar(depth - 1)})");
    }

    private string ExactScalar(int depth) => depth <= 0 ? Number() : Pick(Number, () => "time()", () => $"scalar({Exact(depth - 1)})");

    private string Jump() => Pick("%", Comparison() + Pick("", " bool"));

    private string Number() => Pick("0", "1", "-2", "0.5", "100", "1e3", "7");

    private string Selector() => Pick(Pick(Gauges), Pick(Counters)) + Matchers() + Offset();

    private string Over() => Pick(
        () => $"{Pick("rate", "increase")}({Pick(Counters)}{Matchers()}{Range()}{Offset()})",
        () => $"{Pick("delta", "avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time", "last_over_time")}({Pick(Pick(Gauges), Pick(Counters))}{Matchers()}{Range()}{Offset()})",
        () => $"quantile_over_time({Pick("0", "0.25", "0.9", "1")}, {Pick(Gauges)}{Matchers()}{Range()}{Offset()})");

    private string Quantile() =>
        $"histogram_quantile({Pick("0.1", "0.5", "0.9", "0.95")}, {Pick($"sum by (le) (rate(latency_bucket{Range()}))", $"rate(latency_bucket{Matchers()}{Range()})", $"sum by (job, le) (increase(latency_bucket{Range()}))")})";

    private string Matchers() => Pick("", "", "{job=\"api\"}", "{job!=\"api\"}", "{instance=~\"[ab]\"}", "{instance!~\"a|c\"}", "{job=\"api\", instance=\"a\"}", "{job=\"none\"}");

    private string Range() => $"[{Pick("1m", "2m", "5m", "90s", "10m", "20s")}]";

    private string Offset() => Pick("", "", "", " offset 1m", " offset 5m", " offset -30s");

    private string Grouping() => Pick("", " by (job) ", " by (instance) ", " by (job, instance) ", " without (instance) ", " without (job, le) ");

    private string Matching() => Pick("", "", " on (job, instance)", " ignoring (le)", " on (instance)", " ignoring (job)");

    private string Arithmetic() => Pick("+", "-", "*", "/");

    private string Comparison() => Pick("==", "!=", "<", "<=", ">", ">=");

    private T Pick<T>(params T[] choices) => choices[random.Next(choices.Length)];

    private string Pick(params Func<string>[] choices) => choices[random.Next(choices.Length)]();
}
