using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace HmsOps.Tsdb.Chunks;

/// <summary>
/// Doubles that were decimal numbers once: v = m / 10^e with |m| below 2^53 and e at most 15. Both operands of that division are exact, so IEEE
/// division gives the one double nearest to the decimal, which is what a reader of the text made of it. Multiplying finds m only nearly; each m is
/// tried by dividing, and counts only if the division gives back every bit. So −0, NaN and infinity never are decimals.
/// </summary>
internal static class Decimals
{
    public const int ExponentMax = 15;

    const double MantissaLimit = 9007199254740992; // 2^53: below it every integer is a double

    /// <summary>Adding this to |x| below 2^51 leaves x, rounded, in the lowest bits of the sum.</summary>
    const double Rounding = 6755399441055744; // 3 · 2^51

    const double RoundingLimit = 2251799813685248; // 2^51

    static readonly double[] Powers = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// <summary>The m of a value at an exponent; false when there is none.</summary>
    public static bool TryScale(double value, int exponent, out long mantissa)
    {
        var power = Powers[exponent];
        var rounded = Math.Round(value * power);
        if (!(Math.Abs(rounded) < MantissaLimit))
        {
            mantissa = 0;
            return false;
        }
        mantissa = (long)rounded;
        return BitConverter.DoubleToInt64Bits(mantissa / power) == BitConverter.DoubleToInt64Bits(value);
    }

    /// <summary>The smallest exponent not below <paramref name="from"/> that a value has, −1 when it has none.</summary>
    public static int ExponentOf(double value, int from)
    {
        for (var exponent = from; exponent <= ExponentMax; exponent++)
        {
            if (TryScale(value, exponent, out _))
                return exponent;
        }
        return -1;
    }

    /// <summary>How many of the values, from the first, have their m at the exponent; those are written.</summary>
    public static int Scale(ReadOnlySpan<double> values, int exponent, Span<long> into)
    {
        var at = 0;
        if (Vector256.IsHardwareAccelerated)
            at = ScaleVector(values, exponent, into);
        for (; at < values.Length; at++)
        {
            if (!TryScale(values[at], exponent, out into[at]))
                break;
        }
        return at;
    }

    /// <summary>As <see cref="Scale"/>, four at a time; it stops before the first four that are not all below 2^51 and decimal.</summary>
    static int ScaleVector(ReadOnlySpan<double> values, int exponent, Span<long> into)
    {
        var power = Vector256.Create(Powers[exponent]);
        var rounding = Vector256.Create(Rounding);
        var limit = Vector256.Create(RoundingLimit);
        var at = 0;
        for (; at + Vector256<double>.Count <= values.Length; at += Vector256<double>.Count)
        {
            var value = Vector256.Create(values[at..]);
            var scaled = value * power;
            var sum = scaled + rounding;
            var back = (sum - rounding) / power;
            var same = Vector256.Equals(back.AsInt64(), value.AsInt64()) & Vector256.LessThan(Vector256.Abs(scaled), limit).AsInt64();
            if (!Vector256.EqualsAll(same, Vector256<long>.AllBitsSet))
                break;
            (sum.AsInt64() - rounding.AsInt64()).CopyTo(into[at..]);
        }
        return at;
    }

    /// <summary>Divides in place: the column holds integers before and doubles after.</summary>
    public static void Unscale(Span<double> column, int exponent)
    {
        if (Vector256.IsHardwareAccelerated)
            UnscaleVector(column, exponent);
        else
            UnscaleScalar(column, exponent);
    }

    internal static void UnscaleScalar(Span<double> column, int exponent)
    {
        var power = Powers[exponent];
        var mantissas = MemoryMarshal.Cast<double, long>(column);
        for (var i = 0; i < column.Length; i++)
            column[i] = mantissas[i] / power;
    }

    internal static void UnscaleVector(Span<double> column, int exponent)
    {
        var power = Vector256.Create(Powers[exponent]);
        var mantissas = MemoryMarshal.Cast<double, long>(column);
        var at = 0;
        if (exponent == 0) // most columns are integers, and a division by one still takes its time
        {
            for (; at + Vector256<double>.Count <= column.Length; at += Vector256<double>.Count)
                Vector256.ConvertToDouble(Vector256.Create<long>(mantissas[at..])).CopyTo(column[at..]);
        }
        for (; at + Vector256<double>.Count <= column.Length; at += Vector256<double>.Count)
            (Vector256.ConvertToDouble(Vector256.Create<long>(mantissas[at..])) / power).CopyTo(column[at..]);
        UnscaleScalar(column[at..], exponent);
    }
}
