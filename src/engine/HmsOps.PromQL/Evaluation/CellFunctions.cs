namespace HmsOps.PromQL.Evaluation;

/// <summary>Functions that make a number of a number, and know nothing of series and times.</summary>
internal static class CellFunctions
{
    private const double Degrees = 180 / Math.PI;

    /// <summary>By name.</summary>
    public static readonly IReadOnlyDictionary<string, Func<double, double>> All = new Dictionary<string, Func<double, double>>
    {
        ["abs"] = Math.Abs,
        ["acos"] = Math.Acos,
        ["acosh"] = Math.Acosh,
        ["asin"] = Math.Asin,
        ["asinh"] = Math.Asinh,
        ["atan"] = Math.Atan,
        ["atanh"] = Math.Atanh,
        ["ceil"] = Math.Ceiling,
        ["cos"] = Math.Cos,
        ["cosh"] = Math.Cosh,
        ["deg"] = static x => x * Degrees,
        ["exp"] = Math.Exp,
        ["floor"] = Math.Floor,
        ["ln"] = Math.Log,
        ["log10"] = Math.Log10,
        ["log2"] = Math.Log2,
        ["rad"] = static x => x / Degrees,
        ["sgn"] = static x => x < 0 ? -1 : x > 0 ? 1 : x, // a zero keeps its sign, NaN is NaN
        ["sin"] = Math.Sin,
        ["sinh"] = Math.Sinh,
        ["sqrt"] = Math.Sqrt,
        ["tan"] = Math.Tan,
        ["tanh"] = Math.Tanh,
    };

    /// <summary>The larger of two. Nothing is above infinity, not even what is no number.</summary>
    public static double Greater(double x, double y) => double.IsPositiveInfinity(x) || double.IsPositiveInfinity(y) ? double.PositiveInfinity : Math.Max(x, y);

    /// <summary>The smaller of two. Nothing is below minus infinity, not even what is no number.</summary>
    public static double Lesser(double x, double y) => double.IsNegativeInfinity(x) || double.IsNegativeInfinity(y) ? double.NegativeInfinity : Math.Min(x, y);

    /// <summary>To the nearest multiple, halves upwards, in the reference's order of operations.</summary>
    public static double Round(double x, double nearest)
    {
        var inverse = 1 / nearest;
        return Math.Floor((x * inverse) + 0.5) / inverse;
    }
}
