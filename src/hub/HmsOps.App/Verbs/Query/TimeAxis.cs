using System.Globalization;
using System.Text;

namespace HmsOps.App.Verbs.Query;

/// <summary>The level axis of a chart: round local times, as many as there is room for.</summary>
internal sealed class TimeAxis
{
    private const int Between = 3; // cells between two labels, at least

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    private static readonly TimeSpan[] Ladder =
    [
        .. ((int[])[1, 2, 5, 10, 15, 30]).Select(seconds => TimeSpan.FromSeconds(seconds)),
        .. ((int[])[1, 2, 5, 10, 15, 30]).Select(minutes => TimeSpan.FromMinutes(minutes)),
        .. ((int[])[1, 2, 3, 6, 12]).Select(hours => TimeSpan.FromHours(hours)),
        .. ((int[])[1, 2, 7, 14, 28, 91, 182, 364]).Select(days => TimeSpan.FromDays(days)),
    ];

    private readonly List<(int Cell, string Label)> _marks = [];
    private readonly int _cells;

    public TimeAxis(long from, long to, TimeZoneInfo zone, int cells)
    {
        _cells = cells;
        var range = TimeSpan.FromMilliseconds(Math.Max(1, to - from));
        var every = Array.Find(Ladder, step => range / step * (Width(step, range) + Between) <= cells);
        if (every == default)
            every = TimeSpan.FromDays(Math.Ceiling(range.TotalDays / 4)); // centuries
        foreach (var (at, local) in Rounds(from, to, every, zone))
            _marks.Add(((int)((at - from) / (double)Math.Max(1, to - from) * (cells - 1) + 0.5), Label(local, every, range)));
    }

    /// <summary>The line itself, with a mark above each label.</summary>
    public string Line()
    {
        var line = new StringBuilder(new string('─', _cells));
        foreach (var (cell, _) in _marks)
            line[cell] = '┬';
        return line.ToString();
    }

    /// <summary>The labels, each with its middle below its mark, those at the edges moved inside; one that would touch another is left out.</summary>
    /// <param name="margin">Cells before the axis, which labels may use.</param>
    public string Labels(int margin)
    {
        var text = new StringBuilder();
        foreach (var (cell, label) in _marks)
        {
            var start = Math.Clamp(margin + cell - label.Length / 2, 0, Math.Max(0, margin + _cells - label.Length));
            if (text.Length > 0 && start <= text.Length)
                continue;
            text.Append(' ', start - text.Length).Append(label);
        }
        return text.ToString();
    }

    // Counted by the local clock, so that they are round there whatever the zone, and on the day the clock is moved too.
    private static IEnumerable<(long At, DateTime Local)> Rounds(long from, long to, TimeSpan every, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(from), zone).DateTime;
        local = new DateTime(local.Ticks / every.Ticks * every.Ticks);
        for (var last = long.MinValue; ; local += every)
        {
            var at = new DateTimeOffset(local, zone.GetUtcOffset(local)).ToUnixTimeMilliseconds();
            if (at > to)
                yield break;
            if (at >= from && at > last && !zone.IsInvalidTime(local))
                yield return (last = at, local);
        }
    }

    private static int Width(TimeSpan every, TimeSpan range) => Label(new DateTime(2026, 12, 31, 23, 59, 59), every, range).Length;

    private static string Label(DateTime local, TimeSpan every, TimeSpan range)
    {
        var form = every < Minute ? "HH:mm:ss" : "HH:mm";
        if (every >= Day || every >= Minute && local.TimeOfDay == TimeSpan.Zero)
            form = range > Year ? "MMM yyyy" : "d MMM";
        return local.ToString(form, CultureInfo.InvariantCulture);
    }
}
