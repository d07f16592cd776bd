using System.Globalization;
using System.Text;
using HmsOps.Present.Readings;
using HmsOps.Present.Web.Words;

namespace HmsOps.Present.Web.Charts;

/// <summary>
/// Where things stand in a drawing: values from 0 upwards, times from left to right. The alert line is always inside the view, so that noise on a
/// healthy metric stays flat.
/// </summary>
public sealed class ChartScale
{
    private readonly ChartModel _chart;

    public ChartScale(ChartModel chart, double width, double height, double left, double right, double top, double bottom)
    {
        _chart = chart;
        (Left, Top) = (left, top);
        (Right, Bottom) = (width - right, height - bottom);
        var highest = Math.Max(chart.Lines.SelectMany(l => l.Values).DefaultIfEmpty(0).Max(), chart.Bound?.Value ?? 0);
        (Step, Ceiling) = Nice(highest * 1.08);
    }

    public double Left { get; }

    public double Right { get; }

    public double Top { get; }

    public double Bottom { get; }

    /// <summary>The value at the top edge.</summary>
    public double Ceiling { get; }

    /// <summary>Between two grid lines.</summary>
    public double Step { get; }

    public IEnumerable<double> Ticks => Enumerable.Range(0, (int)Math.Round(Ceiling / Step) + 1).Select(i => i * Step);

    /// <summary>Labels below: whole minutes of a fixed ladder, five to eight of them.</summary>
    public IEnumerable<DateTimeOffset> Times
    {
        get
        {
            int[] ladder = [1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720];
            var minutes = (_chart.To - _chart.From).TotalMinutes;
            var every = TimeSpan.FromMinutes(ladder.FirstOrDefault(m => minutes / m <= 7, 1_440));
            var first = new DateTimeOffset((_chart.From.UtcTicks + every.Ticks - 1) / every.Ticks * every.Ticks, TimeSpan.Zero);
            for (var at = first; at <= _chart.To; at += every)
                yield return at;
        }
    }

    public double X(DateTimeOffset at) => X(at.ToUnixTimeMilliseconds());

    public double Y(double value) => Bottom - (value / Ceiling * (Bottom - Top));

    public bool Shows(DateTimeOffset at) => at >= _chart.From && at <= _chart.To;

    public double Clamped(DateTimeOffset at) => Math.Clamp(X(at), Left, Right);

    /// <summary>A line as SVG path data; it breaks where more than two steps are missing.</summary>
    public string Path(Line line)
    {
        var path = new StringBuilder();
        var gap = 2 * _chart.Step.TotalMilliseconds;
        for (var i = 0; i < line.Times.Count; i++)
        {
            path.Append(i == 0 || line.Times[i] - line.Times[i - 1] > gap ? 'M' : 'L')
                .Append(Text(X(line.Times[i]))).Append(' ').Append(Text(Y(line.Values[i])));
        }
        return path.ToString();
    }

    /// <summary>The area between an upper line and a lower one as SVG path data, in a piece for each unbroken stretch of the upper.</summary>
    public string Area(Line upper, Line lower)
    {
        var path = new StringBuilder();
        var gap = 2 * _chart.Step.TotalMilliseconds;
        var below = new Dictionary<long, double>(lower.Times.Zip(lower.Values, KeyValuePair.Create));
        for (int i = 0, first = 0; i < upper.Times.Count; i++)
        {
            if (i + 1 < upper.Times.Count && upper.Times[i + 1] - upper.Times[i] <= gap)
                continue;
            for (var k = first; k <= i; k++)
                path.Append(k == first ? 'M' : 'L').Append(Text(X(upper.Times[k]))).Append(' ').Append(Text(Y(upper.Values[k])));
            for (var k = i; k >= first; k--)
                path.Append('L').Append(Text(X(upper.Times[k]))).Append(' ').Append(Text(Y(below.GetValueOrDefault(upper.Times[k], upper.Values[k]))));
            path.Append('Z');
            first = i + 1;
        }
        return path.ToString();
    }

    /// <summary>One decimal is a tenth of a pixel.</summary>
    public static string Text(double coordinate) => coordinate.ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>A tick's label, in the unit that suits the top of the axis.</summary>
    public string Label(double tick) => tick == 0 ? "0" : Quantity.OfRound(tick, _chart.Unit);

    /// <summary>A step of 1, 2 or 5 times a power of ten, and the lowest multiple of it over the value: three to six grid lines.</summary>
    public static (double Step, double Ceiling) Nice(double value)
    {
        if (!(value > 0) || !double.IsFinite(value))
            return (0.5, 1);
        var rough = value / 4;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = (rough / power) switch
        {
            <= 1 => power,
            <= 2 => 2 * power,
            <= 5 => 5 * power,
            _ => 10 * power,
        };
        return (step, Math.Ceiling(value / step) * step);
    }

    private double X(long at)
    {
        var from = _chart.From.ToUnixTimeMilliseconds();
        var to = _chart.To.ToUnixTimeMilliseconds();
        return Left + ((at - from) / (double)Math.Max(1, to - from) * (Right - Left));
    }
}
