using System.Globalization;
using System.Text;
using HmsOps.Series;

namespace HmsOps.Observe.Exposition;

/// <summary>
/// A name of any UTF-8 in letters, digits and underscores alone, as Prometheus writes it where others may not stand: <c>U__</c>, then each underscore twice and each
/// other foreign character as <c>_2e_</c>, its number in hexadecimal. Names that need none of it are as they are.
/// </summary>
public static class EscapedName
{
    private const string Mark = "U__";
    private const int DigitsMax = 6; // of the last character there is, 10ffff

    /// <summary>The name without foreign characters.</summary>
    public static string Escape(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (LabelNames.IsLegacyMetricName(name))
            return name;
        var escaped = new StringBuilder(Mark, Mark.Length + (4 * name.Length));
        var first = true;
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune.Value == '_')
                escaped.Append("__");
            else if (rune.IsAscii && (char.IsAsciiLetter((char)rune.Value) || rune.Value == ':' || (!first && char.IsAsciiDigit((char)rune.Value))))
                escaped.Append((char)rune.Value);
            else
                escaped.Append(CultureInfo.InvariantCulture, $"_{rune.Value:x}_");
            first = false;
        }
        return escaped.ToString();
    }

    /// <summary>Each foreign character as an underscore: shorter, and no longer told from other such names.</summary>
    public static string Underscored(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (LabelNames.IsLegacyMetricName(name))
            return name;
        var plain = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes())
        {
            var isPlain = rune.IsAscii && (char.IsAsciiLetter((char)rune.Value) || rune.Value is ':' or '_' || (plain.Length > 0 && char.IsAsciiDigit((char)rune.Value)));
            plain.Append(isPlain ? (char)rune.Value : '_');
        }
        return plain.ToString();
    }

    /// <summary>The name that was escaped; what is no escaped name is as it is.</summary>
    public static string Unescape(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.StartsWith(Mark, StringComparison.Ordinal))
            return text;
        var name = new StringBuilder(text.Length);
        for (var at = Mark.Length; at < text.Length; at++)
        {
            if (text[at] != '_')
            {
                name.Append(text[at]);
                continue;
            }
            var end = text.IndexOf('_', at + 1);
            if (end < 0)
                return text;
            if (end == at + 1)
                name.Append('_');
            else if (TryReadRune(text.AsSpan(at + 1, end - at - 1), out var rune))
                name.Append(rune.ToString());
            else
                return text;
            at = end;
        }
        return name.ToString();
    }

    private static bool TryReadRune(ReadOnlySpan<char> digits, out Rune rune)
    {
        rune = default;
        return digits.Length <= DigitsMax && int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) && Rune.TryCreate(number, out rune);
    }
}
