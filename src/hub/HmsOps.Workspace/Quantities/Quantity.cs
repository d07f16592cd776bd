using System.Globalization;
using System.Text;

namespace HmsOps.Workspace.Quantities;

/// <summary>A number with the unit it was written in: <c>1000</c>, <c>1 000</c>, <c>0.8s</c>, <c>300 ms</c>, <c>5 %</c>, <c>2GiB</c>, <c>120/min</c>.</summary>
public readonly record struct Quantity(double Number, MetricUnit Unit)
{
    // Where decimal arithmetic is exact for every unit's factor; beyond, doubles serve.
    private const double DecimalMax = 1e12;
    private const double DecimalMin = 1e-12;

    /// <summary>Reads a quantity: a number whose groups of three may be split by a space, a no-break space or <c>_</c>, then a unit or none.</summary>
    public static QuantityParse Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.Trim();
        var end = EndOfNumber(trimmed);
        var unitText = trimmed[end..].Trim();
        if (IsNotFinite(trimmed))
            return new QuantityParse(default, QuantityFault.NotFinite, null);
        if (!TryNumber(trimmed[..end], out var number))
            return new QuantityParse(default, QuantityFault.NoNumber, Ungrouped(trimmed[..end]));
        if (!double.IsFinite(number))
            return new QuantityParse(default, QuantityFault.NotFinite, null);
        if (unitText.Length == 0)
            return new QuantityParse(new Quantity(number, MetricUnit.None), QuantityFault.None, null);
        if (unitText == "m")
            return new QuantityParse(default, QuantityFault.LoneM, null);
        return MetricUnit.Find(unitText) is { } unit
            ? new QuantityParse(new Quantity(number, unit), QuantityFault.None, null)
            : new QuantityParse(default, QuantityFault.UnknownUnit, Binding.Suggestions.Nearest(unitText, MetricUnit.Written.Select(known => known.Name)));
    }

    /// <summary>The same amount in another unit of the same dimension; a plain number is taken to be in that unit already. Null when they cannot be compared.</summary>
    public double? In(MetricUnit unit)
    {
        ArgumentNullException.ThrowIfNull(unit);
        if (Unit.Dimension == Dimension.None)
            return Number;
        if (unit.Dimension == Dimension.None)
            return Convert(Number, Unit.Numerator, Unit.Denominator); // into the base unit: seconds, bytes, parts of one
        return unit.Dimension == Unit.Dimension ? Convert(Convert(Number, Unit.Numerator, Unit.Denominator), unit.Denominator, unit.Numerator) : null;
    }

    /// <summary>As it is written: the shortest number that reads back the same, a space, the unit.</summary>
    public override string ToString()
    {
        var number = Number.ToString("R", CultureInfo.InvariantCulture);
        return Unit.Name switch { "" => number, ['/', ..] => number + Unit.Name, _ => $"{number} {Unit.Name}" };
    }

    private static double Convert(double number, long times, long by) =>
        Math.Abs(number) is > DecimalMin and < DecimalMax && times < (long)DecimalMax && by < (long)DecimalMax
            ? (double)((decimal)number * times / by)
            : number * times / by;

    // Digits with their separators, a point and more digits, an exponent.
    private static int EndOfNumber(string text)
    {
        var end = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] is '.' or ',' or '_' || IsGroupSpace(text, end)))
            end++;
        var exponent = end + 1;
        if (end == 0 || end >= text.Length || text[end] is not ('e' or 'E'))
            return end;
        if (exponent < text.Length && text[exponent] is '+' or '-')
            exponent++;
        if (exponent == text.Length || !char.IsAsciiDigit(text[exponent]))
            return end;
        while (exponent < text.Length && char.IsAsciiDigit(text[exponent]))
            exponent++;
        return exponent;
    }

    private static bool IsGroupSpace(string text, int at) =>
        text[at] is ' ' or '\u00a0' or '\u202f' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]);

    private static bool TryNumber(string text, out double number)
    {
        number = 0;
        var plain = new StringBuilder();
        var whole = text.Split('.', 'e', 'E')[0].TrimStart('+', '-');
        var groups = whole.Split(' ', '\u00a0', '\u202f', '_');
        if (groups.Length > 1 && (groups[0].Length is 0 or > 3 || groups.Skip(1).Any(group => group.Length != 3)))
            return false;
        foreach (var c in text)
        {
            if (c is not (' ' or '\u00a0' or '\u202f' or '_'))
                plain.Append(c);
        }
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(plain.ToString(), Style, CultureInfo.InvariantCulture, out number);
    }

    // 1,000: what was meant, for the remedy.
    private static string? Ungrouped(string text)
    {
        var spaced = text.Replace(',', ' ');
        return text.Contains(',', StringComparison.Ordinal) && TryNumber(spaced, out _) ? text.Replace(",", "", StringComparison.Ordinal) : null;
    }

    private static bool IsNotFinite(string text) =>
        text.TrimStart('+', '-', '.').ToUpperInvariant() is "NAN" or "INF" or "INFINITY";
}

/// <summary>What a text was read as, or what is wrong with it and what may have been meant.</summary>
public readonly record struct QuantityParse(Quantity Quantity, QuantityFault Fault, string? Suggestion);

/// <summary>Why a text is no quantity.</summary>
public enum QuantityFault
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>It does not begin with a number.</summary>
    NoNumber,

    /// <summary>NaN or infinite.</summary>
    NotFinite,

    /// <summary>A unit nobody knows.</summary>
    UnknownUnit,

    /// <summary><c>m</c>: metres, minutes or milli?</summary>
    LoneM,
}
