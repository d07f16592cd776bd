using System.Globalization;
using System.Text.RegularExpressions;
using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Notation;

/// <summary>
/// promtool's notation for series: <c>metric{a="b"} 0+10x5 _ stale {{schema:0 sum:5 count:4 buckets:[1 2 1]}}+{{…}}x3</c>, one item an interval. Ours beside it:
/// <c>stalex3</c>, three markers; <c>since:2m</c>, which takes no interval and says when the samples behind it began to count (<c>since:before</c>: an interval
/// before each; <c>since:unknown</c>).
/// </summary>
public static partial class SeriesNotation
{
    /// <summary>One sample.</summary>
    /// <param name="Time">When it was.</param>
    /// <param name="Value">The number.</param>
    /// <param name="Histogram">The histogram, where it is one.</param>
    /// <param name="Start">When it began to count; 0 where nobody knows.</param>
    public sealed record Sample(long Time, double Value, NativeHistogram? Histogram, long Start = 0);

    public sealed record Line(Labels Labels, IReadOnlyList<Sample> Samples);

    public static Line Read(string line, long intervalMs, long startMs = 0)
    {
        var (labels, items) = Parts(line);
        var samples = new List<Sample>();
        var at = startMs;
        Func<long, long> since = _ => 0;
        foreach (var item in items)
        {
            if (item.StartsWith("since:", StringComparison.Ordinal))
            {
                since = Since(item["since:".Length..], intervalMs);
                continue;
            }
            foreach (var cell in Expand(item))
            {
                if (cell is { } value)
                    samples.Add(new Sample(at, value.Number, value.Histogram, since(at)));
                at += intervalMs;
            }
        }
        return new Line(labels, samples);
    }

    /// <summary>The label set that a line begins with, and its items.</summary>
    public static (Labels Labels, IReadOnlyList<string> Items) Parts(string line)
    {
        var nameEnd = NameEnd(line);
        return (ReadLabels(line[..nameEnd]), [.. Item().Matches(line[nameEnd..]).Select(item => item.Value)]);
    }

    /// <summary>What an item stands for: one cell an interval, null where there is no sample.</summary>
    public static IReadOnlyList<Cell?> Expand(string item)
    {
        if (Blank().Match(item) is { Success: true } blank)
            return [.. Enumerable.Repeat((Cell?)null, blank.Groups[1].Success ? Whole(blank.Groups[1]) : 1)];
        if (Stale().Match(item) is { Success: true } stale)
            return [.. Enumerable.Repeat((Cell?)new Cell(StaleMarker.Value, null), stale.Groups[1].Success ? Whole(stale.Groups[1]) : 1)];
        if (Histograms().Match(item) is { Success: true } histograms)
            return Expand(histograms);
        if (Number().Match(item) is not { Success: true } number)
            throw new FormatException($"'{item}' is no item of the series notation.");
        var step = number.Groups["step"].Success ? Double(number.Groups["step"].Value) : 0;
        var start = Double(number.Groups["value"].Value);
        var times = number.Groups["times"].Success ? Whole(number.Groups["times"]) : 0;
        return [.. Enumerable.Range(0, times + 1).Select(i => (Cell?)new Cell(step == 0 ? start : start + (i * step), null))];
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
        if (selector == "{}")
            return Labels.Empty;
        var parse = PromParser.Parse(selector);
        if (parse.Expression?.Root is not PromNode.Selector s)
            throw new FormatException($"{selector}: {string.Join("; ", parse.Errors)}");
        return Labels.From([.. s.Matchers.Select(m => (m.Name, m.Value))]);
    }

    private static int NameEnd(string line)
    {
        var inQuotes = false;
        var inBraces = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (inQuotes && line[i] == '\\')
                i++;
            else if (line[i] == '"')
                inQuotes = !inQuotes;
            else if (inQuotes)
                continue;
            else if (line[i] == '{')
                inBraces = true;
            else if (line[i] == '}')
                return i + 1;
            else if (line[i] == ' ' && !inBraces)
                return i;
        }
        throw new FormatException($"'{line}' has no samples.");
    }

    private static Func<long, long> Since(string when, long intervalMs) => when switch
    {
        "before" => time => time - intervalMs,
        "unknown" => _ => 0,
        _ when Literals.TryDuration(when, out var start, out _) => _ => start,
        _ => throw new FormatException($"'since:{when}' says no time; expected since:2m, since:before or since:unknown."),
    };

    private static Cell?[] Expand(Match histograms)
    {
        var histogram = ReadHistogram(histograms.Groups["from"].Value);
        var cells = new List<Cell?> { new Cell(0, histogram) };
        var times = histograms.Groups["times"].Success ? Whole(histograms.Groups["times"]) : 0;
        var step = histograms.Groups["step"].Success ? ReadHistogram(histograms.Groups["step"].Value) : null;
        for (; times > 0; times--)
        {
            histogram = step is null ? histogram : Grown(histogram, step, histograms.Groups["sign"].Value == "-" ? -1 : 1);
            cells.Add(new Cell(0, histogram));
        }
        return [.. cells];
    }

    // The plain sum, bucket by bucket: what is loaded must not be worked out by what is tested.
    private static NativeHistogram Grown(NativeHistogram histogram, NativeHistogram step, int sign)
    {
        if (histogram.Schema != step.Schema || !histogram.Bounds.SequenceEqual(step.Bounds) || histogram.ZeroThreshold != step.ZeroThreshold)
            throw new FormatException("A histogram grows by steps of its own layout only: the same schema, custom_values and z_bucket_w.");
        return new NativeHistogram
        {
            Schema = histogram.Schema,
            Sum = histogram.Sum + (sign * step.Sum),
            Count = histogram.Count + (sign * step.Count),
            ZeroCount = histogram.ZeroCount + (sign * step.ZeroCount),
            ZeroThreshold = histogram.ZeroThreshold,
            Positive = Grown(histogram.Positive, step.Positive, sign),
            Negative = Grown(histogram.Negative, step.Negative, sign),
            Bounds = histogram.Bounds,
            Reset = histogram.Reset,
        };
    }

    private static HistogramBucket[] Grown(IReadOnlyList<HistogramBucket> buckets, IReadOnlyList<HistogramBucket> step, int sign) =>
    [
        .. buckets.Concat(step.Select(b => b with { Count = sign * b.Count }))
            .GroupBy(b => b.Index).Select(g => new HistogramBucket(g.Key, g.Sum(b => b.Count))).Where(b => b.Count != 0).OrderBy(b => b.Index),
    ];

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
            Reset = fields.GetValueOrDefault("counter_reset_hint") switch
            {
                null or "unknown" => CounterResetHint.Unknown,
                "reset" => CounterResetHint.Reset,
                "not_reset" => CounterResetHint.NoReset,
                "gauge" => CounterResetHint.Gauge,
                var hint => throw new FormatException($"'{hint}' is no counter_reset_hint; expected unknown, reset, not_reset or gauge."),
            },
        };
    }

    private static int Whole(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    private static double Double(string text) => text.TrimStart('+') switch
    {
        "Inf" or "Infinity" => double.PositiveInfinity,
        "-Inf" or "-Infinity" => double.NegativeInfinity,
        "NaN" => double.NaN,
        var t => double.Parse(t, CultureInfo.InvariantCulture),
    };

    [GeneratedRegex(@"\{\{.*?\}\}([+-]\{\{.*?\}\})?(x\d+)?|\S+")]
    private static partial Regex Item();

    [GeneratedRegex(@"^_(?:x(\d+))?$")]
    private static partial Regex Blank();

    [GeneratedRegex(@"^stale(?:x(\d+))?$")]
    private static partial Regex Stale();

    [GeneratedRegex(@"^\{\{(?<from>.*?)\}\}((?<sign>[+-])\{\{(?<step>.*?)\}\})?(?:x(?<times>\d+))?$")]
    private static partial Regex Histograms();

    [GeneratedRegex(@"^(?<value>[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|Inf|NaN))(?:(?<step>[+-]\d+(\.\d+)?([eE][+-]?\d+)?)?x(?<times>\d+))?$")]
    private static partial Regex Number();

    [GeneratedRegex(@"(\w+):(\[[^\]]*\]|\S+)")]
    private static partial Regex Field();

    /// <summary>One sample's value: a number, or a histogram.</summary>
    public readonly record struct Cell(double Number, NativeHistogram? Histogram);
}
