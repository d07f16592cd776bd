using System.Globalization;
using System.Text.RegularExpressions;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Notation;

/// <summary>
/// promtool's notation for series: <c>metric{a="b"} 0+10x5 _ stale {{schema:0 sum:5 count:4 buckets:[1 2 1]}}</c>, one item an interval.
/// </summary>
public static partial class SeriesNotation
{
    public sealed record Sample(long Time, double Value, NativeHistogram? Histogram);

    public sealed record Line(Labels Labels, IReadOnlyList<Sample> Samples);

    public static Line Read(string line, long intervalMs, long startMs = 0)
    {
        var nameEnd = NameEnd(line);
        var samples = new List<Sample>();
        var at = startMs;
        foreach (Match item in Item().Matches(line[nameEnd..]))
        {
            foreach (var (value, histogram, isThere) in Expand(item.Value))
            {
                if (isThere)
                    samples.Add(new Sample(at, value, histogram));
                at += intervalMs;
            }
        }
        return new Line(ReadLabels(line[..nameEnd]), samples);
    }

    public static string Write(NativeHistogram h) =>
        $"{{{{schema:{h.Schema} count:{h.Count:R} sum:{h.Sum:R}"
        + (h.ZeroCount != 0 ? $" z_bucket:{h.ZeroCount:R}" : "") + (h.ZeroThreshold != 0 ? $" z_bucket_w:{h.ZeroThreshold:R}" : "")
        + (h.Bounds.Count > 0 ? $" custom_values:[{string.Join(' ', h.Bounds.Select(bound => bound.ToString("R", CultureInfo.InvariantCulture)))}]" : "")
        + Write("", h.Positive) + Write("n_", h.Negative) + (h.IsGauge ? " counter_reset_hint:gauge" : "") + "}}";

    private static string Write(string sign, IReadOnlyList<HistogramBucket> buckets)
    {
        if (buckets.Count == 0)
            return "";
        var dense = Enumerable.Range(buckets[0].Index, buckets[^1].Index - buckets[0].Index + 1)
            .Select(i => buckets.FirstOrDefault(b => b.Index == i).Count.ToString("R", CultureInfo.InvariantCulture));
        return $" {sign}offset:{buckets[0].Index} {sign}buckets:[{string.Join(' ', dense)}]";
    }

    private static Labels ReadLabels(string selector)
    {
        var parse = PromParser.Parse(selector);
        if (parse.Expression?.Root is not PromNode.Selector s)
            throw new FormatException($"{selector}: {string.Join("; ", parse.Errors)}");
        return Labels.From([.. s.Matchers.Select(m => (m.Name, m.Value))]);
    }

    private static int NameEnd(string line)
    {
        var inQuotes = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '"')
                inQuotes = !inQuotes;
            if (!inQuotes && line[i] == '}')
                return i + 1;
            if (!inQuotes && line[i] == ' ' && !line[..i].Contains('{'))
                return i;
        }
        throw new FormatException($"'{line}' has no samples.");
    }

    private static IEnumerable<(double Value, NativeHistogram? Histogram, bool IsThere)> Expand(string item)
    {
        if (item == "stale")
            return [(StaleMarker.Value, null, true)];
        if (Blank().Match(item) is { Success: true } blank)
            return Enumerable.Repeat((0.0, (NativeHistogram?)null, false), blank.Groups[1].Success ? Whole(blank.Groups[1]) : 1);
        if (Histogram().Match(item) is { Success: true } histogram)
            return Enumerable.Repeat((0.0, (NativeHistogram?)ReadHistogram(histogram.Groups[1].Value), true), histogram.Groups[2].Success ? Whole(histogram.Groups[2]) + 1 : 1);
        if (Number().Match(item) is not { Success: true } number)
            throw new FormatException($"'{item}' is no item of the series notation.");
        var step = number.Groups["step"].Success ? Double(number.Groups["step"].Value) : 0;
        var start = Double(number.Groups["value"].Value);
        var times = number.Groups["times"].Success ? Whole(number.Groups["times"]) : 0;
        return Enumerable.Range(0, times + 1).Select(i => (start + i * step, (NativeHistogram?)null, true));
    }

    private static NativeHistogram ReadHistogram(string body)
    {
        var fields = Field().Matches(body).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value.Trim('[', ']'));
        double Number(string key) => fields.TryGetValue(key, out var text) ? Double(text) : 0;
        HistogramBucket[] Buckets(string key, string offset) => fields.TryGetValue(key, out var text)
            ? [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((n, i) => new HistogramBucket((int)Number(offset) + i, Double(n))).Where(b => b.Count != 0)]
            : [];
        return new NativeHistogram
        {
            Schema = (int)Number("schema"),
            Sum = fields.GetValueOrDefault("sum") == "stale" ? StaleMarker.Value : Number("sum"),
            Count = Number("count"),
            ZeroCount = Number("z_bucket"),
            ZeroThreshold = Number("z_bucket_w"),
            Positive = Buckets("buckets", "offset"),
            Negative = Buckets("n_buckets", "n_offset"),
            Bounds = fields.TryGetValue("custom_values", out var bounds) ? [.. bounds.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Double)] : [],
            IsGauge = fields.GetValueOrDefault("counter_reset_hint") == "gauge",
        };
    }

    private static int Whole(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    private static double Double(string text) => text.TrimStart('+') switch
    {
        "Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        var t => double.Parse(t, CultureInfo.InvariantCulture),
    };

    [GeneratedRegex(@"\{\{.*?\}\}(x\d+)?|\S+")]
    private static partial Regex Item();

    [GeneratedRegex(@"^_(?:x(\d+))?$")]
    private static partial Regex Blank();

    [GeneratedRegex(@"^\{\{(.*?)\}\}(?:x(\d+))?$")]
    private static partial Regex Histogram();

    [GeneratedRegex(@"^(?<value>[+-]?(\d+(\.\d+)?(e[+-]?\d+)?|Inf|NaN))(?:(?<step>[+-]\d+(\.\d+)?(e[+-]?\d+)?)?x(?<times>\d+))?$")]
    private static partial Regex Number();

    [GeneratedRegex(@"(\w+):(\[[^\]]*\]|\S+)")]
    private static partial Regex Field();
}
