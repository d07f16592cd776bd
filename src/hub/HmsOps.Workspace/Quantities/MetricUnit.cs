namespace HmsOps.Workspace.Quantities;

/// <summary>What a number counts: only numbers of one kind can be held against each other.</summary>
public enum Dimension
{
    /// <summary>A plain number.</summary>
    None,

    /// <summary>Seconds.</summary>
    Time,

    /// <summary>Bytes.</summary>
    Size,

    /// <summary>Parts of one.</summary>
    Ratio,

    /// <summary>Per second.</summary>
    Rate,

    /// <summary>Degrees Celsius.</summary>
    Temperature,
}

/// <summary>
/// A unit: what it counts, and how many base units it is, as a fraction so that conversion rounds once each way (<c>0.8s</c> is 800 ms exactly).
/// </summary>
public sealed record MetricUnit(string Name, Dimension Dimension, long Numerator = 1, long Denominator = 1)
{
    /// <summary>A number without a unit.</summary>
    public static MetricUnit None { get; } = new("", Dimension.None);

    /// <summary>How often in a second.</summary>
    public static MetricUnit PerSecond { get; } = new("/s", Dimension.Rate);

    /// <summary>Every unit a quantity may be written in. A lone <c>m</c> is missing on purpose: metres, minutes or milli?</summary>
    public static IReadOnlyList<MetricUnit> Written { get; } =
    [
        new("ns", Dimension.Time, 1, 1_000_000_000), new("us", Dimension.Time, 1, 1_000_000), new("µs", Dimension.Time, 1, 1_000_000),
        new("ms", Dimension.Time, 1, 1_000), new("s", Dimension.Time), new("min", Dimension.Time, 60), new("h", Dimension.Time, 3_600), new("d", Dimension.Time, 86_400),
        new("B", Dimension.Size), new("kB", Dimension.Size, 1_000), new("MB", Dimension.Size, 1_000_000), new("GB", Dimension.Size, 1_000_000_000),
        new("TB", Dimension.Size, 1_000_000_000_000), new("KiB", Dimension.Size, 1L << 10), new("MiB", Dimension.Size, 1L << 20),
        new("GiB", Dimension.Size, 1L << 30), new("TiB", Dimension.Size, 1L << 40),
        new("%", Dimension.Ratio, 1, 100),
        PerSecond, new("/min", Dimension.Rate, 1, 60), new("/h", Dimension.Rate, 1, 3_600),
        new("°C", Dimension.Temperature),
    ];

    // The last part of a metric's name tells its unit, as Prometheus' naming has it; the longer ending is tried first.
    private static readonly (string Ending, MetricUnit Unit)[] Endings =
    [
        ("_seconds", Named("s")), ("_percent", Named("%")), (".percent", Named("%")), ("_celsius", Named("°C")), (".latency", Named("s")),
        (".duration", Named("s")), ("_bytes", Named("B")), ("_ratio", new MetricUnit("", Dimension.Ratio)), ("_ms", Named("ms")), ("_us", Named("us")),
        ("_ns", Named("ns")), ("_s", Named("s")),
    ];

    /// <summary>What a metric's name says about its unit; <see cref="None"/> when it says nothing.</summary>
    public static MetricUnit OfMetric(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (var (ending, unit) in Endings)
        {
            if (name.EndsWith(ending, StringComparison.Ordinal))
                return unit;
        }
        return None;
    }

    /// <summary>The unit written so; null when there is none.</summary>
    public static MetricUnit? Find(string name) => Written.FirstOrDefault(unit => unit.Name == name);

    /// <summary>What it counts, in words.</summary>
    public string Counts => Dimension switch
    {
        Dimension.Time => "a time",
        Dimension.Size => "a size",
        Dimension.Ratio => "a share",
        Dimension.Rate => "a rate",
        Dimension.Temperature => "a temperature",
        _ => "a plain number",
    };

    private static MetricUnit Named(string name) => Find(name) ?? throw new ArgumentException($"no unit is named {name}", nameof(name));
}
