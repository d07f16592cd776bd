using System.Diagnostics;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// A function over a range selector. Each series is read once for all steps; the window <c>(T - range, T]</c> slides over it with two
/// pointers, and its function sees only a view, so nothing is copied but series with stale markers, which are no samples here.
/// </summary>
internal static class WindowSelection
{
    public static List<Column> Evaluate(EvaluationRun run, PromNode.Call call, PromNode.Window window)
    {
        var function = Function(run, call, window);
        var offset = window.Series.OffsetMs;
        var columns = new ColumnSet(run, call.At);
        var withoutStale = new SampleBuffer();
        using var walk = run.Walk(window.Series, run.Grid.From - offset - window.RangeMs + 1, run.Grid.Last - offset);
        while (walk.MoveNext())
        {
            var samples = withoutStale.Of(walk.Current);
            function.Begin(samples);
            var column = run.Column(samples.Labels, !function.KeepsName, call.At);
            Slide(run.Grid, offset, window.RangeMs, samples, function, column);
            columns.Add(column);
        }
        return columns.Columns;
    }

    private static void Slide(TimeGrid grid, long offset, long range, SeriesView samples, WindowFunction function, Column column)
    {
        var first = 0;
        var end = 0;
        for (var step = 0; step < grid.Steps; step++)
        {
            var last = grid[step] - offset;
            while (end < samples.Times.Length && samples.Times[end] <= last)
                end++;
            while (first < end && samples.Times[first] <= last - range)
                first++;
            if (first < end)
                function.Fold(new SampleWindow(samples, first, end, last - range, last), step, column);
        }
    }

    private static WindowFunction Function(EvaluationRun run, PromNode.Call call, PromNode.Window window) => call.Function switch
    {
        "rate" => new Extrapolation(run.Notes, window, isCounter: true, isRate: true),
        "increase" => new Extrapolation(run.Notes, window, isCounter: true, isRate: false),
        "delta" => new Extrapolation(run.Notes, window, isCounter: false, isRate: false),
        "count_over_time" => new CountOverTime(),
        "last_over_time" => new LastOverTime(),
        "sum_over_time" => new SumOverTime(run.Notes, window.At),
        "avg_over_time" => new AvgOverTime(run.Notes, window.At),
        "min_over_time" => new ExtremeOverTime(run.Notes, window.At, isMax: false),
        "max_over_time" => new ExtremeOverTime(run.Notes, window.At, isMax: true),
        "quantile_over_time" => new QuantileOverTime(run.Notes, call.Arguments[0].At, window.At, run.Evaluate(call.Arguments[0])[0]),
        _ => throw new UnreachableException($"{call.Function} is in the table of functions, but nobody evaluates it."),
    };
}

/// <summary>The samples of one series inside one window; never empty.</summary>
/// <param name="series">The whole series.</param>
/// <param name="first">The first sample inside.</param>
/// <param name="end">One past the last sample inside.</param>
/// <param name="from">The window's old end, which is outside.</param>
/// <param name="to">The window's new end, which is inside.</param>
internal readonly ref struct SampleWindow(SeriesView series, int first, int end, long from, long to)
{
    public Labels Labels { get; } = series.Labels;

    public ReadOnlySpan<long> Times { get; } = series.Times[first..end];

    public ReadOnlySpan<double> Values { get; } = series.Values[first..end];

    /// <summary>Empty where the whole series is numbers.</summary>
    public ReadOnlySpan<NativeHistogram?> Histograms { get; } = series.Histograms.IsEmpty ? default : series.Histograms[first..end];

    public int First { get; } = first;

    public int End { get; } = end;

    public long From { get; } = from;

    public long To { get; } = to;

    public int Count => Times.Length;

    public SampleKinds Kinds
    {
        get
        {
            var numbers = 0;
            foreach (var histogram in Histograms)
                numbers += histogram is null ? 1 : 0;
            if (Histograms.IsEmpty || numbers == Histograms.Length)
                return SampleKinds.Numbers;
            return numbers == 0 ? SampleKinds.Histograms : SampleKinds.Both;
        }
    }
}

/// <summary>What a window holds.</summary>
internal enum SampleKinds
{
    Numbers,
    Histograms,
    Both,
}

/// <summary>Folds windows of one series after another. One thread, one query.</summary>
internal abstract class WindowFunction
{
    /// <summary>The function picks a sample rather than making a new kind of value.</summary>
    public virtual bool KeepsName => false;

    /// <summary>The next series; its windows come in ascending order.</summary>
    public virtual void Begin(SeriesView series)
    {
    }

    public abstract void Fold(SampleWindow window, int step, Column into);
}

/// <summary>Takes stale markers out. The buffers are reused from series to series.</summary>
internal sealed class SampleBuffer
{
    private readonly List<long> _times = [];
    private readonly List<double> _values = [];
    private readonly List<NativeHistogram?> _histograms = [];

    public SeriesView Of(SeriesView samples)
    {
        var hasStale = false;
        for (var i = 0; i < samples.Times.Length && !hasStale; i++)
            hasStale = Samples.IsStale(samples, i);
        if (!hasStale)
            return samples;
        _times.Clear();
        _values.Clear();
        _histograms.Clear();
        for (var i = 0; i < samples.Times.Length; i++)
        {
            if (Samples.IsStale(samples, i))
                continue;
            _times.Add(samples.Times[i]);
            _values.Add(samples.Values[i]);
            if (!samples.Histograms.IsEmpty)
                _histograms.Add(samples.Histograms[i]);
        }
        return new SeriesView(
            samples.Labels,
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_times),
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_values),
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_histograms));
    }
}
