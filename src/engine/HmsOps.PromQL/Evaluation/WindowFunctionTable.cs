using System.Diagnostics;

namespace HmsOps.PromQL.Evaluation;

/// <summary>The functions over windows by their names. Each worker has one of its own; what they take besides the window is worked out once.</summary>
internal static class WindowFunctionTable
{
    public static Func<WindowFunction> Of(EvaluationRun run, PromNode.Call call, SourceRange at, long range)
    {
        Column Number(int argument) => run.Evaluate(call.Arguments[argument])[0];
        Func<WindowFunction> Regression(Column ahead) => () => new Regression(run.Notes, at, run.Grid, ahead);
        Func<WindowFunction> Smoothing(Column level, Column trend) => () => new Smoothing(run.Notes, call, level, trend);
        Func<WindowFunction> Quantile(Column quantile) => () => new QuantileOverTime(run.Notes, call.Arguments[0].At, at, quantile);
        return call.Function switch
        {
            "rate" => () => new Extrapolation(run.Notes, at, range, isCounter: true, isRate: true),
            "increase" => () => new Extrapolation(run.Notes, at, range, isCounter: true, isRate: false),
            "delta" => () => new Extrapolation(run.Notes, at, range, isCounter: false, isRate: false),
            "irate" => () => new NewestTwo(run.Notes, at, isRate: true),
            "idelta" => () => new NewestTwo(run.Notes, at, isRate: false),
            "changes" => () => new WindowChanges(onlyResets: false, anchorMs: 0),
            "resets" => () => new WindowChanges(onlyResets: true, anchorMs: 0),
            "deriv" => () => new Regression(run.Notes, at, run.Grid, ahead: null),
            "predict_linear" => Regression(Number(1)),
            "double_exponential_smoothing" => Smoothing(Number(1), Number(2)),
            "count_over_time" => () => new CountOverTime(),
            "present_over_time" or "absent_over_time" => () => new PresentOverTime(),
            "first_over_time" => () => new SampleOverTime(isLast: false),
            "last_over_time" => () => new SampleOverTime(isLast: true),
            "ts_of_first_over_time" => () => new TimeOfSample(isLast: false),
            "ts_of_last_over_time" => () => new TimeOfSample(isLast: true),
            "ts_of_min_over_time" => () => new TimeOfExtreme(run.Notes, at, isMax: false),
            "ts_of_max_over_time" => () => new TimeOfExtreme(run.Notes, at, isMax: true),
            "stddev_over_time" => () => new DeviationOverTime(run.Notes, at, isVariance: false),
            "stdvar_over_time" => () => new DeviationOverTime(run.Notes, at, isVariance: true),
            "mad_over_time" => () => new MedianDeviationOverTime(run.Notes, at),
            "sum_over_time" => () => new SumOverTime(run.Notes, at),
            "avg_over_time" => () => new AvgOverTime(run.Notes, at),
            "min_over_time" => () => new ExtremeOverTime(run.Notes, at, isMax: false),
            "max_over_time" => () => new ExtremeOverTime(run.Notes, at, isMax: true),
            "quantile_over_time" => Quantile(Number(0)),
            _ => throw new UnreachableException($"{call.Function} is in the table of functions, but nobody evaluates it."),
        };
    }
}
