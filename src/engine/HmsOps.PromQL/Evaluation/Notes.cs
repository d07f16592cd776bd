using HmsOps.PromQL.Histograms;
using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>The annotations of one answer: each line once, in the order of their places. The wording is Prometheus', since people search for it. Safe for concurrent use.</summary>
internal sealed class Notes(string text)
{
    // What nobody reads: as many series as there are may each have something to be said about.
    private const int NotesMax = 1_000;

    private readonly Lock _lock = new();
    private readonly HashSet<Note> _notes = [];

    private static readonly string[] MoreAreLeftOut = [$"PromQL info: there is more to be said than {NotesMax} lines; the rest is left out"];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
                return [.. _notes.OrderBy(note => note.At.Start).ThenBy(note => note.What, StringComparer.Ordinal).Select(Line).Distinct(), .. _notes.Count < NotesMax ? [] : MoreAreLeftOut];
        }
    }

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

    /// <summary>Says of a part of the text what was said of another that reads the same.</summary>
    public void Repeat(SourceRange said, SourceRange of)
    {
        lock (_lock)
        {
            foreach (var note in _notes.Where(note => note.At.Start >= said.Start && note.At.End <= said.End).Take(NotesMax - _notes.Count).ToList())
                _notes.Add(note with { At = new SourceRange(note.At.Start - said.Start + of.Start, note.At.End - said.Start + of.Start) });
        }
    }

    private void Add(string kind, SourceRange at, string what)
    {
        lock (_lock)
        {
            if (_notes.Count < NotesMax)
                _notes.Add(new Note(kind, at, what));
        }
    }

    private string Line(Note note)
    {
        var (line, column) = new TextPlace(text).MoveTo(note.At.Start);
        return $"{note.Kind}: {note.What} ({line}:{column})";
    }

    private readonly record struct Note(string Kind, SourceRange At, string What);
}
