namespace HmsOps.Observe.Influx;

/// <summary>In which unit the timestamps of a request are written.</summary>
internal readonly record struct InfluxPrecision(long Multiply, long Divide)
{
    /// <summary>What holds when a request does not say.</summary>
    public static InfluxPrecision Nanoseconds { get; } = new(1, 1_000_000);

    /// <summary>Reads the parameter <c>precision</c> of both versions.</summary>
    public static InfluxPrecision? Read(string? parameter) => parameter switch
    {
        null or "" or "ns" or "n" => Nanoseconds,
        "us" or "u" or "µ" => new(1, 1_000),
        "ms" => new(1, 1),
        "s" => new(1_000, 1),
        "m" => new(60_000, 1),
        "h" => new(3_600_000, 1),
        _ => null,
    };

    /// <summary>Milliseconds since 1970, the fraction cut off towards the past; false when they do not fit.</summary>
    public bool TryConvert(long timestamp, out long milliseconds)
    {
        var wide = (Int128)timestamp * Multiply;
        milliseconds = (long)(Divide == 1 ? wide : (wide - (wide < 0 ? Divide - 1 : 0)) / Divide);
        return wide >= long.MinValue && wide <= long.MaxValue;
    }
}
