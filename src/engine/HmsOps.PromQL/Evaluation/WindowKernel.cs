using System.Runtime.InteropServices;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// A function over a range selector. Each series is read once for all steps; the window <c>(T - range, T]</c> slides over it with two
/// pointers, and its function sees only a view, so nothing is copied but series with stale markers, which are no samples here.
/// </summary>
internal sealed class WindowKernel : SeriesKernel
{
    private readonly SampleBuffer _withoutStale = new();
    private readonly WindowFunction _function;
    private readonly TimeGrid _grid;
    private readonly long _offset;
    private readonly long _range;
    private readonly SubqueryCursor? _subquery;

    public WindowKernel(QueryContext query, WindowFunction function, TimeGrid grid, long offset, long range, SubqueryCursor? subquery)
    {
        (_function, _grid, _offset, _range, _subquery) = (function, grid, offset, range, subquery);
        function.Ct = query.Ct;
    }

    public override bool DropsName => !_function.KeepsName || _subquery is { DropsName: true };

    public override void Fill(SeriesView samples, Cells into) => _function.Slide(_grid, _offset, _range, _withoutStale.Of(samples), into);
}

/// <summary>Folds windows of one series after another. One thread, one query.</summary>
internal abstract class WindowFunction
{
    private const int SamplesBetweenChecks = 1 << 16; // most functions look at all samples of a window at each step

    private int _looked;

    /// <summary>Ends the walk in the midst of a series.</summary>
    public CancellationToken Ct { get; set; }

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
            Look(end - first);
            if (first < end)
                Fold(new SampleWindow(samples, first, end, last - range, last), step, into);
        }
    }

    /// <summary>So many samples are looked at next: whether somebody still waits for it is asked now and then, however long a series or its windows are.</summary>
    protected void Look(int samples)
    {
        _looked += samples + 1;
        if (_looked < SamplesBetweenChecks)
            return;
        _looked = 0;
        Ct.ThrowIfCancellationRequested();
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
