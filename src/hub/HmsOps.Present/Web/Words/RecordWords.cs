using System.Globalization;

namespace HmsOps.Present.Web.Words;

/// <summary>Texts the record keeps as they were entered, raw for whoever reads it later, put into words for people.</summary>
public static class RecordWords
{
    /// <summary>What a guard limits: <c>one_in_flight</c> is "One at a time".</summary>
    public static string OfGuard(string guard)
    {
        ArgumentException.ThrowIfNullOrEmpty(guard);
        return guard switch
        {
            "one_in_flight" => "One at a time",
            "cooldown" => "Pause in between",
            "rollbacks_per_hour" => "Hourly limit, lane",
            "rollbacks_per_hour_in_all" => "Hourly limit, hub",
            "script" => "A script to run",
            _ => char.ToUpperInvariant(guard[0]) + guard[1..].Replace('_', ' '), // one this version does not know is at least readable
        };
    }

    /// <summary>How an act ended, as a sentence: <c>exit 0</c> is "The script ended with exit code 0."</summary>
    public static string OfOutcome(string detail)
    {
        ArgumentNullException.ThrowIfNull(detail);
        var text = detail.Trim();
        if (text.StartsWith("exit ", StringComparison.Ordinal) && int.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            text = $"The script ended with exit code {code}";
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
        foreach (var side in (string[])[", over ", ", under "])
        {
            var at = title.LastIndexOf(side, StringComparison.Ordinal);
            if (at > 0 && LastNumberMarked(title[..at]) is { } value && LastNumberMarked(title[(at + side.Length)..]) is { } bound)
                return value + side + bound;
        }
        return title;
    }

    /// <summary>A text that ends in a number, or in a number and its unit, with thousands marked; null when it does not.</summary>
    private static string? LastNumberMarked(string text)
    {
        var words = text.Split(' ');
        for (var at = words.Length - 1; at >= Math.Max(0, words.Length - 2); at--)
        {
            if (!decimal.TryParse(words[at], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                continue;
            words[at] = number.ToString("#,##0.###############", CultureInfo.InvariantCulture);
            var quantity = string.Join('\u00a0', words[at..]);
            return at == 0 ? quantity : $"{string.Join(' ', words[..at])} {quantity}";
        }
        return null;
    }
}
