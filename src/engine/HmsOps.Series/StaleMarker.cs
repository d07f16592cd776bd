namespace HmsOps.Series;

/// <summary>The value that says "this series ended here", told from every other NaN by its bits.</summary>
public static class StaleMarker
{
    /// <summary>The bits, as Prometheus and remote write use them.</summary>
    public const long Bits = 0x7ff0000000000002;

    /// <summary>The marker as a number.</summary>
    public static readonly double Value = BitConverter.Int64BitsToDouble(Bits);

    /// <summary>True for the marker alone, not for other NaNs.</summary>
    public static bool Is(double value) => BitConverter.DoubleToInt64Bits(value) == Bits;
}
