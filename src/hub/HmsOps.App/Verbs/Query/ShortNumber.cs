using System.Globalization;
using HmsOps.Series;

namespace HmsOps.App.Verbs.Query;

/// <summary>Numbers where there is little room: <c>1.2k</c>, <c>3.4M</c>. The digits are <see cref="NumberText"/>'s.</summary>
internal static class ShortNumber
{
    private static readonly (double From, string Letter)[] Scales = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];

    // Beyond, letters say less than an exponent.
    private const double LettersTo = 1e15;

    // What dividing by a power of ten adds is far behind this digit.
    private const int CleanDecimals = 10;

    /// <summary>Rounded to so many digits.</summary>
    public static string Rounded(double value, int digits)
    {
        if (!double.IsFinite(value) || value == 0)
            return NumberText.Short(value);
        return Of(double.Parse(value.ToString($"E{digits - 1}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
    }

    /// <summary>As it is.</summary>
    public static string Of(double value)
    {
        var size = Math.Abs(value);
        if (size is >= 1e3 and < LettersTo)
        {
            var (from, letter) = Array.Find(Scales, scale => size >= scale.From);
            return NumberText.Short(Math.Round(value / from, CleanDecimals)) + letter;
        }
        return NumberText.Short(value);
    }
}
