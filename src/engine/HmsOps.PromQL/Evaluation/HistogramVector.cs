using System.Globalization;
using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// The histograms of a vector: native ones, and classic ones, whose buckets are series apart that differ in <c>le</c>. Buckets are grouped once a query, not
/// once a step. Where both say the same, neither counts.
/// </summary>
internal sealed class HistogramVector
{
    private static readonly LabelChoice WithoutBound = LabelChoice.Without(["le"]);

    private readonly EvaluationRun _run;
    private readonly SourceRange _at;
    private readonly Dictionary<Labels, Classic> _classics = [];
    private readonly ILookup<Labels, Column> _natives;

    private HistogramVector(EvaluationRun run, SourceRange at, List<Column> series)
    {
        (_run, _at) = (run, at);
        _natives = series.Where(s => s.Histograms is not null).ToLookup(s => s.Labels);
        foreach (var bucket in series)
            Add(bucket);
    }

    public static HistogramVector Of(EvaluationRun run, SourceRange at, List<Column> series) => new(run, at, series);

    /// <summary>A number of each histogram, at each step.</summary>
    public void Map(HistogramNumber number, Func<Labels, Labels> labelled, ColumnSet into)
    {
        foreach (var native in _natives.SelectMany(n => n))
            into.Add(OfNative(native, _classics.GetValueOrDefault(native.Labels), number, labelled));
        foreach (var classic in _classics.Values)
            into.Add(OfClassic(classic, [.. _natives[classic.Labels]], number, labelled));
    }

    public static string ForName(Labels labels) => labels.Name is { Length: > 0 } name ? $" for metric name {LabelNames.Quote(name)}" : "";

    private void Add(Column bucket)
    {
        if (!HasAnyNumber(bucket))
            return;
        var bound = bucket.Labels.Text("le");
        if (!TryBound(bound, out var upperBound))
        {
            _run.Notes.Warn(_at, $"bucket label \"le\" is missing or has a malformed value of {LabelNames.Quote(bound)}{ForName(bucket.Labels)}");
            return;
        }
        var labels = WithoutBound.Of(bucket.Labels);
        if (!_classics.TryGetValue(labels, out var group))
            _classics.Add(labels, group = new Classic(labels));
        group.Buckets.Add((upperBound, bucket));
    }

    private Column OfNative(Column native, Classic? twin, HistogramNumber number, Func<Labels, Labels> labelled)
    {
        var column = _run.Column(labelled(native.Labels), dropsName: true, _at);
        for (var step = 0; step < _run.Grid.Steps; step++)
        {
            _run.CheckAt(step);
            if (native.HistogramAt(step) is not { } histogram)
                continue;
            if (twin is not null && twin.Buckets.Exists(b => b.Series.HasNumber(step)))
                _run.Notes.Warn(_at, $"vector contains a mix of classic and native histograms{ForName(native.Labels)}");
            else
                column.Set(step, number.OfNative(histogram, native.Labels, step));
        }
        return column;
    }

    private Column OfClassic(Classic classic, Column[] twins, HistogramNumber number, Func<Labels, Labels> labelled)
    {
        var column = _run.Column(labelled(classic.Labels), dropsName: true, _at);
        var buckets = new List<ClassicBucket>(classic.Buckets.Count);
        for (var step = 0; step < _run.Grid.Steps; step++)
        {
            _run.Check(); // a group may have as many buckets as there are series
            buckets.Clear();
            foreach (var (upperBound, series) in classic.Buckets)
            {
                if (series.HasNumber(step))
                    buckets.Add(new ClassicBucket(upperBound, series.Values[step]));
            }
            if (buckets.Count > 0 && !Array.Exists(twins, t => t.HistogramAt(step) is not null))
                column.Set(step, number.OfClassic(buckets, step));
        }
        number.EndClassic(classic.Labels);
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

    private sealed record Classic(Labels Labels)
    {
        public List<(double UpperBound, Column Series)> Buckets { get; } = [];
    }
}

/// <summary>A number that is made of a histogram, of either kind.</summary>
internal abstract class HistogramNumber
{
    public abstract double OfNative(NativeHistogram histogram, Labels labels, int step);

    public abstract double OfClassic(List<ClassicBucket> buckets, int step);

    /// <summary>All steps of a classic histogram are done.</summary>
    public virtual void EndClassic(Labels labels)
    {
    }
}
