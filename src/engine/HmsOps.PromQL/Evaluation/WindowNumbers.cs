using HmsOps.PromQL.Histograms;

namespace HmsOps.PromQL.Evaluation;

/// <summary>Functions of the numbers of a window. Histograms among them are passed over, and the asker is told.</summary>
internal abstract class WindowNumbers(Notes notes, SourceRange at, int least = 1) : WindowFunction
{
    private long[] _times = [];
    private double[] _values = [];

    protected override void Fold(SampleWindow window, int step, Cells into)
    {
        var kinds = window.Kinds;
        if (kinds == SampleKinds.Histograms)
            return;
        if (kinds == SampleKinds.Both)
        {
            notes.HistogramsIgnored(at, window.Name);
            FoldMixed(window, step, into);
        }
        else if (window.Count >= least)
        {
            into.Set(step, Of(window.Times, window.Values, step));
        }
    }

    /// <summary>What the numbers come to.</summary>
    protected abstract double Of(ReadOnlySpan<long> times, ReadOnlySpan<double> values, int step);

    private void FoldMixed(SampleWindow window, int step, Cells into)
    {
        if (_times.Length < window.Count)
            (_times, _values) = (new long[window.Count * 2], new double[window.Count * 2]);
        var count = 0;
        for (var i = 0; i < window.Count; i++)
        {
            if (window.Histograms[i] is null)
                (_times[count], _values[count++]) = (window.Times[i], window.Values[i]);
        }
        if (count >= least)
            into.Set(step, Of(_times.AsSpan(0, count), _values.AsSpan(0, count), step));
    }
}

/// <summary><c>stddev_over_time</c> and <c>stdvar_over_time</c>: Welford's way, with compensated sums.</summary>
internal sealed class DeviationOverTime(Notes notes, SourceRange at, bool isVariance) : WindowNumbers(notes, at)
{
    protected override double Of(ReadOnlySpan<long> times, ReadOnlySpan<double> values, int step)
    {
        var (mean, squares, count) = (default(CompensatedSum), default(CompensatedSum), 0.0);
        foreach (var value in values)
        {
            count++;
            var delta = value - mean.Total;
            mean.Add(delta / count);
            squares.Add(delta * (value - mean.Total));
        }
        var variance = squares.Total / count;
        return isVariance ? variance : Math.Sqrt(variance);
    }
}

/// <summary><c>mad_over_time</c>: the median of how far numbers are from their median.</summary>
internal sealed class MedianDeviationOverTime(Notes notes, SourceRange at) : WindowNumbers(notes, at)
{
    private double[] _scratch = [];

    protected override double Of(ReadOnlySpan<long> times, ReadOnlySpan<double> values, int step)
    {
        foreach (var value in values)
        {
            if (double.IsNaN(value))
                return double.NaN; // then there is no median
        }
        if (_scratch.Length < values.Length)
            _scratch = new double[values.Length * 2];
        var numbers = _scratch.AsSpan(0, values.Length);
        values.CopyTo(numbers);
        var median = Quantiles.OfNumbers(0.5, numbers);
        for (var i = 0; i < values.Length; i++)
            numbers[i] = Math.Abs(values[i] - median);
        return Quantiles.OfNumbers(0.5, numbers);
    }
}

/// <summary><c>ts_of_min_over_time</c> and <c>ts_of_max_over_time</c>: when the extreme was last seen, in seconds.</summary>
internal sealed class TimeOfExtreme(Notes notes, SourceRange at, bool isMax) : WindowNumbers(notes, at)
{
    protected override double Of(ReadOnlySpan<long> times, ReadOnlySpan<double> values, int step)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            if (double.IsNaN(values[best]) || (isMax ? values[i] >= values[best] : values[i] <= values[best]))
                best = i;
        }
        return times[best] / 1000.0;
    }
}

/// <summary>
/// <c>deriv</c>, and <c>predict_linear</c> where there is a distance: a straight line through the numbers, by least squares. The distance counts from the time that
/// is asked for, wherever <c>offset</c> and <c>@</c> put the window.
/// </summary>
internal sealed class Regression(Notes notes, SourceRange at, TimeGrid asked, Column? ahead) : WindowNumbers(notes, at, least: 2)
{
    protected override double Of(ReadOnlySpan<long> times, ReadOnlySpan<double> values, int step)
    {
        // A slope is taken near its numbers, where they lose least.
        var (slope, intercept) = Line(times, values, ahead is null ? times[0] : asked[step]);
        return ahead is null ? slope : (slope * ahead.Values[step]) + intercept;
    }

    private static (double Slope, double Intercept) Line(ReadOnlySpan<long> times, ReadOnlySpan<double> values, long zero)
    {
        var (xs, ys, products, squares) = (default(CompensatedSum), default(CompensatedSum), default(CompensatedSum), default(CompensatedSum));
        var isFlat = true;
        for (var i = 0; i < times.Length; i++)
        {
            isFlat &= values[i] == values[0];
            var x = (times[i] - zero) / 1000.0;
            xs.Add(x);
            ys.Add(values[i]);
            products.Add(x * values[i]);
            squares.Add(x * x);
        }
        if (isFlat)
            return double.IsInfinity(values[0]) ? (double.NaN, double.NaN) : (0, values[0]);
        double n = times.Length;
        var (sumX, sumY) = (xs.Total, ys.Total);
        var slope = (products.Total - (sumX * sumY / n)) / (squares.Total - (sumX * sumX / n));
        return (slope, (sumY / n) - (slope * sumX / n));
    }
}

/// <summary><c>double_exponential_smoothing</c> (Holt): newer numbers count more, and so does where they lead.</summary>
internal sealed class Smoothing(Notes notes, PromNode.Call call, Column level, Column trend) : WindowNumbers(notes, call.Arguments[0].At, least: 2)
{
    protected override double Of(ReadOnlySpan<long> times, ReadOnlySpan<double> values, int step)
    {
        var (sf, tf) = (Factor(level, step, 1, "smoothing"), Factor(trend, step, 2, "trend"));
        var (before, smooth, slope) = (0.0, values[0], values[1] - values[0]);
        for (var i = 1; i < values.Length; i++)
        {
            if (i > 1)
                slope = (tf * (smooth - before)) + ((1 - tf) * slope);
            (before, smooth) = (smooth, (sf * values[i]) + ((1 - sf) * (smooth + slope)));
        }
        return smooth;
    }

    private double Factor(Column column, int step, int argument, string what) => column.Values[step] is > 0 and < 1 and var factor
        ? factor
        : throw new PromEvaluationException(call.Arguments[argument].At, $"invalid {what} factor: expected a number between 0 and 1, found {Syntax.Literals.Number(column.Values[step])}");
}
