using System.Buffers;
using System.Globalization;

namespace HmsOps.Observe.Exposition;

/// <summary>Numbers as expositions write them: decimal, with or without an exponent, infinities and NaN in any case; hexadecimal ones are refused.</summary>
internal static class ExpositionNumber
{
    // With at most 53 bits above and a power of ten below that a float64 holds exactly, one division rounds once: it is the nearest double.
    private const ulong ExactMax = 1UL << 53;
    private const int DigitsMax = 18; // so that the digits fit a ulong

    /// <summary>A NaN that is not the mark of a series' end, with the bits other stores give it.</summary>
    private static readonly double Nan = BitConverter.Int64BitsToDouble(0x7ff8000000000001);

    private static readonly double[] Tens =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    private static readonly SearchValues<byte> Decimal = SearchValues.Create("0123456789+-.eE"u8);

    /// <summary>Reads a value.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out double value) => TryReadShort(text, out value) || TryReadAny(text, out value);

    /// <summary>Reads whole milliseconds since 1970.</summary>
    public static bool TryReadMilliseconds(ReadOnlySpan<byte> text, out long time) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out time);

    /// <summary>Reads seconds since 1970; answers milliseconds.</summary>
    public static bool TryReadSeconds(ReadOnlySpan<byte> text, out long time)
    {
        time = 0;
        if (!TryRead(text, out var seconds) || !double.IsFinite(seconds) || Math.Abs(seconds) > long.MaxValue / 2_000)
            return false;
        time = (long)(seconds * 1_000);
        return true;
    }

    private static bool TryReadShort(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        var at = text.Length > 1 && text[0] == '-' ? 1 : 0;
        if (text.Length - at is 0 or > DigitsMax + 1)
            return false;
        ulong whole = 0;
        var point = -1;
        for (var i = at; i < text.Length; i++)
        {
            var digit = (uint)(text[i] - '0');
            if (digit <= 9)
                whole = (whole * 10) + digit;
            else if (text[i] == '.' && point < 0)
                point = i;
            else
                return false;
        }
        var digits = text.Length - at - (point < 0 ? 0 : 1);
        var scale = point < 0 ? 0 : text.Length - point - 1;
        if (digits is 0 or > DigitsMax || whole > ExactMax)
            return false;
        value = whole / Tens[scale];
        if (at == 1)
            value = -value;
        return true;
    }

    private static bool TryReadAny(ReadOnlySpan<byte> text, out double value)
    {
        if (!text.IsEmpty && !text.ContainsAnyExcept(Decimal))
            return double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value)
                && double.IsFinite(value);
        value = Nan;
        if (Is(text, "nan"u8))
            return true;
        var negative = !text.IsEmpty && text[0] == '-';
        var bare = !text.IsEmpty && text[0] is (byte)'+' or (byte)'-' ? text[1..] : text;
        value = negative ? double.NegativeInfinity : double.PositiveInfinity;
        return Is(bare, "inf"u8) || Is(bare, "infinity"u8);
    }

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) => System.Text.Ascii.EqualsIgnoreCase(text, word);
}
