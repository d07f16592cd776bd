using System.Globalization;
using System.Text;

namespace HmsOps.Series.Patterns;

/// <summary>Reads what begins with a backslash, in a class or out of it.</summary>
internal static class EscapeReader
{
    /// <summary>Takes one code point as it is.</summary>
    public static int TakePoint(string pattern, ref int at)
    {
        Rune.DecodeFromUtf16(pattern.AsSpan(at), out var rune, out var length); // half a pair becomes U+FFFD, as in UTF-8
        at += length;
        return rune.Value;
    }

    /// <summary>Reads <c>\d</c> and its like, or <c>\pL</c>; null when something else stands there.</summary>
    public static CharacterSet? TryReadClass(string pattern, ref int at)
    {
        if (at + 1 >= pattern.Length || pattern[at] != '\\')
            return null;
        var kind = pattern[at + 1];
        var set = char.ToLowerInvariant(kind) switch
        {
            'd' => CharacterSet.Digits,
            's' => CharacterSet.Spaces,
            'w' => CharacterSet.Words,
            'p' => null,
            _ => CharacterSet.All,
        };
        if (set is { IsAll: true })
            return null;
        if (set is null)
            return ReadCategory(pattern, ref at, kind == 'P');
        at += 2;
        return char.IsAsciiLetterUpper(kind) ? set.Others() : set;
    }

    /// <summary>Reads an escape that stands for one code point.</summary>
    public static int Read(string pattern, ref int at)
    {
        var start = at++;
        if (at == pattern.Length)
            throw new PatternException(pattern, "a backslash at its end", start);
        var c = pattern[at];
        if (c is >= '1' and <= '7' && (at + 1 >= pattern.Length || pattern[at + 1] is < '0' or > '7'))
            throw new PatternException(pattern, "a back reference, which RE2 does not know", start);
        if (c is >= '0' and <= '7')
            return ReadOctal(pattern, ref at);
        if (c == 'x')
            return ReadHex(pattern, ref at, start);
        var point = c switch
        {
            'a' => '\a',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\v',
            _ when c < 0x80 && !char.IsAsciiLetterOrDigit(c) => c,
            _ => throw new PatternException(pattern, $"the escape \\{c}, which RE2 does not know", start),
        };
        at++;
        return point;
    }

    private static CharacterSet ReadCategory(string pattern, ref int at, bool isOthers)
    {
        var start = at;
        at += 2;
        if (at == pattern.Length)
            throw new PatternException(pattern, "a \\p without a category", start);
        var name = pattern[at].ToString();
        at++;
        if (name == "{")
        {
            var end = pattern.IndexOf('}', at);
            if (end < 0)
                throw new PatternException(pattern, "a \\p{ that is not closed", start);
            name = pattern[at..end];
            at = end + 1;
        }
        if (name.StartsWith('^'))
            (name, isOthers) = (name[1..], !isOthers);
        var set = CharacterSet.Category(name)
            ?? throw new PatternException(pattern, $"\\p{{{name}}}, which is no general category such as L, Lu or Nd (scripts are not in this version)", start);
        return isOthers ? set.Others() : set;
    }

    private static int ReadOctal(string pattern, ref int at)
    {
        var point = 0;
        for (var digits = 0; digits < 3 && at < pattern.Length && pattern[at] is >= '0' and <= '7'; digits++, at++)
            point = (point * 8) + pattern[at] - '0';
        return point;
    }

    private static int ReadHex(string pattern, ref int at, int start)
    {
        at++;
        var isBraced = at < pattern.Length && pattern[at] == '{';
        var end = isBraced ? pattern.IndexOf('}', at) : at + 2;
        if (isBraced)
            at++;
        if (end < at || end > pattern.Length || end - at is 0 or > 8
            || !int.TryParse(pattern.AsSpan(at, end - at), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var point)
            || point is < 0 or > CharacterSet.Last)
        {
            throw new PatternException(pattern, "a \\x without two hexadecimal digits or a code point in braces", start);
        }
        at = isBraced ? end + 1 : end;
        return point;
    }
}
