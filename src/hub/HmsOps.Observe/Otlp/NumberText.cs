using System.Globalization;

namespace HmsOps.Observe.Otlp;

/// <summary>
/// Numbers as text where a text is an identity: the bound of a bucket, an attribute. Shortest digits that read back as the same number, laid out as the
/// programs that share our series lay them out.
/// </summary>
internal static class NumberText
{
    private const int JsonExponentMin = -6;
    private const int JsonExponentMax = 21;

    /// <summary>Without an exponent, however long: <c>0.005</c>, <c>2.5</c>, <c>100000000000000000000000</c>, <c>+Inf</c>.</summary>
    public static string Plain(double value)
    {
        if (!double.IsFinite(value))
            return NotFinite(value);
        var (sign, digits, point) = Digits(value);
        return sign + Lay(digits, point);
    }

    /// <summary>As JSON has it: with an exponent below 1e-6 and from 1e21.</summary>
    public static string Json(double value)
    {
        if (!double.IsFinite(value))
            return NotFinite(value);
        var (sign, digits, point) = Digits(value);
        var exponent = point - 1;
        if (value == 0 || exponent is >= JsonExponentMin and < JsonExponentMax)
            return sign + Lay(digits, point);
        var fraction = digits.Length > 1 ? $".{digits[1..]}" : "";
        return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent)}";
    }

    private static string NotFinite(double value) => double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";

    // Digits without zeros at either end, and after how many of them the point stands.
    private static (string Sign, string Digits, int Point) Digits(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture).AsSpan();
        var sign = double.IsNegative(value) ? "-" : "";
        text = text[sign.Length..];
        var exponent = 0;
        if (text.IndexOf('E') is >= 0 and var e)
        {
            exponent = int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }
        var dot = text.IndexOf('.');
        var whole = dot < 0 ? text : text[..dot];
        var digits = string.Concat(whole, dot < 0 ? default : text[(dot + 1)..]);
        var leading = digits.Length - digits.AsSpan().TrimStart('0').Length;
        var bare = digits.Trim('0');
        return bare.Length == 0 ? (sign, "0", 1) : (sign, bare, whole.Length + exponent - leading);
    }

    private static string Lay(string digits, int point)
    {
        if (point <= 0)
            return $"0.{new string('0', -point)}{digits}";
        return point >= digits.Length ? digits + new string('0', point - digits.Length) : $"{digits[..point]}.{digits[point..]}";
    }
}
