using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>The annotations of one answer: each line once, in the order they came up. The wording is Prometheus', since people search for it.</summary>
internal sealed class Notes(string text)
{
    private readonly HashSet<string> _seen = [];
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    public void Warn(SourceRange at, string what) => Add("PromQL warning", at, what);

    public void Inform(SourceRange at, string what) => Add("PromQL info", at, what);

    public void MixedSamples(SourceRange at, string metric) =>
        Warn(at, $"encountered a mix of histograms and floats for metric name {LabelNames.Quote(metric)}");

    public void HistogramsIgnored(SourceRange at, string metric) =>
        Inform(at, $"ignored histograms in a range containing both floats and histograms for metric name {LabelNames.Quote(metric)}");

    /// <summary>Says what became of a sum of histograms; answers whether there is one. A difference of counters takes resets into account itself.</summary>
    public bool Settle(HistogramSum sum, SourceRange at, string metric, string operation, bool knowsResets = false)
    {
        if (sum.HasResetConflict && !knowsResets)
            Warn(at, $"conflicting counter resets during histogram {operation}");
        if (sum.IsMixed)
            MixedBuckets(at, metric);
        else if (sum.IsReconciled)
            Inform(at, $"mismatched custom buckets were reconciled during {operation}");
        return !sum.IsMixed;
    }

    public void MixedBuckets(SourceRange at, string metric) =>
        Warn(at, $"vector contains a mix of histograms with exponential and custom buckets schemas{(metric.Length > 0 ? $" for metric name {LabelNames.Quote(metric)}" : "")}");

    public void QuantileOutOfRange(SourceRange at, double quantile) =>
        Warn(at, $"quantile value should be between 0 and 1, got {NumberText.Short(quantile)}");

    private void Add(string kind, SourceRange at, string what)
    {
        var (line, column) = new TextPlace(text).MoveTo(at.Start);
        var note = $"{kind}: {what} ({line}:{column})";
        if (_seen.Add(note))
            _lines.Add(note);
    }
}
