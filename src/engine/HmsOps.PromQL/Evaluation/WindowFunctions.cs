using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

internal sealed class CountOverTime : WindowFunction
{
    protected override void Fold(SampleWindow window, int step, Cells into) => into.Set(step, window.Count);
}

internal sealed class PresentOverTime : WindowFunction
{
    protected override void Fold(SampleWindow window, int step, Cells into) => into.Set(step, 1);
}

/// <summary><c>first_over_time</c> and <c>last_over_time</c>: the sample itself, a number or a histogram.</summary>
internal sealed class SampleOverTime(bool isLast) : WindowFunction
{
    public override bool KeepsName => true;

    protected override void Fold(SampleWindow window, int step, Cells into)
    {
        var at = isLast ? window.Count - 1 : 0;
        if (!window.Histograms.IsEmpty && window.Histograms[at] is { } histogram)
            into.Set(step, histogram);
        else
            into.Set(step, window.Values[at]);
    }
}

/// <summary><c>ts_of_first_over_time</c> and <c>ts_of_last_over_time</c>: when it was, in seconds.</summary>
internal sealed class TimeOfSample(bool isLast) : WindowFunction
{
    protected override void Fold(SampleWindow window, int step, Cells into) => into.Set(step, window.Times[isLast ? ^1 : 0] / 1000.0);
}

/// <summary>O(window) a step, in sample order, so that sums round as the reference's do.</summary>
internal sealed class SumOverTime(Notes notes, SourceRange at) : WindowFunction
{
    protected override void Fold(SampleWindow window, int step, Cells into)
    {
        switch (window.Kinds)
        {
            case SampleKinds.Both:
                notes.MixedSamples(at, window.Name);
                break;
            case SampleKinds.Histograms:
                var histograms = HistogramSum.Of(window.Histograms[0]!); // all are there: Kinds says so
                foreach (var histogram in window.Histograms[1..])
                    histograms.Add(histogram!);
                if (notes.Settle(histograms, at, window.Name, "aggregation"))
                    into.Set(step, histograms.ToHistogram());
                break;
            default:
                var sum = default(CompensatedSum);
                foreach (var value in window.Values)
                    sum.Add(value);
                into.Set(step, sum.Total);
                break;
        }
    }
}

internal sealed class AvgOverTime(Notes notes, SourceRange at) : WindowFunction
{
    protected override void Fold(SampleWindow window, int step, Cells into)
    {
        switch (window.Kinds)
        {
            case SampleKinds.Both:
                notes.MixedSamples(at, window.Name);
                break;
            case SampleKinds.Histograms:
                var average = HistogramSum.Mean([.. window.Histograms.ToArray().OfType<NativeHistogram>()], out var histograms);
                if (notes.Settle(histograms, at, window.Name, "aggregation"))
                    into.Set(step, average);
                break;
            default:
                var mean = default(CompensatedMean);
                foreach (var value in window.Values)
                    mean.Add(value);
                into.Set(step, mean.Value);
                break;
        }
    }
}

/// <summary>The smallest or largest number of a window; NaN only where there is nothing else.</summary>
internal sealed class ExtremeOverTime(Notes notes, SourceRange at, bool isMax) : WindowFunction
{
    private int[] _standing = []; // samples that nothing after them outdoes: the first of those in a window is its extreme

    public override void Slide(TimeGrid grid, long offset, long range, SeriesView samples, Cells into)
    {
        if (!samples.Histograms.IsEmpty)
        {
            base.Slide(grid, offset, range, samples, into);
            return;
        }
        var times = samples.Times;
        var values = samples.Values;
        if (_standing.Length < values.Length)
            _standing = new int[Math.Max(values.Length, _standing.Length * 2)];
        var (first, end, begin, count) = (0, 0, 0, 0); // of the window, and of those that stand
        for (var step = 0; step < grid.Steps; step++)
        {
            var last = grid[step] - offset;
            for (; end < times.Length && times[end] <= last; end++)
            {
                var value = values[end];
                if (double.IsNaN(value))
                    continue; // an extreme only where there is nothing else
                while (count > begin && (isMax ? values[_standing[count - 1]] < value : values[_standing[count - 1]] > value))
                    count--;
                _standing[count++] = end;
            }
            while (first < end && times[first] <= last - range)
                first++;
            while (begin < count && _standing[begin] < first)
                begin++;
            Look(0);
            if (first < end)
                into.Set(step, begin < count ? values[_standing[begin]] : double.NaN);
        }
    }

    protected override void Fold(SampleWindow window, int step, Cells into)
    {
        var kinds = window.Kinds;
        if (kinds == SampleKinds.Histograms)
            return;
        if (kinds == SampleKinds.Both)
            notes.HistogramsIgnored(at, window.Name);
        var extreme = double.NaN;
        for (var i = 0; i < window.Count; i++)
        {
            if (kinds == SampleKinds.Both && window.Histograms[i] is not null)
                continue;
            var value = window.Values[i];
            if (double.IsNaN(extreme) || (isMax ? value > extreme : value < extreme))
                extreme = value;
        }
        into.Set(step, extreme);
    }
}

internal sealed class QuantileOverTime(Notes notes, SourceRange quantileAt, SourceRange at, Column quantile) : WindowFunction
{
    private double[] _numbers = [];

    protected override void Fold(SampleWindow window, int step, Cells into)
    {
        var kinds = window.Kinds;
        if (kinds == SampleKinds.Histograms)
            return;
        if (kinds == SampleKinds.Both)
            notes.HistogramsIgnored(at, window.Name);
        var q = quantile.Values[step];
        if (q is double.NaN or < 0 or > 1)
            notes.QuantileOutOfRange(quantileAt, q);
        if (_numbers.Length < window.Count)
            _numbers = new double[window.Count * 2];
        var count = 0;
        for (var i = 0; i < window.Count; i++)
        {
            if (kinds == SampleKinds.Numbers || window.Histograms[i] is null)
                _numbers[count++] = window.Values[i];
        }
        into.Set(step, Quantiles.OfNumbers(q, _numbers.AsSpan(0, count)));
    }
}
