using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace HmsOps.PromQL.Syntax;

/// <summary>Numbers, durations and texts as PromQL writes them.</summary>
internal static class Literals
{
    private const long MillisecondsMax = long.MaxValue / 1_000_000; // what fits in Prometheus' nanoseconds: some 292 years

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789");
    private static readonly SearchValues<char> OctalDigits = SearchValues.Create("01234567");
    private static readonly SearchValues<char> DurationPart = SearchValues.Create("0123456789smhdwy");

    private static readonly (string Unit, long Milliseconds)[] Units =
    [
        ("y", 365L * 86_400_000),
        ("w", 7L * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];

    /// <summary>Decimal, hexadecimal (0x) and octal (leading 0) numbers; a single underscore may stand between digits.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out double value)
    {
        value = 0;
        if (!UnderscoresPartDigits(text))
            return false;
        var plain = text.ToString().Replace("_", "", StringComparison.Ordinal);
        if (plain.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            var isHex = ulong.TryParse(plain.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex);
            value = hex;
            return isHex;
        }
        if (plain.Length > 1 && plain[0] == '0' && plain.AsSpan().IndexOfAnyExcept(OctalDigits) < 0)
            return TryOctal(plain, out value);
        const NumberStyles style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return char.IsAsciiDigit(plain[^1]) || plain[^1] == '.'
            ? double.TryParse(plain, style, CultureInfo.InvariantCulture, out value) && double.IsFinite(value) // infinite: beyond what a number can be
            : false;
    }

    /// <summary>Digits and units, in whatever order.</summary>
    public static bool LooksLikeDuration(ReadOnlySpan<char> text) =>
        char.IsAsciiDigit(text[0]) && "smhdwy".Contains(text[^1]) && text.IndexOfAnyExcept(DurationPart) < 0;

    /// <summary>A duration such as <c>1h30m</c>: larger units first, each at most once.</summary>
    public static bool TryDuration(ReadOnlySpan<char> text, out long milliseconds, [NotNullWhen(false)] out string? why)
    {
        milliseconds = 0;
        var next = 0; // first unit that may still come
        for (var rest = text; !rest.IsEmpty;)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            var unitLength = digits < 0 ? 0 : LengthOfUnit(rest[digits..]);
            var unit = unitLength == 0 ? -1 : IndexOfUnit(rest.Slice(digits, unitLength));
            if (digits <= 0 || unit < 0)
            {
                why = $"found {Lexer.Describe(text)}, expected a duration such as 1h30m; its units are y, w, d, h, m, s and ms";
                return false;
            }
            if (unit < next)
            {
                why = $"found {Lexer.Describe(text)}, expected the units of a duration in the order y, w, d, h, m, s, ms, each at most once";
                return false;
            }
            if (!long.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                || count > (MillisecondsMax - milliseconds) / Units[unit].Milliseconds)
            {
                why = $"found {Lexer.Describe(text)}, expected a duration of at most 292y";
                return false;
            }
            milliseconds += count * Units[unit].Milliseconds;
            next = unit + 1;
            rest = rest[(digits + unitLength)..];
        }
        why = null;
        return true;
    }

    /// <summary>Seconds as whole milliseconds; false when they are no number of milliseconds a duration can have.</summary>
    public static bool TryMilliseconds(double seconds, out long milliseconds)
    {
        var rounded = Math.Round(seconds * 1000);
        var fits = Math.Abs(rounded) <= MillisecondsMax; // false for NaN
        milliseconds = fits ? (long)rounded : 0;
        return fits;
    }

    /// <summary>As PromQL writes a duration; the inverse of <see cref="TryDuration"/>.</summary>
    public static string Duration(long milliseconds)
    {
        if (milliseconds == 0)
            return "0s";
        var text = new StringBuilder();
        if (milliseconds < 0)
            text.Append('-');
        var rest = Math.Abs(milliseconds);
        foreach (var (unit, length) in Units)
        {
            if (rest >= length)
                text.Append(rest / length).Append(unit);
            rest %= length;
        }
        return text.ToString();
    }

    /// <summary>As PromQL writes a number.</summary>
    public static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>
    /// What a quoted token says. Escapes make bytes, as in Go, so <c>"\xe2\x82\xac"</c> is one character; bytes that are no UTF-8 are an
    /// error, since no label can hold them. Answers where in the token the error is.
    /// </summary>
    public static bool TryUnquote(ReadOnlySpan<char> token, out string value, out SourceRange at, [NotNullWhen(false)] out string? why)
    {
        var quote = token[0];
        var inner = token[1..^1];
        at = new SourceRange(0, token.Length);
        value = "";
        var bytes = new List<byte>(inner.Length);
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < inner.Length;)
        {
            if (inner[i] == '\\' && quote != '`')
            {
                var length = EscapeLength(inner[i..], quote);
                at = new SourceRange(1 + i, 1 + Math.Min(i + Math.Abs(length), inner.Length));
                if (length <= 0 || !TryEscape(inner.Slice(i, length), bytes))
                {
                    why = $"found {Lexer.Describe(token[at.Start..at.End])}, expected an escape: \\\\ \\{quote} \\n \\r \\t \\a \\b \\f \\v \\x20 \\040 \\u20ac \\U0001f600";
                    return false;
                }
                i += length;
                continue;
            }
            var status = Rune.DecodeFromUtf16(inner[i..], out var rune, out var taken);
            if (status != OperationStatus.Done)
            {
                at = new SourceRange(1 + i, 2 + i);
                why = "found half a character (a lone surrogate), expected text";
                return false;
            }
            bytes.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
            i += taken;
        }
        try
        {
            value = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]);
        }
        catch (DecoderFallbackException)
        {
            at = new SourceRange(0, token.Length);
            why = $"found {Lexer.Describe(token)}, whose escapes make bytes that are not UTF-8; no label can hold them";
            return false;
        }
        why = null;
        return true;
    }

    private static bool UnderscoresPartDigits(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '_')
                continue;
            var afterPrefix = i == 2 && text[1] is 'x' or 'X';
            var isBetween = i > 0 && i + 1 < text.Length && (char.IsAsciiHexDigit(text[i - 1]) || afterPrefix) && char.IsAsciiHexDigit(text[i + 1]);
            if (!isBetween)
                return false;
        }
        return true;
    }

    private static bool TryOctal(string digits, out double value)
    {
        value = 0;
        foreach (var c in digits)
            value = value * 8 + (c - '0');
        return digits.Length <= 22; // 64 bits
    }

    private static int LengthOfUnit(ReadOnlySpan<char> text)
    {
        var digits = text.IndexOfAny(Digits);
        return digits < 0 ? text.Length : digits;
    }

    private static int IndexOfUnit(ReadOnlySpan<char> unit)
    {
        for (var i = 0; i < Units.Length; i++)
        {
            if (unit.SequenceEqual(Units[i].Unit))
                return i;
        }
        return -1;
    }

    // How long the escape at the start of the text is; negative, or longer than the text, when it is none.
    private static int EscapeLength(ReadOnlySpan<char> text, char quote)
    {
        var length = text.Length < 2 ? -1 : text[1] switch
        {
            'a' or 'b' or 'f' or 'n' or 'r' or 't' or 'v' or '\\' => 2,
            'x' => 4,
            'u' => 6,
            'U' => 10,
            >= '0' and <= '7' => 4,
            var c when c == quote => 2,
            _ => -2,
        };
        return length > text.Length ? -text.Length : length;
    }

    private static bool TryEscape(ReadOnlySpan<char> escape, List<byte> into)
    {
        if (escape.Length == 2)
        {
            into.Add(escape[1] switch
            {
                'a' => 7,
                'b' => 8,
                'f' => 12,
                'n' => 10,
                'r' => 13,
                't' => 9,
                'v' => 11,
                var c => (byte)c,
            });
            return true;
        }
        if (escape[1] == 'x')
        {
            var isByte = byte.TryParse(escape[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var x);
            into.Add(x);
            return isByte;
        }
        if (char.IsAsciiDigit(escape[1]))
        {
            var octal = 0;
            foreach (var c in escape[1..])
            {
                if (c is < '0' or > '7')
                    return false;
                octal = octal * 8 + (c - '0');
            }
            into.Add((byte)octal);
            return octal <= 255;
        }
        if (!uint.TryParse(escape[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var point) || !Rune.TryCreate(point, out var rune))
            return false;
        Span<byte> utf8 = stackalloc byte[4];
        into.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
        return true;
    }
}
