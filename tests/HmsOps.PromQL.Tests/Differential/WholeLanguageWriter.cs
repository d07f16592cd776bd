using System.Globalization;

namespace HmsOps.PromQL.Tests.Differential;

/// <summary>
/// Writes random expressions of the whole language of Prometheus 2.42 over <see cref="DifferentialSeries"/>. Two evaluators that round differently have to agree where nothing jumps;
/// so what jumps (comparisons, remainders, roundings, orders, counts of changes) is written over samples as they are: an exact vector.
/// </summary>
internal sealed class WholeLanguageWriter(Random random)
{
    /// <summary>Around which whole second the samples lie.</summary>
    private const long MiddleSeconds = 1_600_001_100;

    /// <summary>An expression, mostly an instant vector.</summary>
    public string Expression() => random.Next(10) switch
    {
        0 => Scalar(3),
        < 5 => Exact(4),
        _ => Loose(4),
    };

    private string Loose(int depth)
    {
        if (depth <= 0)
            return Pick(() => Exact(0), Rate, LooseOverTime);
        return Pick(
            () => Exact(depth - 1), Rate, Rate, LooseOverTime, LooseOverTime, Quantile,
            () => $"{Pick("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar")}{Grouping()}({Loose(depth - 1)})",
            () => $"{Pick("sum", "avg")}({Loose(depth - 1)}){Grouping()}",
            () => $"quantile{Grouping()}({Quotient()}, {Loose(depth - 1)})",
            () => $"({Loose(depth - 1)}) {Arithmetic()}{Matching()} ({Loose(depth - 1)})",
            () => $"({Loose(depth - 1)}) {Arithmetic()} {Scalar(depth - 1)}",
            () => $"{Scalar(depth - 1)} {Arithmetic()} ({Loose(depth - 1)})",
            () => $"({Loose(depth - 1)}) ^ {Pick("2", "0.5", "-1", "0")}",
            () => $"({Exact(depth - 1)}) atan2{Matching()} ({Exact(depth - 1)})",
            () => $"({Loose(depth - 1)}) {Set()}{Matching()} ({Loose(depth - 1)})",
            () => $"{Sign()}({Loose(depth - 1)})",
            () => $"{Pick("ln", "log2", "log10", "exp", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "deg", "rad")}({Exact(depth - 1)})",
            () => $"{Pick("abs", "deg", "rad", "sqrt", "atan")}({Loose(depth - 1)})",
            () => Clamped(Loose(depth - 1), depth),
            () => Labelled(Loose(depth - 1)),
            () => $"{Pick("sort", "sort_desc")}({Loose(depth - 1)})",
            () => $"{Pick("absent", "timestamp")}({Loose(depth - 1)})",
            () => $"{Pick("avg_over_time", "max_over_time", "min_over_time", "sum_over_time", "last_over_time", "count_over_time", "present_over_time")}({Subquery(Loose(depth - 2))})",
            () => $"quantile_over_time({Quotient()}, {Subquery(Loose(depth - 2))})",
            () => $"({Loose(depth - 1)})");
    }

    /// <summary>A vector whose values are samples, or whole numbers made of them, which nobody rounds.</summary>
    private string Exact(int depth)
    {
        if (depth <= 0)
            return Pick(Selector, Selector, ExactOverTime);
        return Pick(
            Selector, ExactOverTime, ExactOverTime,
            () => $"{Pick("min", "max", "count", "group", "sum")}{Grouping()}({Exact(depth - 1)})",
            () => $"{Pick("min", "max", "count")}({Exact(depth - 1)}){Grouping()}",
            () => $"{Pick("topk", "bottomk")}{Grouping()}({Pick("1", "2", "3", "0", "100", "2.7")}, {Distinct()})",
            () => $"count_values{Grouping()}(\"{Pick("value", "instance", "le")}\", {Exact(depth - 1)})",
            () => $"({Exact(depth - 1)}) {Set()}{Matching()} ({Exact(depth - 1)})",
            () => $"({Exact(depth - 1)}) {Comparison()}{Pick("", " bool")}{Matching()} ({Exact(depth - 1)})",
            () => $"({Exact(depth - 1)}) {Comparison()}{Pick("", " bool")} {ExactScalar(depth - 1)}",
            () => $"{ExactScalar(depth - 1)} {Comparison()}{Pick("", " bool")} ({Exact(depth - 1)})",
            () => $"({Exact(depth - 1)}) % {Pick("7", "60", "0.5", "-3", "0", "Inf")}",
            () => $"({Selector()}) {Pick("+", "-", "%")}{Matching()} ({Selector()})",
            () => $"{Gauge()}{Offset()} {Arithmetic()} on (job, instance) group_left{Pick("", " (path)", " ()")} {Pick("temperature", "queue_length")}{Offset()}",
            () => $"{Pick("temperature", "queue_length")} {Arithmetic()} on (job, instance) group_right{Pick("", " (path)")} {Pick("latency_bucket", "temperature", "errors_total")}",
            () => $"{Sign()}({Exact(depth - 1)})",
            () => $"{Pick("abs", "ceil", "floor", "sgn", "round")}({Exact(depth - 1)})",
            () => $"round({Exact(depth - 1)}, {Pick("1", "5", "0.5", "-2")})",
            () => Clamped(Exact(depth - 1), depth),
            () => Labelled(Exact(depth - 1)),
            () => $"{Pick("sort", "sort_desc")}({Exact(depth - 1)})",
            () => $"{Pick("day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year")}({Pick("", $"due_seconds{Matchers()}{Offset()}", "vector(time())")})",
            () => $"timestamp({Selector()})",
            () => $"{Pick("absent", "timestamp")}({Exact(depth - 1)})",
            () => $"absent_over_time({Window()})",
            () => $"vector({ExactScalar(depth - 1)})",
            () => $"{ExactFunctionOverTime()}({Subquery(Exact(depth - 2))})",
            () => $"absent_over_time({Subquery(Exact(depth - 2))})",
            () => $"({Exact(depth - 1)})");
    }

    private string Scalar(int depth) => depth <= 0 ? Number() : Pick(
        Number, Number, () => "time()", () => "pi()",
        () => $"scalar({Loose(depth - 1)})",
        () => $"({Scalar(depth - 1)} {Pick("+", "-", "*", "/", "^", "atan2")} {Scalar(depth - 1)})",
        () => $"({ExactScalar(depth - 1)} {Comparison()} bool {ExactScalar(depth - 1)})",
        () => $"-{Scalar(0)}");

    private string ExactScalar(int depth) => depth <= 0 ? Number() : Pick(Number, () => "time()", () => $"scalar({Exact(depth - 1)})", () => $"({Number()} % {Number()})");

    private string Rate() => $"{Pick("rate", "increase", "irate")}({Pick("requests_total", "errors_total", "requests_total", "permits_total")}{Matchers()}{Range()}{Modifiers()})";

    private string LooseOverTime() => Pick(
        () => $"{Pick("delta", "deriv", "avg_over_time", "stddev_over_time", "stdvar_over_time", "sum_over_time")}({Window()})",
        () => $"quantile_over_time({Quotient()}, {Window()})",
        () => $"predict_linear({Window()}, {Pick("60", "3600", "-60", "0", "0.5")})",
        () => $"holt_winters({Window()}, {Pick("0.1", "0.5", "0.9")}, {Pick("0.1", "0.5", "0.9")})");

    private string ExactOverTime() => $"{ExactFunctionOverTime()}({Window()})";

    private string ExactFunctionOverTime() =>
        Pick("min_over_time", "max_over_time", "count_over_time", "last_over_time", "present_over_time", "changes", "resets", "idelta", "sum_over_time");

    private string Quantile() => Pick(
        () => $"histogram_quantile({Quotient()}, {Pick("latency_bucket", "broken_bucket")}{Matchers()}{Modifiers()})",
        () => $"histogram_quantile({Quotient()}, rate(latency_bucket{Matchers()}{Range()}{Modifiers()}))",
        () => $"histogram_quantile({Quotient()}, sum by ({Pick("le", "job, le", "instance, le")}) ({Pick("rate", "increase")}(latency_bucket{Matchers()}{Range()})))",
        () => $"histogram_quantile({Quotient()}, sum without ({Pick("job", "instance")}) (broken_bucket{Matchers()}))");

    private string Clamped(string vector, int depth) => Pick(
        () => $"clamp_min({vector}, {ExactScalar(depth - 1)})", () => $"clamp_max({vector}, {ExactScalar(depth - 1)})", () => $"clamp({vector}, {Number()}, {Number()})");

    private string Labelled(string vector) => Pick(
        () => $"label_replace({vector}, \"{Pick("kind", "instance", "job")}\", \"{Pick("$1", "x$1y", "$2", "${1}", "all", "")}\", \"{Pick("path", "instance", "job", "nosuch")}\", \"{Pick("/grants/(.*)", "(.)(.*)", "a|b", "(.*)", ".*")}\")",
        () => $"label_join({vector}, \"{Pick("kind", "instance")}\", \"{Pick("-", "", ", ")}\", \"{Pick("job", "path")}\", \"{Pick("instance", "nosuch")}\")");

    private string Selector() => $"{Gauge()}{Matchers()}{Modifiers()}";

    private string Gauge() => Pick("temperature", "queue_length", "due_seconds", "requests_total", "errors_total", "permits_total", "latency_bucket", "broken_bucket");

    // Of which no two series have the same value at a time.
    private string Distinct() => Pick(() => $"temperature{Matchers()}{Modifiers()}", () => $"(temperature{Matchers()} > {Pick("0", "-50", "50")})", () => $"(-temperature{Matchers()})");

    private string Window() => $"{Gauge()}{Matchers()}{Range()}{Modifiers()}";

    private string Subquery(string of) => $"({of})[{Pick("1m", "5m", "10m", "90s", "170s")}:{Pick("", "1m", "15s", "37s", "45s", "2m")}]{Modifiers()}";

    private string Modifiers() => random.Next(12) switch
    {
        0 => $" @ {(MiddleSeconds + random.Next(-900, 900)).ToString(CultureInfo.InvariantCulture)}{Offset()}",
        1 => $"{Offset()} @ {Pick("start()", "end()")}",
        _ => Offset(),
    };

    private string Matchers() => Pick(
        "", "", "", "{job=\"api\"}", "{job!=\"api\"}", "{instance=~\"[ab]\"}", "{instance!~\"a|c\"}", "{job=\"api\", instance=\"a\"}", "{job=\"none\"}", "{path=\"\"}", "{job=~\".+\", instance!=\"\"}", "{le=~\"|1|.Inf\"}");

    private string Range() => $"[{Pick("1m", "2m", "5m", "90s", "10m", "20s", "14s", "1h", "61s500ms")}]";

    private string Offset() => Pick("", "", "", "", " offset 1m", " offset 5m", " offset -30s", " offset 20m");

    private string Grouping() => Pick(
        "", "", " by (job) ", " by (instance) ", " by (job, instance) ", " without (instance) ", " without (job, le) ", " by (le) ", " by (nosuch) ", " without () ", " by (path, job) ");

    private string Matching() => Pick("", "", " on (job, instance)", " ignoring (le)", " ignoring (path)", " on (job, instance, le)", " on (instance)", " ignoring (job, path)");

    private string Quotient() => Pick("0.1", "0.5", "0.9", "0.95", "0.25", "0.999", "-1", "2");

    private string Number() => Pick("0", "1", "-2", "0.5", "100", "1e3", "7", "Inf", "-Inf", "NaN", "0x10");

    private string Sign() => Pick("-", "+", "-");

    private string Set() => Pick("and", "or", "unless");

    private string Arithmetic() => Pick("+", "-", "*", "/");

    private string Comparison() => Pick("==", "!=", "<", "<=", ">", ">=");

    private T Pick<T>(params T[] choices) => choices[random.Next(choices.Length)];

    private string Pick(params Func<string>[] choices) => choices[random.Next(choices.Length)]();
}
