using System.Text;
using HmsOps.Present.Web.Words;
using Durations = HmsOps.Workspace.Quantities.Durations;

namespace HmsOps.App.Verbs.Query;

/// <summary>A range of times as a chart for a terminal, drawn in braille. A line breaks where there is no value, and what cannot be drawn is counted below.</summary>
/// <param name="order">What was asked.</param>
/// <param name="paper">What there is to draw on.</param>
internal sealed class ChartForm(QueryOrder order, ChartPaper paper)
{
    private const int RowsMin = 8;
    private const int RowsMax = 30;
    private const int CellsMin = 10;
    private const int LinesAround = 3; // the times above, the axis and its labels
    private const string Tick = " ┤";
    private const string Side = " │";
    private const string Corner = " └";

    /// <summary>Lines, each with its end; nothing for an empty answer.</summary>
    public string Of(Answer answer)
    {
        if (answer.IsEmpty)
            return "";
        var legend = new ChartLegend(answer.Series, order, paper);
        var notDrawn = NotDrawn.In(answer.Series);
        var text = new StringBuilder().Append(Heading()).Append('\n');
        if (notDrawn.IsAll)
            text.Append("nothing of it can be drawn\n");
        else
            Draw(text, legend, Math.Clamp(paper.Lines - LinesAround - legend.Lines.Count, RowsMin, RowsMax));
        foreach (var line in legend.Lines)
            text.Append(line).Append('\n');
        return text.Append(notDrawn.Line).ToString();
    }

    private string Heading()
    {
        var (from, to) = (TimeWords.Local(order.When.From, paper.Zone), TimeWords.Local(order.When.To, paper.Zone));
        if (from[..11] == to[..11]) // one day
            to = to[11..];
        var times = $"{from} to {to} {new Moment(default, paper.Zone).ZoneName}";
        var whole = $"{times}, a point every {Durations.Format(TimeSpan.FromMilliseconds(order.When.Step))}";
        return whole.Length <= paper.Cells ? whole : CellText.Fit(times, paper.Cells);
    }

    private void Draw(StringBuilder text, ChartLegend legend, int rows)
    {
        var values = legend.Order.SelectMany(series => series.Samples).Where(IsDrawn).Select(sample => sample.Value);
        var axis = ValueAxis.Over(values.Min(), values.Max());
        var labels = LabelsOfRows(axis, rows);
        var margin = labels.Values.Max(label => label.Length);
        var cells = Math.Max(CellsMin, paper.Cells - margin - Tick.Length);
        var canvas = new BrailleCanvas(cells, rows);
        // The first of the legend is drawn last: it lies on top.
        for (var i = legend.Order.Count - 1; i >= 0; i--)
            Trace(canvas, axis, legend.Order[i], ChartLegend.Ink(i));
        for (var row = 0; row < rows; row++)
        {
            var label = labels.GetValueOrDefault(row);
            text.Append((label ?? "").PadLeft(margin)).Append(label is null ? Side : Tick).Append(canvas.Row(row, paper.Inked)).Append('\n');
        }
        var times = new TimeAxis(order.When.From, order.When.To, paper.Zone, cells);
        text.Append(' ', margin).Append(Corner).Append(times.Line()).Append('\n');
        text.Append(times.Labels(margin + Corner.Length)).Append('\n');
    }

    private static Dictionary<int, string> LabelsOfRows(ValueAxis axis, int rows)
    {
        var labels = new Dictionary<int, string>();
        foreach (var tick in axis.Ticks)
            labels[DotOf(axis, tick, rows * BrailleCanvas.Down) / BrailleCanvas.Down] = ShortNumber.Of(tick);
        return labels;
    }

    private void Trace(BrailleCanvas canvas, ValueAxis axis, AnswerSeries series, int ink)
    {
        (int X, int Y)? before = null;
        var last = 0L;
        foreach (var sample in series.Samples)
        {
            if (!IsDrawn(sample))
            {
                before = null;
                continue;
            }
            var share = (sample.At - order.When.From) / (double)Math.Max(1, order.When.To - order.When.From);
            var dot = (X: (int)Math.Round(Math.Clamp(share, 0, 1) * (canvas.Width - 1)), Y: DotOf(axis, sample.Value, canvas.Height));
            if (before is { } from && sample.At - last <= order.When.Step)
                canvas.Line(from, dot, ink);
            else
                canvas.Dot(dot.X, dot.Y, ink);
            (before, last) = (dot, sample.At);
        }
    }

    private static int DotOf(ValueAxis axis, double value, int height) => (int)Math.Round((1 - axis.Place(value)) * (height - 1));

    /// <summary>True for what has a place on the axis.</summary>
    public static bool IsDrawn(AnswerSample sample) => sample.Histogram is null && double.IsFinite(sample.Value);
}

/// <summary>What a chart is drawn on.</summary>
/// <param name="Cells">Characters in a line.</param>
/// <param name="Lines">Lines.</param>
/// <param name="HasColour">Whether colours are shown.</param>
/// <param name="Zone">The zone of its reader.</param>
internal sealed record ChartPaper(int Cells, int Lines, bool HasColour, TimeZoneInfo Zone)
{
    /// <summary>Inks that a terminal's own palette has; the last, grey, is of all that have none of their own.</summary>
    private static readonly string[] Inks = ["36", "33", "32", "35", "34", "31", "96", "93", "92", "95", "94", "91", "90"];

    /// <summary>How many series have an ink of their own.</summary>
    public static int InksOfTheirOwn => Inks.Length - 1;

    /// <summary>A text in an ink, counted from 1.</summary>
    public string Inked(int ink, string text) => HasColour ? $"\u001b[{Inks[Math.Min(ink, Inks.Length) - 1]}m{text}\u001b[0m" : text;
}

/// <summary>What of an answer a chart cannot show.</summary>
internal sealed record NotDrawn(int Drawn, int NotNumbers, int Infinite, int Histograms)
{
    /// <summary>True when there is nothing else.</summary>
    public bool IsAll => Drawn == 0;

    /// <summary>What it is, in a line; empty when there is none.</summary>
    public string Line => NotNumbers + Infinite + Histograms == 0
        ? ""
        : $"not drawn: {string.Join(", ", Parts())}{(Histograms > 0 ? "; histogram_quantile(0.99, …) makes numbers of histograms" : "")}\n";

    public static NotDrawn In(IEnumerable<AnswerSeries> series)
    {
        var counts = new NotDrawn(0, 0, 0, 0);
        foreach (var sample in series.SelectMany(one => one.Samples))
        {
            counts = sample switch
            {
                { Histogram: not null } => counts with { Histograms = counts.Histograms + 1 },
                { Value: double.NaN } => counts with { NotNumbers = counts.NotNumbers + 1 },
                { Value: double.PositiveInfinity or double.NegativeInfinity } => counts with { Infinite = counts.Infinite + 1 },
                _ => counts with { Drawn = counts.Drawn + 1 },
            };
        }
        return counts;
    }

    private IEnumerable<string> Parts()
    {
        if (NotNumbers > 0)
            yield return $"{NotNumbers} NaN";
        if (Infinite > 0)
            yield return $"{Infinite} infinite";
        if (Histograms > 0)
            yield return Histograms == 1 ? "1 histogram" : $"{Histograms} histograms";
    }
}
