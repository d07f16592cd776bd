using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>What a subquery came to, as series with samples: those of its steps at which they are present.</summary>
internal sealed class SubqueryCursor : SeriesCursor
{
    private readonly TimeGrid _grid;
    private readonly List<Column> _columns;
    private readonly long[] _times;
    private readonly double[] _values;
    private readonly NativeHistogram?[] _histograms;
    private int _at = -1;
    private int _count;

    private SubqueryCursor(TimeGrid grid, List<Column> columns)
    {
        (_grid, _columns) = (grid, columns);
        (_times, _values) = (new long[grid.Steps], new double[grid.Steps]);
        _histograms = columns.Exists(column => column.Histograms is not null) ? new NativeHistogram?[grid.Steps] : [];
    }

    /// <summary>Evaluates a subquery for windows that end at the steps of a grid.</summary>
    public static SubqueryCursor Of(EvaluationRun run, PromNode.Subquery subquery, TimeGrid seen)
    {
        var step = subquery.StepMs > 0 ? subquery.StepMs : (long)run.Context.Limits.SubqueryStep.TotalMilliseconds;
        var before = seen.From - subquery.OffsetMs - subquery.RangeMs; // outside, as the old end of every window
        var first = ((before - ((before % step) + step) % step) / step * step) + step;
        var last = seen.Last - subquery.OffsetMs;
        var steps = last < first ? 0 : ((last - first) / step) + 1;
        if (steps == 0)
            return new SubqueryCursor(new TimeGrid(first, step, 0), []);
        if (steps > run.Context.Limits.SamplesMax)
            throw new PromEvaluationException(subquery.At, $"the subquery has {steps} steps; the limit is {run.Context.Limits.SamplesMax}. Take a longer step, or a shorter range.") { Limit = "point_limit" };
        var grid = new TimeGrid(first, step, (int)steps);
        run.Context.HoldBytes(steps * (sizeof(long) + sizeof(double)), subquery.At); // what its series are handed out in
        return new SubqueryCursor(grid, run.At(grid, subquery.Operand).Evaluate(subquery.Operand));
    }

    /// <summary>Whether the name of the series the walk stands on is to go.</summary>
    public bool DropsName => _columns[_at].DropsName;

    /// <inheritdoc/>
    public override Labels Labels => _columns[_at].Labels;

    /// <inheritdoc/>
    public override SeriesView Current => new(this, _times.AsSpan(0, _count), _values.AsSpan(0, _count), _columns[_at].Histograms is null ? [] : _histograms.AsSpan(0, _count), []);

    /// <inheritdoc/>
    public override Labels Project(LabelChoice choice)
    {
        ArgumentNullException.ThrowIfNull(choice);
        return choice.Of(Labels);
    }

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        if (++_at >= _columns.Count)
            return false;
        var column = _columns[_at];
        _count = 0;
        for (var step = 0; step < column.Steps; step++)
        {
            if (!column.Has(step))
                continue;
            (_times[_count], _values[_count]) = (_grid[step], column.Values[step]);
            if (column.Histograms is not null)
                _histograms[_count] = Forgetful(column.HistogramAt(step));
            _count++;
        }
        return true;
    }

    // Its steps leave samples out, and have others twice: what a sample says about resets is no longer about the one before it.
    private static NativeHistogram? Forgetful(NativeHistogram? histogram) =>
        histogram is null || histogram.IsGauge ? histogram : CounterReset.Said(histogram, CounterResetHint.Unknown);
}
