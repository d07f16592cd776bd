using System.Diagnostics;
using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>Functions of samples at one time.</summary>
internal static class InstantFunctions
{
    private static readonly Dictionary<string, Func<NativeHistogram, double>> OfHistogram = new()
    {
        ["histogram_avg"] = static h => h.Sum / h.Count,
        ["histogram_count"] = static h => h.Count,
        ["histogram_stddev"] = static h => Math.Sqrt(HistogramMoments.Variance(h)),
        ["histogram_stdvar"] = HistogramMoments.Variance,
        ["histogram_sum"] = static h => h.Sum,
    };

    public static List<Column> Evaluate(EvaluationRun run, PromNode.Call call)
    {
        if (call.Function is "absent")
            return Absence.Of(run, call) is { IsEmpty: false } absent ? [absent] : [];
        if (call.Function is "info")
            return InfoJoin.Evaluate(run, call);
        if (call.Function is "timestamp" or "start_timestamp")
            return Timestamps(run, call, call.Function == "timestamp" ? SelectedPart.Time : SelectedPart.Start);
        var arguments = call.Arguments.Select(argument => argument.Type == PromType.Text ? [] : run.Evaluate(argument)).ToArray();
        if (ScalarOf(run, call.Function, arguments) is { } scalar)
            return [Scalar(run, call, scalar)];
        return call.Function switch
        {
            "vector" => arguments[0],
            "histogram_quantile" => HistogramFunctions.Quantile(run, call, arguments[0][0], arguments[1]),
            "histogram_quantiles" => HistogramFunctions.Quantiles(run, call, arguments[0], [.. arguments.Skip(2).Select(quantile => quantile[0])]),
            "histogram_fraction" => HistogramFunctions.Fraction(run, call, arguments[0][0], arguments[1][0], arguments[2]),
            "label_join" => LabelFunctions.Join(run, call, arguments[0]),
            "label_replace" => LabelFunctions.Replace(run, call, arguments[0]),
            "sort" or "sort_desc" or "sort_by_label" or "sort_by_label_desc" => ColumnOrder.Sort(run, call, arguments[0]),
            _ => Map(run, call, arguments),
        };
    }

    // A number at each step, by the functions that answer one.
    private static Func<int, double>? ScalarOf(EvaluationRun run, string function, List<Column>[] arguments) => function switch
    {
        "time" => step => run.Grid[step] / 1000.0,
        "pi" => static _ => Math.PI,
        "start" => _ => run.Query.From / 1000.0,
        "end" => _ => run.Query.To / 1000.0,
        "step" => _ => run.Query.Step,
        "range" => _ => run.Query.Range,
        "min_of" => step => CellFunctions.Lesser(arguments[0][0].Values[step], arguments[1][0].Values[step]),
        "max_of" => step => CellFunctions.Greater(arguments[0][0].Values[step], arguments[1][0].Values[step]),
        "scalar" => step => TheOne(arguments[0], step),
        _ => null,
    };

    private static Column Scalar(EvaluationRun run, PromNode.Call call, Func<int, double> at)
    {
        var column = run.Column(Labels.Empty, dropsName: false, call.At);
        for (var step = 0; step < run.Grid.Steps; step++)
        {
            if (call.Function == "scalar")
                run.Check(); // it looks at all series
            else
                run.CheckAt(step);
            column.Set(step, at(step));
        }
        return column;
    }

    // The one number there is at a step, NaN where there are none or several; histograms do not count.
    private static double TheOne(List<Column> vector, int step)
    {
        Column? one = null;
        foreach (var series in vector)
        {
            if (!series.HasNumber(step))
                continue;
            if (one is not null)
                return double.NaN;
            one = series;
        }
        return one?.Values[step] ?? double.NaN;
    }

    // Each sample of the one kind becomes a number; those of the other kind are passed over.
    private static List<Column> Map(EvaluationRun run, PromNode.Call call, List<Column>[] arguments)
    {
        if (OfHistogram.TryGetValue(call.Function, out var ofHistogram))
            return Histograms(run, call, arguments[0], ofHistogram);
        if (CellFunctions.All.TryGetValue(call.Function, out var ofNumber))
            return Numbers(run, call, arguments[0], (x, _) => ofNumber(x));
        if (DateFunctions.All.TryGetValue(call.Function, out var ofTime))
            return Numbers(run, call, arguments.Length > 0 ? arguments[0] : [Scalar(run, call, step => run.Grid[step] / 1000.0)], (x, _) => ofTime(x));
        double Second(int step) => arguments[1][0].Values[step];
        double Third(int step) => arguments[2][0].Values[step];
        return call.Function switch
        {
            "clamp_min" => Numbers(run, call, arguments[0], (x, step) => CellFunctions.Greater(x, Second(step))),
            "clamp_max" => Numbers(run, call, arguments[0], (x, step) => CellFunctions.Lesser(x, Second(step))),
            "clamp" => Numbers(run, call, arguments[0], (x, step) => CellFunctions.Greater(Second(step), CellFunctions.Lesser(Third(step), x)), step => !(Third(step) < Second(step))),
            "round" => Numbers(run, call, arguments[0], (x, step) => CellFunctions.Round(x, arguments.Length > 1 ? Second(step) : 1)),
            _ => throw new UnreachableException($"{call.Function} is in the table of functions, but nobody evaluates it."),
        };
    }

    private static List<Column> Numbers(EvaluationRun run, PromNode.Call call, List<Column> vector, Func<double, int, double> map, Func<int, bool>? isAny = null)
    {
        var columns = new ColumnSet(run, call.At);
        foreach (var series in vector)
        {
            var column = run.Column(series.Labels, dropsName: true, call.At);
            for (var step = 0; step < run.Grid.Steps; step++)
            {
                run.CheckAt(step);
                if (series.HasNumber(step) && isAny?.Invoke(step) is null or true)
                    column.Set(step, map(series.Values[step], step));
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

    // Of a selector the times of its samples, or when they began to count; of anything else the time it was worked out for, and no beginning.
    private static List<Column> Timestamps(EvaluationRun run, PromNode.Call call, SelectedPart part)
    {
        var argument = call.Arguments[0];
        while (argument is PromNode.Paren paren)
            argument = paren.Inner;
        if (argument is PromNode.Selector selector)
            return run.Scanned(SeriesRead.Of(run, selector, part), call.At);
        var arguments = run.Evaluate(argument); // also where nothing comes of it: another part may be the same, and is not worked out again
        if (part == SelectedPart.Start)
            return [];
        var columns = new ColumnSet(run, call.At);
        foreach (var series in arguments)
        {
            var column = run.Column(series.Labels, dropsName: true, call.At);
            for (var step = 0; step < run.Grid.Steps; step++)
            {
                run.CheckAt(step);
                if (series.Has(step))
                    column.Set(step, run.Grid[step] / 1000.0);
            }
            columns.Add(column);
        }
        return columns.Columns;
    }
}
