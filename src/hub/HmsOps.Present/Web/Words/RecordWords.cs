using System.Globalization;
using System.Text.RegularExpressions;

namespace HmsOps.Present.Web.Words;

/// <summary>Texts the record keeps as they were entered, raw for whoever reads it later, put into words for people.</summary>
public static partial class RecordWords
{
    /// <summary>What a guard limits: <c>one_in_flight</c> is "One act at a time".</summary>
    public static string OfGuard(string guard)
    {
        ArgumentException.ThrowIfNullOrEmpty(guard);
        return guard switch
        {
            "one_in_flight" => "One act at a time",
            "cooldown" => "Pause between two rollbacks",
            "rollbacks_per_hour" => "Rollbacks an hour, in this lane",
            "rollbacks_per_hour_in_all" => "Rollbacks an hour, in all",
            "script" => "A script to run",
            _ => char.ToUpperInvariant(guard[0]) + guard[1..].Replace('_', ' '), // one this version does not know is at least readable
        };
    }

    /// <summary>How an act ended, as a sentence: <c>exit 0</c> is "The script ended with exit code 0."</summary>
    public static string OfOutcome(string detail)
    {
        ArgumentNullException.ThrowIfNull(detail);
        var text = ExitCode().Replace(detail.Trim(), "The script ended with exit code $1");
        if (text.Length == 0)
            return "";
        // A sentence may begin with the name of a file, and that is written as it is.
        var word = text.Split(' ')[0].TrimEnd(',', ':');
        if (word.All(char.IsAsciiLetterLower))
            text = char.ToUpperInvariant(text[0]) + text[1..];
        return text[^1] is '.' or '!' or '?' or '…' ? text : text + ".";
    }

    /// <summary>An incident's title with its numbers as pages write them: <c>county_api_ms 1500 ms, over 1000 ms</c> has 1,500 and 1,000. Any other title stays.</summary>
    public static string OfIncidentTitle(string title)
    {
        ArgumentNullException.ThrowIfNull(title);
        return ValueOverBound().Match(title) is { Success: true } m
            ? $"{m.Groups["name"]} {Marked(m.Groups["value"])}{Unit(m.Groups["unit"])}, {m.Groups["side"]} {Marked(m.Groups["bound"])}{Unit(m.Groups["boundUnit"])}"
            : title;
    }

    private static string Marked(Group number) => decimal.TryParse(number.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
        ? value.ToString("#,##0.###############", CultureInfo.InvariantCulture)
        : number.Value;

    private static string Unit(Group unit) => unit.Success ? $"\u00a0{unit.Value}" : "";

    [GeneratedRegex(@"^exit (\d+)$", RegexOptions.CultureInvariant)]
    private static partial Regex ExitCode();

    [GeneratedRegex(
        @"^(?<name>.+) (?<value>-?\d+(\.\d+)?)( (?<unit>[^\s,]+))?, (?<side>over|under) (?<bound>-?\d+(\.\d+)?)( (?<boundUnit>[^\s,]+))?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex ValueOverBound();
}
