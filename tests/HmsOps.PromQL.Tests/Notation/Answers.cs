using System.Globalization;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Notation;

/// <summary>Asks, and writes answers as a test's table holds them.</summary>
public static class Answers
{
    public static PromExpression Parsed(string text)
    {
        var parse = PromParser.Parse(text);
        return parse.Expression ?? throw new FormatException($"{text}: {string.Join("; ", parse.Errors)}");
    }

    public static PromVector Ask(ISeriesSource source, string text, long atMs, PromLimits? limits = null) =>
        new PromEngine(source, limits ?? PromLimits.Default).Instant(Parsed(text), atMs, CancellationToken.None);

    /// <summary><c>{a="b"} 5 | {a="c"} 6</c>; a scalar is the number alone.</summary>
    public static string Say(ISeriesSource source, string text, long atMs)
    {
        var answer = Ask(source, text, atMs);
        return string.Join(" | ", answer.Points.Select(p => (answer.Type == PromType.Scalar ? "" : p.Labels + " ") + Write(p)));
    }

    public static string Write(PromPoint p) => p.Histogram is null ? p.Value.ToString("R", CultureInfo.InvariantCulture) : SeriesNotation.Write(p.Histogram);

    public static bool Near(double a, double b) =>
        (double.IsNaN(a) && double.IsNaN(b)) || a == b || Math.Abs(a - b) <= 1e-9 * Math.Max(Math.Abs(a), Math.Abs(b)) || Math.Abs(a - b) < 1e-12;
}
