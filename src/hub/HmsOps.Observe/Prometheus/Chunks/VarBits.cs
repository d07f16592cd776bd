using System.Numerics;

namespace HmsOps.Observe.Prometheus.Chunks;

/// <summary>The numbers of Prometheus' chunks: the nearer to 0, the fewer bits. A row of ones and a zero says how many bits follow.</summary>
internal static class VarBits
{
    private const int TimeStepsMax = 4;
    private const int StepsMax = 8;

    // Of each row of ones the bits that follow it; of none, none.
    private static ReadOnlySpan<byte> TimeWidths => [0, 14, 17, 20, 64];

    private static ReadOnlySpan<byte> Widths => [0, 3, 6, 9, 12, 18, 25, 56, 64];

    /// <summary>A difference between differences of times, in an XOR chunk.</summary>
    public static void WriteTime(BitWriter into, long value) => Write(into, value, TimeWidths, TimeStepsMax);

    public static long ReadTime(ref BitReader from) => Read(ref from, TimeWidths, TimeStepsMax);

    /// <summary>A signed number of a histogram chunk.</summary>
    public static void WriteSigned(BitWriter into, long value) => Write(into, value, Widths, StepsMax);

    public static long ReadSigned(ref BitReader from) => Read(ref from, Widths, StepsMax);

    /// <summary>An unsigned number of a histogram chunk.</summary>
    public static void WriteUnsigned(BitWriter into, ulong value)
    {
        var wanted = WidthOf(value);
        var step = 0;
        while (Widths[step] < wanted)
            step++;
        WriteOnes(into, step, StepsMax);
        if (step > 0)
            into.Write(value, Widths[step]);
    }

    public static ulong ReadUnsigned(ref BitReader from)
    {
        var width = Widths[from.ReadOnes(StepsMax)];
        return width == 0 ? 0 : from.Read(width);
    }

    private static int WidthOf(ulong value) => 64 - BitOperations.LeadingZeroCount(value);

    // So many bits hold one more above 0 than below: from -(2^(n-1) - 1) to 2^(n-1).
    private static void Write(BitWriter into, long value, ReadOnlySpan<byte> widths, int most)
    {
        if (value == 0)
        {
            into.Write(0, 1);
            return;
        }
        var wanted = 1 + WidthOf(value > 0 ? (ulong)value - 1 : (ulong)-(value + 1) + 1);
        var step = 1;
        while (step < most && widths[step] < wanted)
            step++;
        WriteOnes(into, step, most);
        int width = widths[step];
        into.Write((ulong)value & (ulong.MaxValue >> (64 - width)), width);
    }

    private static long Read(ref BitReader from, ReadOnlySpan<byte> widths, int most)
    {
        var step = from.ReadOnes(most);
        if (step == 0)
            return 0;
        int width = widths[step];
        var bits = from.Read(width);
        return width < 64 && bits > 1UL << (width - 1) ? (long)bits - (1L << width) : (long)bits;
    }

    private static void WriteOnes(BitWriter into, int ones, int most)
    {
        if (ones < most)
            into.Write((1UL << (ones + 1)) - 2, ones + 1);
        else
            into.Write((1UL << ones) - 1, ones);
    }
}
