using System.Diagnostics;
using System.Runtime.InteropServices;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// A function over a range selector. Each series is read once for all steps; the window <c>(T - range, T]</c> slides over it with two
/// pointers, and its function sees only a view, so nothing is copied but series with stale markers, which are no samples here.
/// </summary>
internal sealed class WindowSelection : SeriesFeed
{
    private readonly WindowFunction _function;
    private readonly TimeGrid _grid;
    private readonly long _offset;
    private readonly long _range;
    private readonly SubqueryCursor? _subquery;
    private readonly SampleBuffer _withoutStale = new();

    private WindowSelection(EvaluationRun run, PromNode.Call call, PromNode window, SeriesWalk walk, SubqueryCursor? subquery)
        : base(run, window, walk)
    {
        var moment = window is PromNode.Window plain ? plain.Series.Moment : ((PromNode.Subquery)window).Moment;
        (_offset, _range) = window is PromNode.Window w ? (w.Series.OffsetMs, w.RangeMs) : (((PromNode.Subquery)window).OffsetMs, ((PromNode.Subquery)window).RangeMs);
        (_grid, _subquery) = (run.Grid.Seen(moment), subquery);
        _function = window is PromNode.Window { Series.Edges: not PromEdges.Plain } edged ? WindowEdges.Function(run, call, edged) : Function(run, call, window, _range);
    }

    public static WindowSelection Of(EvaluationRun run, PromNode.Call call, PromNode window, bool inAnyOrder)
    {
        while (window is PromNode.Paren paren)
            window = paren.Inner;
        if (window is PromNode.Subquery subquery)
        {
            var cursor = SubqueryCursor.Of(run, subquery, run.Grid.Seen(subquery.Moment));
            return new WindowSelection(run, call, subquery, new SeriesWalk(run.Context, subquery, cursor), cursor);
        }
        var series = ((PromNode.Window)window).Series; // ranges are of one of the two kinds
        var grid = run.Grid.Seen(series.Moment);
        var (before, after) = WindowEdges.Beyond(run, series);
        var from = grid.From - series.OffsetMs - ((PromNode.Window)window).RangeMs - before + 1;
        return new WindowSelection(run, call, window, run.Walk(series, from, grid.Last - series.OffsetMs + after, inAnyOrder), null);
    }

    public override bool DropsName => !_function.KeepsName || _subquery is { DropsName: true };

    protected override void Fill(SeriesView samples, Cells into) => _function.Slide(_grid, _offset, _range, _withoutStale.Of(samples), into);

    private static WindowFunction Function(EvaluationRun run, PromNode.Call call, PromNode window, long range) => call.Function switch
    {
        "rate" => new Extrapolation(run.Notes, window.At, range, isCounter: true, isRate: true),
        "increase" => new Extrapolation(run.Notes, window.At, range, isCounter: true, isRate: false),
        "delta" => new Extrapolation(run.Notes, window.At, range, isCounter: false, isRate: false),
        "irate" => new NewestTwo(run.Notes, window.At, isRate: true),
        "idelta" => new NewestTwo(run.Notes, window.At, isRate: false),
        "changes" => new WindowChanges(onlyResets: false, anchorMs: 0),
        "resets" => new WindowChanges(onlyResets: true, anchorMs: 0),
        "deriv" => new Regression(run.Notes, window.At, ahead: null),
        "predict_linear" => new Regression(run.Notes, window.At, run.Evaluate(call.Arguments[1])[0]),
        "double_exponential_smoothing" => new Smoothing(run.Notes, call, run.Evaluate(call.Arguments[1])[0], run.Evaluate(call.Arguments[2])[0]),
        "count_over_time" => new CountOverTime(),
        "present_over_time" => new PresentOverTime(),
        "first_over_time" => new SampleOverTime(isLast: false),
        "last_over_time" => new SampleOverTime(isLast: true),
        "ts_of_first_over_time" => new TimeOfSample(isLast: false),
        "ts_of_last_over_time" => new TimeOfSample(isLast: true),
        "ts_of_min_over_time" => new TimeOfExtreme(run.Notes, window.At, isMax: false),
        "ts_of_max_over_time" => new TimeOfExtreme(run.Notes, window.At, isMax: true),
        "stddev_over_time" => new DeviationOverTime(run.Notes, window.At, isVariance: false),
        "stdvar_over_time" => new DeviationOverTime(run.Notes, window.At, isVariance: true),
        "mad_over_time" => new MedianDeviationOverTime(run.Notes, window.At),
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
    /// <summary>The series it is a part of.</summary>
    public SeriesView Series { get; } = series;

    /// <summary>The metric's name.</summary>
    public string Name => Series.Labels.Name;

    public ReadOnlySpan<long> Times { get; } = series.Times[first..end];

    public ReadOnlySpan<double> Values { get; } = series.Values[first..end];

    /// <summary>Empty where the whole series is numbers.</summary>
    public ReadOnlySpan<NativeHistogram?> Histograms { get; } = series.Histograms.IsEmpty ? default : series.Histograms[first..end];

    /// <summary>When what each sample counts began to be counted, 0 where nobody knows; empty where nobody knows of any.</summary>
    public ReadOnlySpan<long> Starts { get; } = series.Starts.IsEmpty ? default : series.Starts[first..end];

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

    /// <summary>Folds the windows of a series, one a step, those that hold samples.</summary>
    public virtual void Slide(TimeGrid grid, long offset, long range, SeriesView samples, Cells into)
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
                Fold(new SampleWindow(samples, first, end, last - range, last), step, into);
        }
    }

    /// <summary>Folds one window. Those of a series come in ascending order.</summary>
    protected abstract void Fold(SampleWindow window, int step, Cells into);
}

/// <summary>Takes stale markers out. The buffers are reused from series to series.</summary>
internal sealed class SampleBuffer
{
    private readonly List<long> _times = [];
    private readonly List<double> _values = [];
    private readonly List<NativeHistogram?> _histograms = [];
    private readonly List<long> _starts = [];

    public SeriesView Of(SeriesView samples)
    {
        if (!Samples.AnyStale(samples))
            return samples;
        _times.Clear();
        _values.Clear();
        _histograms.Clear();
        _starts.Clear();
        for (var i = 0; i < samples.Times.Length; i++)
        {
            if (Samples.IsStale(samples, i))
                continue;
            _times.Add(samples.Times[i]);
            _values.Add(samples.Values[i]);
            if (!samples.Histograms.IsEmpty)
                _histograms.Add(samples.Histograms[i]);
            if (!samples.Starts.IsEmpty)
                _starts.Add(samples.Starts[i]);
        }
        return samples.With(CollectionsMarshal.AsSpan(_times), CollectionsMarshal.AsSpan(_values), CollectionsMarshal.AsSpan(_histograms), CollectionsMarshal.AsSpan(_starts));
    }
}
