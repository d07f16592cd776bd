using System.Globalization;
using System.Text;

namespace HmsOps.Series;

/// <summary>Numbers as they are written in labels and messages: the shortest digits that read back, as Go writes them.</summary>
public static class NumberText
{
    /// <summary>Bytes that a number in an answer takes at most.</summary>
    public const int InAnswerBytesMax = 32;

    // All ways write 0, and numbers from here to there, with their digits alone; so does the framework.
    private const double AlikeFrom = 1e-4;
    private const double AlikeBelow = 1e6;

    /// <summary>With an exponent below 1e-4 and from 1e6 on: <c>0.5</c>, <c>1</c>, <c>+Inf</c>, <c>1e+06</c>.</summary>
    public static string Short(double value) => Written(value, plainFrom: -4, plainTo: 6, "00");

    /// <summary>As answers in JSON carry a number: with an exponent below 1e-6 and from 1e21 on.</summary>
    public static string InAnswer(double value) => Written(value, plainFrom: -6, plainTo: 21, "00");

    /// <summary>The same as bytes, of which there are at most <see cref="InAnswerBytesMax"/>: an answer has many, and nothing else is made for each.</summary>
    public static int InAnswer(double value, Span<byte> into)
    {
        // What the framework writes without an exponent, answers do too.
        if (double.IsFinite(value) && value.TryFormat(into, out var written, "R", CultureInfo.InvariantCulture) && !into[..written].Contains((byte)'E'))
            return written;
        return Encoding.UTF8.GetBytes(InAnswer(value), into);
    }

    /// <summary>As JSON has it: likewise, and the exponent without a zero before it.</summary>
    public static string Json(double value) => Written(value, plainFrom: -6, plainTo: 21, "0");

    /// <summary>The one way labels carry a number: as <see cref="Short"/>, and whole ones with <c>.0</c>.</summary>
    public static string InLabel(double value)
    {
        if (value == 0)
            return "0.0"; // that below it too
        var text = Short(value);
        return double.IsFinite(value) && !text.Contains('.', StringComparison.Ordinal) && !text.Contains('e', StringComparison.Ordinal) ? text + ".0" : text;
    }

    /// <summary>All its digits and no exponent.</summary>
    public static string Plain(double value)
    {
        if (double.IsNaN(value))
            return "NaN";
        if (double.IsInfinity(value))
            return value > 0 ? "+Inf" : "-Inf";
        var (digits, exponent) = Shortest(value);
        if (digits.Length == 0)
            return Sign(value) + "0";
        if (exponent < 0)
            return $"{Sign(value)}0.{new string('0', -exponent - 1)}{digits}";
        return Sign(value) + (digits.Length > exponent + 1 ? $"{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}" : digits.PadRight(exponent + 1, '0'));
    }

    // Without an exponent where the power of ten of the first digit is in the range.
    private static string Written(double value, int plainFrom, int plainTo, string exponentForm)
    {
        if (value == 0 || Math.Abs(value) is >= AlikeFrom and < AlikeBelow)
            return value.ToString("R", CultureInfo.InvariantCulture);
        var (digits, exponent) = Shortest(value);
        if (digits.Length == 0 || (exponent >= plainFrom && exponent < plainTo))
            return Plain(value);
        return $"{Sign(value)}{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent).ToString(exponentForm, CultureInfo.InvariantCulture)}";
    }

    private static string Sign(double value) => double.IsNegative(value) ? "-" : "";

    // The digits without zeros around them, none for 0; and the power of ten of the first.
    private static (string Digits, int Exponent) Shortest(double value)
    {
        if (!double.IsFinite(value) || value == 0)
            return ("", 0);
        var text = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        var e = text.IndexOf('E', StringComparison.Ordinal);
        var mantissa = e < 0 ? text : text[..e];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? mantissa.Length : point;
        var all = mantissa.Replace(".", "", StringComparison.Ordinal);
        var digits = all.TrimStart('0');
        var exponent = whole - 1 - (all.Length - digits.Length) + (e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
        return (digits.TrimEnd('0'), exponent);
    }
}
