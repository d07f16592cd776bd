using HmsOps.Present.Web.Words;

namespace HmsOps.Present.Readings;

/// <summary>The stretch of time a page shows: one of five, in the address as <c>?range=1h</c>.</summary>
/// <param name="Name">As in the address.</param>
/// <param name="Span">How long it is.</param>
/// <param name="Step">Between two points: from a fixed ladder, so that neighbouring charts ask alike.</param>
public sealed record TimeRange(string Name, TimeSpan Span, TimeSpan Step)
{
    public static TimeRange Hour { get; } = new("1h", TimeSpan.FromHours(1), TimeSpan.FromSeconds(10));

    /// <summary>What the range button offers.</summary>
    public static IReadOnlyList<TimeRange> All { get; } =
    [
        new("5m", TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(1)), new("15m", TimeSpan.FromMinutes(15), TimeSpan.FromSeconds(2)), Hour,
        new("6h", TimeSpan.FromHours(6), TimeSpan.FromMinutes(1)), new("24h", TimeSpan.FromHours(24), TimeSpan.FromMinutes(5)),
    ];

    /// <summary>The last five minutes of a tile.</summary>
    public static TimeRange Tile { get; } = new("5m", TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(5));

    /// <summary>What an address asks for; one hour when it asks for nothing, null when for something that is not offered.</summary>
    public static TimeRange? Find(string? name) => string.IsNullOrEmpty(name) ? Hour : All.FirstOrDefault(r => r.Name == name);

    /// <summary>A range around something that lasted from one time to another, with a quarter of it on either side.</summary>
    public static (DateTimeOffset From, DateTimeOffset To, TimeSpan Step) Around(DateTimeOffset from, DateTimeOffset to, DateTimeOffset now)
    {
        var margin = TimeSpan.FromSeconds(Math.Max(120, (to - from).TotalSeconds / 2));
        var start = from - margin;
        var end = to + margin < now ? to + margin : now;
        var step = Ladder.First(s => (end - start) / s <= 400 || s == Ladder[^1]);
        return (start, end, step);
    }

    /// <summary><c>last hour</c>, <c>last 15 minutes</c>.</summary>
    public string InWords => Span == TimeSpan.FromHours(1) ? "last hour" : $"last {Quantity.DurationInWords(Span)}";

    /// <summary>What the button says: <c>15 min</c>, <c>24 h</c>.</summary>
    public string Label => Name.Replace("m", "\u00a0min", StringComparison.Ordinal).Replace("h", "\u00a0h", StringComparison.Ordinal);

    private static readonly TimeSpan[] Ladder = [.. new[] { 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600 }.Select(s => TimeSpan.FromSeconds(s))];
}
