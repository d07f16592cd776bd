using System.Globalization;
using HmsOps.PromQL.Histograms;
using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// <c>histogram_quantile</c> over native histograms and over classic ones, whose buckets are series apart that differ in <c>le</c>.
/// Buckets are grouped once a query, not once a step.
/// </summary>
internal sealed class HistogramQuantile
{
    private static readonly LabelChoice WithoutBound = LabelChoice.Without(["le"]);

    private readonly EvaluationRun _run;
    private readonly PromNode.Call _call;
    private readonly SourceRange _at; // of the histograms
    private readonly Column _quantile;

    private HistogramQuantile(EvaluationRun run, PromNode.Call call, Column quantile) =>
        (_run, _call, _at, _quantile) = (run, call, call.Arguments[1].At, quantile);

    public static List<Column> Evaluate(EvaluationRun run, PromNode.Call call, Column quantile, List<Column> series)
    {
        var quantiles = new HistogramQuantile(run, call, quantile);
        quantiles.NoteOutOfRange();
        var columns = new ColumnSet(run, call.At);
        var classic = quantiles.Group(series);
        var natives = series.Where(s => s.Histograms is not null).ToLookup(s => s.Labels);
        foreach (var native in natives.SelectMany(n => n))
            columns.Add(quantiles.OfNative(native, classic.GetValueOrDefault(native.Labels)));
        foreach (var histogram in classic.Values)
            columns.Add(quantiles.OfClassic(histogram, [.. natives[histogram.Labels]]));
        return columns.Columns;
    }

    private void NoteOutOfRange()
    {
        foreach (var q in _quantile.Values)
        {
            if (q is double.NaN or < 0 or > 1)
                _run.Notes.QuantileOutOfRange(_call.Arguments[0].At, q);
        }
    }

    private Dictionary<Labels, Classic> Group(List<Column> series)
    {
        var groups = new Dictionary<Labels, Classic>();
        foreach (var bucket in series)
        {
            if (!HasAnyNumber(bucket))
                continue;
            var bound = bucket.Labels.Text("le");
            if (!TryBound(bound, out var upperBound))
            {
                var name = bucket.Labels.Name;
                _run.Notes.Warn(_at, $"bucket label \"le\" is missing or has a malformed value of {LabelNames.Quote(bound)}{(name.Length > 0 ? $" for metric name {LabelNames.Quote(name)}" : "")}");
                continue;
            }
            var labels = WithoutBound.Of(bucket.Labels);
            if (!groups.TryGetValue(labels, out var group))
                groups.Add(labels, group = new Classic(labels));
            group.Buckets.Add((upperBound, bucket));
        }
        return groups;
    }

    private Column OfNative(Column native, Classic? twin)
    {
        var column = _run.Column(native.Labels, dropsName: true, _call.At);
        for (var step = 0; step < _run.Grid.Steps; step++)
        {
            if (native.HistogramAt(step) is not { } histogram)
                continue;
            if (twin is not null && twin.Buckets.Exists(b => b.Series.HasNumber(step)))
            {
                _run.Notes.Warn(_at, $"vector contains a mix of classic and native histograms{ForName(native.Labels)}");
                continue;
            }
            column.Set(step, Quantiles.OfNative(_quantile.Values[step], histogram, out var nan));
            if (nan == NanObservations.AreTheResult)
                _run.Notes.Inform(_at, $"input to histogram_quantile has NaN observations, result is NaN{ForName(native.Labels)}");
            else if (nan == NanObservations.SkewTheResult)
                _run.Notes.Inform(_at, $"input to histogram_quantile has NaN observations, result is skewed higher{ForName(native.Labels)}");
        }
        return column;
    }

    private Column OfClassic(Classic histogram, Column[] twins)
    {
        var column = _run.Column(histogram.Labels, dropsName: true, _call.At);
        var buckets = new List<ClassicBucket>(histogram.Buckets.Count);
        for (var step = 0; step < _run.Grid.Steps; step++)
        {
            buckets.Clear();
            foreach (var (upperBound, series) in histogram.Buckets)
            {
                if (series.HasNumber(step))
                    buckets.Add(new ClassicBucket(upperBound, series.Values[step]));
            }
            if (buckets.Count == 0 || Array.Exists(twins, t => t.HistogramAt(step) is not null))
                continue;
            column.Set(step, Quantiles.OfClassic(_quantile.Values[step], buckets, out var forced));
            if (forced is not null)
                histogram.Note(forced);
        }
        if (histogram.Forced is { } f)
        {
            _run.Notes.Inform(_at,
                $"input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile){ForName(histogram.Labels)}"
                + $", from buckets {Literals.Number(f.From)} to {Literals.Number(f.To)}, with a max diff of {f.MostBy.ToString("G2", CultureInfo.InvariantCulture)}");
        }
        return column;
    }

    private static bool HasAnyNumber(Column column)
    {
        for (var step = 0; step < column.Steps; step++)
        {
            if (column.HasNumber(step))
                return true;
        }
        return false;
    }

    private static bool TryBound(string text, out double bound)
    {
        switch (text.TrimStart('+').ToLowerInvariant())
        {
            case "inf" or "infinity":
                bound = double.PositiveInfinity;
                return true;
            case "-inf" or "-infinity":
                bound = double.NegativeInfinity;
                return true;
            default:
                const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
                return double.TryParse(text, style, CultureInfo.InvariantCulture, out bound) && !double.IsNaN(bound);
        }
    }

    private static string ForName(Labels labels) => labels.Name is { Length: > 0 } name ? $" for metric name {LabelNames.Quote(name)}" : "";

    private sealed class Classic(Labels labels)
    {
        public Labels Labels { get; } = labels;

        public List<(double UpperBound, Column Series)> Buckets { get; } = [];

        public Forced? Forced { get; private set; }

        public void Note(Forced more) => Forced = Forced is not { } f
            ? more
            : new Forced(Math.Min(f.From, more.From), Math.Max(f.To, more.To), Math.Max(f.MostBy, more.MostBy));
    }
}
