using System.Globalization;

namespace HmsOps.Present.Web.Words;

/// <summary>
/// The only number formatter: what people read on pages, in sentences and on the command line. Spaces between figures and units do not break.
/// What is not known is a dash, never a zero.
/// </summary>
public static class Quantity
{
    /// <summary>What stands for a value that nobody measured.</summary>
    public const string Unknown = "–";

    private const char Space = '\u00a0';

    /// <summary>A value that stands alone, in the unit a person would choose: 4 000 of <c>ms</c> is <c>4.0 s</c>.</summary>
    public static string Of(double? value, string unit) => value is not { } known || !double.IsFinite(known) ? Unknown : unit switch
    {
        "ms" => Duration(known / 1_000),
        "s" => Duration(known),
        "us" => Duration(known / 1_000_000),
        "ns" => Duration(known / 1_000_000_000),
        "B" => Bytes(known),
        "%" => Percent(known),
        "ratio" => Percent(known * 100),
        "/s" => Rate(known),
        _ => WithUnit(Short(known), unit),
    };

    /// <summary>A round value, of a bound or an axis: <c>4 s</c> rather than <c>4.0 s</c>.</summary>
    public static string OfRound(double? value, string unit) => Whole(Of(value, unit));

    /// <summary>A value that is held against another in the same sentence: the metric's own unit, thousands marked.</summary>
    public static string InUnit(double? value, string unit) =>
        value is not { } known || !double.IsFinite(known) ? Unknown : WithUnit(Figures(known), unit == "ratio" ? "" : unit);

    /// <summary>Thousands marked, as many decimals as the size of the number earns.</summary>
    public static string Figures(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("#,##0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("#,##0.#", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.##", CultureInfo.InvariantCulture),
        0 => "0",
        _ => Significant(value, 2),
    };

    /// <summary>A count: <c>10,030</c>.</summary>
    public static string Count(long count) => count.ToString("#,##0", CultureInfo.InvariantCulture);

    /// <summary>A count with its noun: <c>1 series</c>, <c>2 alerts</c>.</summary>
    public static string Count(long count, string one, string many) => $"{Count(count)}{Space}{(count == 1 ? one : many)}";

    /// <summary><c>88 ms</c>, <c>1.4 s</c>, <c>41 s</c>, <c>1 min 25 s</c>, <c>2 h 5 min</c>, <c>3 days</c>.</summary>
    public static string Duration(TimeSpan span) => Whole(Duration(span.TotalSeconds));

    /// <summary>The same in the words of a sentence, where it is one unit: <c>3 minutes</c>, <c>1 hour</c>, <c>90 seconds</c>.</summary>
    public static string DurationInWords(TimeSpan span)
    {
        var seconds = (long)Math.Round(span.TotalSeconds);
        return seconds switch
        {
            >= 86_400 when seconds % 86_400 == 0 => Count(seconds / 86_400, "day", "days"),
            >= 3_600 when seconds % 3_600 == 0 => Count(seconds / 3_600, "hour", "hours"),
            >= 60 when seconds % 60 == 0 => Count(seconds / 60, "minute", "minutes"),
            >= 1 => Count(seconds, "second", "seconds"),
            _ => Duration(span),
        };
    }

    /// <summary>Space before the sign, two significant figures: <c>0.03 %</c>, <c>3.1 %</c>.</summary>
    public static string Percent(double percent) => $"{(percent >= 100 ? Figures(percent) : Significant(percent, 2))}{Space}%";

    /// <summary><c>118/s</c>, <c>1.2k/s</c>.</summary>
    public static string Rate(double perSecond) => $"{Short(perSecond)}/s";

    /// <summary><c>4.1 MB</c>: powers of a thousand.</summary>
    public static string Bytes(double bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        var at = 0;
        while (Math.Abs(bytes) >= 999.5 && at < units.Length - 1) // what would be written 1000
        {
            bytes /= 1_000;
            at++;
        }
        return $"{(at == 0 || Math.Abs(bytes) >= 100 ? bytes.ToString("0", CultureInfo.InvariantCulture) : bytes.ToString("0.0", CultureInfo.InvariantCulture))}{Space}{units[at]}";
    }

    private static string Whole(string text) => text.Replace(".0" + Space, "" + Space, StringComparison.Ordinal);

    private static string Duration(double seconds) => seconds switch
    {
        < 0 => "-" + Duration(-seconds),
        0 => $"0{Space}s",
        < 0.001 => $"{Significant(seconds * 1_000_000, 2)}{Space}µs",
        < 0.010 => $"{Significant(seconds * 1_000, 2)}{Space}ms",
        < 0.9995 => $"{Math.Round(seconds * 1_000):0}{Space}ms",
        < 9.95 => $"{seconds.ToString("0.0", CultureInfo.InvariantCulture)}{Space}s",
        < 59.5 => $"{Math.Round(seconds):0}{Space}s",
        < 3_599.5 => InTwo(seconds, 60, "min", "s"),
        < 86_370 => InTwo(seconds / 60, 60, "h", "min"),
        < 172_800 => $"1{Space}day",
        _ => Count((long)(seconds / 86_400), "day", "days"),
    };

    private static string InTwo(double small, int per, string bigUnit, string smallUnit)
    {
        var all = (long)Math.Round(small);
        var (big, rest) = Math.DivRem(all, per);
        return rest == 0 ? $"{big}{Space}{bigUnit}" : $"{big}{Space}{bigUnit}{Space}{rest}{Space}{smallUnit}";
    }

    private static string Short(double value) => Math.Abs(value) switch
    {
        >= 1e9 => Scaled(value, 1e9, "G"),
        >= 1e6 => Scaled(value, 1e6, "M"),
        >= 10_000 => Scaled(value, 1e3, "k"),
        _ => Figures(value),
    };

    private static string Scaled(double value, double by, string letter) =>
        (value / by).ToString(Math.Abs(value / by) >= 100 ? "0" : "0.#", CultureInfo.InvariantCulture) + letter;

    private static string Significant(double value, int figures)
    {
        if (value == 0)
            return "0";
        var decimals = figures - 1 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return decimals <= 0
            ? Math.Round(value).ToString("#,##0", CultureInfo.InvariantCulture)
            : Math.Round(value, Math.Min(decimals, 15)).ToString("0." + new string('#', Math.Min(decimals, 15)), CultureInfo.InvariantCulture);
    }

    private static string WithUnit(string figures, string unit) => unit.Length == 0 ? figures : $"{figures}{Space}{unit}";
}
