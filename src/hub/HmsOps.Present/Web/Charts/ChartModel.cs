using HmsOps.Present.Readings;
using HmsOps.Present.Web.Words;
using HmsOps.Record.Projections;
using HmsOps.Workspace.Rules;

namespace HmsOps.Present.Web.Charts;

/// <summary>One chart, as data: drawn by the server as SVG, and drawn again by <c>&lt;ops-chart&gt;</c> where script runs.</summary>
public sealed record ChartModel
{
    private const int ToldMax = 8; // more in one breath nobody keeps in mind; the table has them

    public required string Title { get; init; }

    public required string Unit { get; init; }

    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset To { get; init; }

    public required TimeSpan Step { get; init; }

    public required Moment Clock { get; init; }

    public IReadOnlyList<Line> Lines { get; init; } = [];

    /// <summary>The highest value of the range; null when nothing was measured in it.</summary>
    public Peak? Peak { get; init; }

    public ChartBound? Bound { get; init; }

    public IReadOnlyList<ChartBand> Bands { get; init; } = [];

    public IReadOnlyList<ChartMark> Marks { get; init; } = [];

    /// <summary>True when the right edge is now, and moves.</summary>
    public bool IsLive { get; init; }

    /// <summary>What the frame says where there is nothing to draw.</summary>
    public string? EmptyReason { get; init; }

    /// <summary>The chart in one sentence, for who cannot see it.</summary>
    public string Summary
    {
        get
        {
            if (Lines.Count == 0)
                return EmptyReason ?? "There is nothing to draw.";
            var values = Lines[0].Values;
            var highest = Peak is null ? "" : $", highest {Quantity.Of(Peak.Value, Unit)} at {Clock.Of(Peak.At)}";
            var bound = Bound is null ? "" : $"; the alert line is {Bound.Label}";
            return $"{Lines[0].Name} from {Quantity.Of(values[0], Unit)} to {Quantity.Of(values[^1], Unit)}{highest}{bound}.{MarksInWords}";
        }
    }

    /// <summary>What the shaded band means; null where there is none.</summary>
    public string? BandInWords => Lines.Any(l => l.Weight == LineWeight.Edge)
        ? $"from the average up to the highest single value of the {Quantity.DurationInWords(MetricQueries.WindowOf(Step))} before"
        : null;

    /// <summary>Everything that is marked, ends of alerts too, oldest first.</summary>
    public IReadOnlyList<MarkInWords> Told =>
    [
        .. Marks.Select(m => new MarkInWords(m.At, m.Words))
            .Concat(Bands.Where(b => b.To >= From && b.To <= To).Select(b => new MarkInWords(b.To ?? To, "alert over")))
            .OrderBy(m => m.At),
    ];

    private string MarksInWords
    {
        get
        {
            var told = Told;
            if (told.Count == 0)
                return "";
            var earlier = told.Count > ToldMax ? $"{Quantity.Count(told.Count - ToldMax)} earlier, " : "";
            return $" Marked: {earlier}{string.Join(", ", told.Skip(told.Count - ToldMax).Select(m => $"{m.Words} at {Clock.Of(m.At)}"))}.";
        }
    }

    /// <summary>A metric's chart, with what the record knows about that time.</summary>
    public static ChartModel Of(MetricReading reading, RecordState state, Rule? rule, Moment clock, bool live, string title, string? emptyReason)
    {
        var unit = rule is { Unit.Length: > 0 } ? rule.Unit : reading.Unit;
        var episodes = Episode.OfMetric(state, reading.Metric);
        return new ChartModel
        {
            Title = title,
            Unit = unit,
            From = reading.From,
            To = reading.To,
            Step = reading.Step,
            Clock = clock,
            Lines = reading.Lines,
            Peak = reading.Peak,
            Bound = rule is null ? null : new ChartBound(rule.Threshold, Quantity.OfRound(rule.Threshold, unit)),
            Bands = [.. episodes
                .Where(e => e.FiredAt <= reading.To && (e.ResolvedAt ?? clock.Now) >= reading.From)
                .Select(e => new ChartBand(e.FiredAt, e.ResolvedAt))],
            Marks = [.. state.Marks
                .Where(m => m.Metric == reading.Metric && m.Kind != MarkKind.Resolved && m.At >= reading.From && m.At <= clock.Now)
                .Select(ChartMark.Of)],
            IsLive = live,
            EmptyReason = emptyReason,
        };
    }
}

/// <summary>The alert line.</summary>
public sealed record ChartBound(double Value, string Label);

/// <summary>The time an alert was firing; still is when it has no end.</summary>
public sealed record ChartBand(DateTimeOffset From, DateTimeOffset? To);

/// <summary>What a mark says where there is room for words.</summary>
public sealed record MarkInWords(DateTimeOffset At, string Words);

/// <summary>Something that happened, with its tag.</summary>
public sealed record ChartMark(DateTimeOffset At, string Shape, string Tag, string Words, long Sequence)
{
    public static ChartMark Of(Mark mark) => mark.Kind switch
    {
        MarkKind.Fired => new(mark.At, "triangle", "alert", "alert fired", mark.Sequence),
        MarkKind.Acted => new(mark.At, "disc", Deed.Of(mark.Text).Past, Deed.Of(mark.Text).Past, mark.Sequence),
        _ => new(mark.At, "ring", $"not: {Deed.Of(mark.Text).Infinitive}", $"could not {Deed.Of(mark.Text).Infinitive}", mark.Sequence),
    };
}
