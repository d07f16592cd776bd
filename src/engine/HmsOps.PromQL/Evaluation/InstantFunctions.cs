using System.Diagnostics;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>Functions of samples at one time.</summary>
internal static class InstantFunctions
{
    public static Column Time(EvaluationRun run, PromNode.Call call)
    {
        var column = run.Column(Labels.Empty, dropsName: false, call.At);
        for (var step = 0; step < run.Grid.Steps; step++)
            column.Set(step, run.Grid[step] / 1000.0);
        return column;
    }

    /// <summary>The one number there is at a step, NaN where there are none or several; histograms do not count.</summary>
    public static Column Scalar(EvaluationRun run, PromNode.Call call, List<Column> vector)
    {
        var column = run.Column(Labels.Empty, dropsName: false, call.At);
        for (var step = 0; step < run.Grid.Steps; step++)
        {
            Column? one = null;
            var numbers = 0;
            foreach (var series in vector)
            {
                if (!series.HasNumber(step))
                    continue;
                one = series;
                numbers++;
            }
            column.Set(step, one is not null && numbers == 1 ? one.Values[step] : double.NaN);
        }
        return column;
    }

    /// <summary>Functions that turn each sample of the one kind into a number, and pass over those of the other kind.</summary>
    public static List<Column> Map(EvaluationRun run, PromNode.Call call, List<Column>[] arguments) => call.Function switch
    {
        "abs" => Numbers(run, call, arguments[0], null, static (x, _) => Math.Abs(x)),
        "clamp_min" => Numbers(run, call, arguments[0], arguments[1][0], Math.Max),
        "clamp_max" => Numbers(run, call, arguments[0], arguments[1][0], Math.Min),
        "histogram_count" => Histograms(run, call, arguments[0], static h => h.Count),
        "histogram_sum" => Histograms(run, call, arguments[0], static h => h.Sum),
        "histogram_avg" => Histograms(run, call, arguments[0], static h => h.Sum / h.Count),
        _ => throw new UnreachableException($"{call.Function} is in the table of functions, but nobody evaluates it."),
    };

    private static List<Column> Numbers(EvaluationRun run, PromNode.Call call, List<Column> vector, Column? scalar, Func<double, double, double> map)
    {
        var columns = new ColumnSet(run, call.At);
        foreach (var series in vector)
        {
            var column = run.Column(series.Labels, dropsName: true, call.At);
            for (var step = 0; step < run.Grid.Steps; step++)
            {
                if (series.HasNumber(step))
                    column.Set(step, map(series.Values[step], scalar?.Values[step] ?? 0));
            }
            columns.Add(column);
        }
        return columns.Columns;
    }

    private static List<Column> Histograms(EvaluationRun run, PromNode.Call call, List<Column> vector, Func<NativeHistogram, double> map)
    {
        var columns = new ColumnSet(run, call.At);
        foreach (var series in vector.Where(s => s.Histograms is not null))
        {
            var column = run.Column(series.Labels, dropsName: true, call.At);
            for (var step = 0; step < run.Grid.Steps; step++)
            {
                if (series.HistogramAt(step) is { } histogram)
                    column.Set(step, map(histogram));
            }
            columns.Add(column);
        }
        return columns.Columns;
    }
}
