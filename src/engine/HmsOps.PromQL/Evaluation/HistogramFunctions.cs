using System.Globalization;
using HmsOps.PromQL.Histograms;
using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary><c>histogram_quantile</c>, <c>histogram_quantiles</c> and <c>histogram_fraction</c>.</summary>
internal static class HistogramFunctions
{
    public static List<Column> Quantile(EvaluationRun run, PromNode.Call call, Column quantile, List<Column> series)
    {
        var columns = new ColumnSet(run, call.At);
        var at = call.Arguments[1].At;
        HistogramVector.Of(run, at, series).Map(HistogramQuantile.Of(run, call.Arguments[0].At, at, quantile), static labels => labels, columns);
        return columns.Columns;
    }

    /// <summary>Each quantile is a series apart, told by a label.</summary>
    public static List<Column> Quantiles(EvaluationRun run, PromNode.Call call, List<Column> series, IReadOnlyList<Column> quantiles)
    {
        var columns = new ColumnSet(run, call.At);
        var at = call.Arguments[0].At;
        var label = LabelFunctions.NewLabel(call, 1);
        var histograms = HistogramVector.Of(run, at, series);
        for (var i = 0; i < quantiles.Count; i++)
        {
            var number = HistogramQuantile.Of(run, call.Arguments[i + 2].At, at, quantiles[i]);
            double[] values = [.. quantiles[i].Values.Distinct()];
            foreach (var value in values)
            {
                var text = NumberText.InLabel(value);
                var all = new ColumnSet(run, call.At);
                histograms.Map(number, labels => LabelsBuilder.From(labels).Set(label, text).Build(), all);
                foreach (var column in all.Columns)
                    columns.Add(values.Length == 1 ? column : Only(run, call.At, column, quantiles[i], value));
            }
        }
        return columns.Columns;
    }

    // The steps at which the quantile is this one.
    private static Column Only(EvaluationRun run, SourceRange at, Column column, Column quantile, double value)
    {
        var kept = run.Column(column.Labels, column.DropsName, at);
        for (var step = 0; step < column.Steps; step++)
        {
            if (column.Has(step) && quantile.Values[step].Equals(value))
                kept.Copy(column, step);
        }
        return kept;
    }

    public static List<Column> Fraction(EvaluationRun run, PromNode.Call call, Column lower, Column upper, List<Column> series)
    {
        var columns = new ColumnSet(run, call.At);
        var at = call.Arguments[2].At;
        HistogramVector.Of(run, at, series).Map(new HistogramFraction(run, at, lower, upper), static labels => labels, columns);
        return columns.Columns;
    }
}

internal sealed class HistogramQuantile : HistogramNumber
{
    private readonly EvaluationRun _run;
    private readonly SourceRange _at; // of the histograms
    private readonly Column _quantile;
    private Forced? _forced;

    private HistogramQuantile(EvaluationRun run, SourceRange at, Column quantile) => (_run, _at, _quantile) = (run, at, quantile);

    public static HistogramQuantile Of(EvaluationRun run, SourceRange quantileAt, SourceRange at, Column quantile)
    {
        foreach (var q in quantile.Values)
        {
            if (q is double.NaN or < 0 or > 1)
                run.Notes.QuantileOutOfRange(quantileAt, q);
        }
        return new HistogramQuantile(run, at, quantile);
    }

    public override double OfNative(NativeHistogram histogram, Labels labels, int step)
    {
        var value = Quantiles.OfNative(_quantile.Values[step], histogram, out var nan);
        if (nan == NanObservations.AreTheResult)
            _run.Notes.Inform(_at, $"input to histogram_quantile has NaN observations, result is NaN{HistogramVector.ForName(labels)}");
        else if (nan == NanObservations.SkewTheResult)
            _run.Notes.Inform(_at, $"input to histogram_quantile has NaN observations, result is skewed higher{HistogramVector.ForName(labels)}");
        return value;
    }

    public override double OfClassic(List<ClassicBucket> buckets, int step)
    {
        var value = Quantiles.OfClassic(_quantile.Values[step], buckets, out var forced);
        if (forced is not null)
            _forced = _forced is not { } f ? forced : new Forced(Math.Min(f.From, forced.From), Math.Max(f.To, forced.To), Math.Max(f.MostBy, forced.MostBy));
        return value;
    }

    public override void EndClassic(Labels labels)
    {
        if (_forced is { } f)
        {
            _run.Notes.Inform(_at,
                $"input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile){HistogramVector.ForName(labels)}"
                + $", from buckets {Literals.Number(f.From)} to {Literals.Number(f.To)}, with a max diff of {f.MostBy.ToString("G2", CultureInfo.InvariantCulture)}");
        }
        _forced = null;
    }
}

internal sealed class HistogramFraction(EvaluationRun run, SourceRange at, Column lower, Column upper) : HistogramNumber
{
    public override double OfNative(NativeHistogram histogram, Labels labels, int step)
    {
        var value = Fractions.OfNative(lower.Values[step], upper.Values[step], histogram, out var leavesOutNan);
        if (leavesOutNan)
            run.Notes.Inform(at, $"input to histogram_fraction has NaN observations, which are excluded from all fractions{HistogramVector.ForName(labels)}");
        return value;
    }

    public override double OfClassic(List<ClassicBucket> buckets, int step) => Fractions.OfClassic(lower.Values[step], upper.Values[step], buckets);
}
