using System.Globalization;
using HmsOps.Workspace.Quantities;

namespace HmsOps.Workspace.Rules;

/// <summary>
/// A metric and the statistic of it that is judged: <c>county_api_ms</c>, <c>identity.verify.latency_ms.p95</c>, <c>"vendor.rate"</c>. A last segment that
/// is a statistic is always split off, a name in quotes never is.
/// </summary>
/// <param name="Name">The metric's name in the store.</param>
/// <param name="Statistic">What of it.</param>
/// <param name="Quantile">For <see cref="Statistic.Quantile"/>: 0.95.</param>
public sealed record MetricPath(string Name, Statistic Statistic, double Quantile)
{
    private static readonly string[] Later = ["min", "max", "sum", "count", "error_rate"];

    /// <summary>The unit of the judged value.</summary>
    public MetricUnit Unit => Statistic == Statistic.Rate ? MetricUnit.PerSecond : MetricUnit.OfMetric(Name);

    /// <summary>Reads a path. When it is none, the fault says why.</summary>
    public static bool TryParse(string text, out MetricPath path, out PathFault fault)
    {
        ArgumentNullException.ThrowIfNull(text);
        path = new MetricPath(text, Statistic.Mean, 0);
        fault = PathFault.None;
        if (text is ['"', .. var quoted, '"'] && quoted.Length > 0 && !quoted.AsSpan().ContainsAny('"', '\\'))
        {
            path = path with { Name = quoted };
            return true;
        }
        var segments = text.Split('.');
        if (!segments.All(IsSegment))
        {
            fault = text.Contains('{', StringComparison.Ordinal) ? PathFault.Matchers : PathFault.NoName;
            return false;
        }
        var last = segments[^1];
        if (segments.Length == 1)
            return true;
        path = path with { Name = text[..^(last.Length + 1)] };
        if (Later.Contains(last))
            fault = PathFault.StatisticOfLater;
        else if (TryQuantile(last, out var quantile, out var wrong))
            path = path with { Statistic = Statistic.Quantile, Quantile = quantile };
        else if (wrong)
            fault = PathFault.NoQuantile;
        else
            path = last switch
            {
                "avg" => path,
                "last" => path with { Statistic = Statistic.Last },
                "rate" => path with { Statistic = Statistic.Rate },
                _ => path with { Name = text },
            };
        return fault == PathFault.None;
    }

    /// <summary>The PromQL of the judged value.</summary>
    public string Compile(Macros macros, TimeSpan window)
    {
        ArgumentNullException.ThrowIfNull(macros);
        return Statistic switch
        {
            Statistic.Quantile => macros.P(Quantile, window),
            Statistic.Last => macros.Last(),
            Statistic.Rate => macros.Rate(window),
            _ => macros.Avg(window),
        };
    }

    // p50, p95, p999: the digits behind the point. One digit could be read as five or as fifty in a hundred, and p100 as a tenth.
    private static bool TryQuantile(string segment, out double quantile, out bool wrong)
    {
        quantile = 0;
        wrong = false;
        if (segment.Length < 2 || segment[0] != 'p' || segment.AsSpan(1).ContainsAnyExceptInRange('0', '9'))
            return false;
        wrong = segment.Length is 2 or > 7 || segment == "p100";
        return !wrong && double.TryParse($"0.{segment[1..]}", CultureInfo.InvariantCulture, out quantile);
    }

    private static bool IsSegment(string segment) =>
        segment.Length > 0 && (char.IsAsciiLetter(segment[0]) || segment[0] == '_')
        && segment.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}

/// <summary>What of a metric is judged.</summary>
public enum Statistic
{
    /// <summary>The mean over the window.</summary>
    Mean,

    /// <summary>A quantile over the window.</summary>
    Quantile,

    /// <summary>The newest value.</summary>
    Last,

    /// <summary>How many a second.</summary>
    Rate,
}

/// <summary>Why a text is no path.</summary>
public enum PathFault
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Not segments of letters, digits, <c>_</c> and <c>-</c> joined by points.</summary>
    NoName,

    /// <summary>Matchers in braces.</summary>
    Matchers,

    /// <summary>A statistic this version does not have.</summary>
    StatisticOfLater,

    /// <summary><c>p5</c> or <c>p100</c>.</summary>
    NoQuantile,
}
