namespace HmsOps.Tsdb.Chunks;

/// <summary>What of an integer column is packed: the numbers themselves, or what they differ by from what one would guess.</summary>
internal enum ColumnOrder
{
    /// <summary>The numbers.</summary>
    Plain = 0,

    /// <summary>Each one's difference to the one before.</summary>
    Delta = 1,

    /// <summary>Each difference's difference to the one before.</summary>
    DeltaOfDelta = 2,

    /// <summary>Each one's difference to a straight line: the ticks of a clock that is read a little late.</summary>
    Line = 3,
}

/// <summary>
/// How to write one integer column. Its residuals are <c>Lowest + Divisor·q</c> with q ≥ 0; packed is q − Offset in <c>Width</c> bits,
/// the q that do not lie in that window are patches.
/// </summary>
internal readonly record struct ColumnPlan
{
    public required ColumnOrder Order { get; init; }

    /// <summary>The slope of <see cref="ColumnOrder.Line"/>.</summary>
    public long Step { get; init; }

    public required long Lowest { get; init; }

    public required Divisor Divisor { get; init; }

    public ulong Offset { get; init; }

    public required int Width { get; init; }

    public int Patches { get; init; }

    /// <summary>The bytes it takes, exactly.</summary>
    public int Bytes { get; init; }
}

/// <summary>A common divisor, its power of two apart: most are nothing else, and a shift is cheap.</summary>
internal readonly record struct Divisor(int Shift, ulong Odd)
{
    public static readonly Divisor One = new(0, 1);

    public ulong Value => Odd << Shift;

    public ulong Divide(ulong number) => Odd == 1 ? number >> Shift : (number >> Shift) / Odd;

    /// <summary>The greatest common divisor of all differences to the lowest.</summary>
    public static Divisor Of(ReadOnlySpan<long> numbers, long lowest)
    {
        ulong bits = 0;
        foreach (var number in numbers)
            bits |= (ulong)(number - lowest);
        if (bits == 0)
            return One;
        var shift = ulong.TrailingZeroCount(bits);
        ulong odd = 0;
        foreach (var number in numbers)
        {
            var difference = (ulong)(number - lowest) >> (int)shift;
            if (difference == 0 || (odd != 0 && difference % odd == 0))
                continue;
            odd = OddPart(Common(odd, difference));
            if (odd == 1)
                break;
        }
        return new((int)shift, odd);
    }

    static ulong Common(ulong a, ulong b)
    {
        while (b != 0)
            (a, b) = (b, a % b);
        return a;
    }

    static ulong OddPart(ulong number) => number >> (int)ulong.TrailingZeroCount(number);
}
