namespace HmsOps.SideBySide.Data;

/// <summary>How much data, how it comes, and how long one server may take over all of its parts.</summary>
/// <param name="Name">As the command line and the table call it.</param>
/// <param name="Series">Series alive at a time.</param>
/// <param name="Scrapes">Samples a series.</param>
/// <param name="ChurnEvery">After how many scrapes a fiftieth of the series is replaced by new ones, as pods are; 0: never.</param>
/// <param name="Bound">One server's parts of one run end here at the latest.</param>
/// <param name="Parts">What is measured at this scale.</param>
internal sealed record Scale(string Name, int Series, int Scrapes, int ChurnEvery, TimeSpan Bound, IReadOnlyList<Part> Parts)
{
    public const int SamplesARequest = 5_000;
    public const int IntervalMs = 15_000;

    public static IReadOnlyList<Scale> All { get; } =
    [
        new("fleet", 50_000, 160, 40, TimeSpan.FromMinutes(12), Enum.GetValues<Part>()),
        new("wide", 1_000_000, 8, 0, TimeSpan.FromMinutes(15), [Part.Intake, Part.Check, Part.Kill, Part.Restart, Part.Compact]),
        new("day", 1_000, 5_760, 0, TimeSpan.FromMinutes(8), [Part.Intake, Part.Check, Part.Compact]),
        new("small", 5_000, 40, 10, TimeSpan.FromMinutes(3), Enum.GetValues<Part>()),
    ];

    public static TimeSpan Interval { get; } = TimeSpan.FromMilliseconds(IntervalMs);

    public long Samples => (long)Series * Scrapes;

    public override string ToString() => $"{Name} ({Series:N0} series × {Scrapes:N0})";
}

/// <summary>What can be measured by itself, in the order it is. Each needs the data, so intake is done for all of them.</summary>
internal enum Part
{
    Intake,
    Check,
    Queries,
    Kill,
    Restart,
    Compact,
}
