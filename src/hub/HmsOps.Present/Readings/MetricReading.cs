using HmsOps.Series;

namespace HmsOps.Present.Readings;

/// <summary>What the store said about one metric over a range: values only, so that pages can be made and tested without a store.</summary>
public sealed record MetricReading
{
    public required string Metric { get; init; }

    public required string Unit { get; init; }

    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset To { get; init; }

    public required TimeSpan Step { get; init; }

    /// <summary>The average first; the highest follows, and percentiles where the metric is a histogram. Empty when nothing was measured in the range.</summary>
    public IReadOnlyList<Line> Lines { get; init; } = [];

    /// <summary>Who sends it, busiest first.</summary>
    public IReadOnlyList<Sender> Senders { get; init; } = [];

    /// <summary>Why the store could not answer, for people; null when it did.</summary>
    public string? Problem { get; init; }

    /// <summary>The average at the end of the range; null when its last point is older than two steps and a look back.</summary>
    public double? Latest => Main is { Times.Count: > 0 } line && To.ToUnixTimeMilliseconds() - line.Times[^1] <= Fresh ? line.Values[^1] : null;

    /// <summary>When something was last measured, to the step; null when never in the range.</summary>
    public DateTimeOffset? LastSeen => Main is { Times.Count: > 0 } line ? DateTimeOffset.FromUnixTimeMilliseconds(line.Times[^1]) : null;

    /// <summary>The window each point looks back over.</summary>
    public TimeSpan Window => MetricQueries.WindowOf(Step);

    /// <summary>
    /// The highest single value of the range, and the first point that saw it; of a counter, the highest rate over one <see cref="Window"/>. Points
    /// whose window begins before the range are left out: windows overlap, so nothing of the range is lost with them.
    /// </summary>
    public Peak? Peak
    {
        get
        {
            if ((Lines.FirstOrDefault(l => l.Weight == LineWeight.Edge) ?? Main) is not { } line)
                return null;
            var first = (From + Window).ToUnixTimeMilliseconds();
            var points = Enumerable.Range(0, line.Times.Count).Where(i => line.Times[i] >= first).ToList();
            if (points.Count == 0)
                return null;
            var at = points.MaxBy(i => line.Values[i]);
            return new Peak(line.Values[at], DateTimeOffset.FromUnixTimeMilliseconds(line.Times[at]));
        }
    }

    public double PerMinute => Senders.Sum(s => s.PerMinute);

    private Line? Main => Lines.Count > 0 ? Lines[0] : null;

    private double Fresh => 2 * Step.TotalMilliseconds;
}

/// <summary>The highest value of a range.</summary>
/// <param name="At">The first point that saw it: it came in the step before.</param>
public sealed record Peak(double Value, DateTimeOffset At);

/// <summary>One line of a chart, and the query that draws it.</summary>
/// <param name="Name">As in the legend.</param>
/// <param name="Weight">Percentiles of one quantity share its hue and differ by weight and dash.</param>
public sealed record Line(string Name, string Query, LineWeight Weight, IReadOnlyList<long> Times, IReadOnlyList<double> Values);

/// <summary>How a line is drawn.</summary>
public enum LineWeight
{
    Solid,
    Dashed,
    Dotted,

    /// <summary>The upper edge of a shaded band that begins at the first line.</summary>
    Edge,
}

/// <summary>One series that carries the metric.</summary>
public sealed record Sender(Labels Labels, double PerMinute);

/// <summary>What a rule's value is right now, one for each label set it watches.</summary>
public sealed record RuleReading(string RuleId, IReadOnlyList<RuleValue> Values, string? Problem);

public sealed record RuleValue(IReadOnlyDictionary<string, string> Labels, double Value);
