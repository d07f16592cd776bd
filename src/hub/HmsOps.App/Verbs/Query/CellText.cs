using System.Globalization;
using System.Text;

namespace HmsOps.App.Verbs.Query;

/// <summary>Texts of strangers in the cells of a terminal: nothing that steers it gets through, and a wide character counts for two.</summary>
internal static class CellText
{
    private const char Cut = '…';

    // Where characters begin and end that take two cells: East Asian scripts, full-width forms, pictures.
    private static readonly (int From, int To)[] Wide =
        [(0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1FAFF), (0x20000, 0x3FFFD)];

    /// <summary>The text with what steers a terminal written out: <c>\u001b</c>.</summary>
    public static string Safe(string text)
    {
        if (!text.Any(Steers))
            return text;
        var safe = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            if (Steers(c))
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                safe.Append(c);
        }
        return safe.ToString();
    }

    /// <summary>How many cells a text takes.</summary>
    public static int Width(ReadOnlySpan<char> text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
            width += Width(rune);
        return width;
    }

    /// <summary>The text in so many cells at most; what does not fit ends in <c>…</c>.</summary>
    public static string Fit(string text, int cells)
    {
        if (Width(text) <= cells)
            return text;
        var fitted = new StringBuilder();
        var width = 1; // of the cut
        foreach (var rune in text.EnumerateRunes())
        {
            width += Width(rune);
            if (width > cells)
                break;
            fitted.Append(rune.ToString());
        }
        return fitted.Append(Cut).ToString();
    }

    /// <summary>The text in so many cells at most, its middle left out where it does not fit: both its ends say what it is.</summary>
    public static string FitEnds(string text, int cells)
    {
        if (Width(text) <= cells)
            return text;
        var runes = text.EnumerateRunes().ToArray();
        var (from, to) = (0, runes.Length);
        for (var left = cells - 1; ;) // without the cut
        {
            var isHead = from <= 2 * (runes.Length - to); // two of the head for one of the end
            left -= Width(isHead ? runes[from] : runes[to - 1]);
            if (left < 0)
                return $"{string.Concat(runes[..from])}{Cut}{string.Concat(runes[to..])}";
            (from, to) = isHead ? (from + 1, to) : (from, to - 1);
        }
    }

    /// <summary>The text and spaces behind it.</summary>
    public static string Left(string text, int cells) => text + Spaces(cells - Width(text));

    /// <summary>Spaces and the text behind them.</summary>
    public static string Right(string text, int cells) => Spaces(cells - Width(text)) + text;

    private static string Spaces(int count) => new(' ', Math.Max(0, count));

    private static int Width(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => 0,
        _ => Array.Exists(Wide, range => rune.Value >= range.From && rune.Value <= range.To) ? 2 : 1,
    };

    // Control characters, and those that turn the direction of what follows.
    private static bool Steers(char c) => char.IsControl(c) || c is >= '\u202a' and <= '\u202e' or >= '\u2066' and <= '\u2069' or '\u2028' or '\u2029';
}
