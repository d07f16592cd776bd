using System.Diagnostics.CodeAnalysis;

namespace HmsOps.Tsdb.Intake;

/// <summary>Why the store refuses an item: a word for counters, a sentence with the remedy for people.</summary>
internal sealed record Refusal(string Reason, string Sentence);

/// <summary>Every reason there is, worded with the limits of one store.</summary>
internal sealed class Refusals(MetricStoreOptions options)
{
    public Refusal NoLabels { get; } = new("no_labels", "An item needs at least one label: give it a metric name.");

    public Refusal LabelCount { get; } = new("label_count", $"More than {LabelLimits.CountMax} labels. Drop labels that nobody asks for.");

    public Refusal LabelName { get; } = new("label_name", $"A label's name has more than {LabelLimits.NameBytesMax} bytes. Shorten it.");

    public Refusal LabelValue { get; } = new(
        "label_value", $"A label's value has more than {LabelLimits.ValueBytesMax} bytes. Shorten it; long text belongs in a log line.");

    public Refusal LabelBytes { get; } = new("label_bytes", $"The labels have more than {LabelLimits.BytesMax} bytes in all. Shorten or drop some.");

    public Refusal SeriesLimit { get; } = new(
        "series_limit", $"The store holds its {options.SeriesMax} series and takes no new one; those it has go on. Drop a label with many values, or raise the limit.");

    public Refusal SamplesLimit { get; } = new(
        "samples_limit", $"The store holds its {options.SamplesMax} samples. Shorten the retention of {Text(options.Retention)}, send less often, or raise the limit.");

    public Refusal BatchBytes { get; } = new(
        "batch_bytes", $"The batch takes more than {options.BatchBytesMax} bytes of the log. Send it in smaller batches.");

    public Refusal SeriesKind { get; } = new(
        "series_kind", "The series holds the other kind: observations go to histograms, samples to numbers. Give one of the two another name.");

    public Refusal Late { get; } = new(
        "late", $"The sample is more than {Text(options.LateWindow)} behind the store's clock. Send sooner, or check the sender's clock.");

    public Refusal Retention { get; } = new(
        "retention", $"The sample is older than {Text(options.Retention)}, which is how long samples are kept. Lengthen the retention first.");

    public Refusal Ahead { get; } = new(
        "ahead", $"The sample is more than {Text(options.AheadMax)} ahead of the store's clock. Check the sender's clock.");

    public Refusal DuplicateTime { get; } = new(
        "duplicate_time", "The series has another value at this time; the first one stays. Two senders with the same labels need a label that tells them apart.");

    public Refusal NotFinite { get; } = new("not_finite", "An observation is a finite number; this one is NaN or infinite.");

    public Refusal UnknownSeries { get; } = new("unknown_series", "The store does not know this series by its short name any more. Send its labels.");

    public Refusal LabelForm { get; } = new("labels", "The labels are not in the form of remote write: a length reaches past their end, or a field is of another kind. Repair the sender.");

    public Refusal DuplicateLabel { get; } = new("duplicate_label", "A label's name is there twice. Send each once.");

    public Refusal InvalidUtf8 { get; } = new("invalid_utf8", "A label's name or value is not UTF-8. Send text as UTF-8.");

    public Refusal EmptyName { get; } = new("empty_label_name", "A label has a value and no name. Name it, or leave it out.");

    public Refusal MemoryLimit { get; } = new(
        "memory_limit", $"The store's series and samples fill its {options.MemoryMax >> 20} MiB of memory. Drop labels with many values, shorten the retention, or raise the limit.");

    public Refusal HistogramForm { get; } = new(
        "histogram_form", "The histogram is none: its schema is unknown, its buckets or bounds are not in order, or a count is negative or no number. Repair the sender.");

    public Refusal HistogramBounds { get; } = new(
        "histogram_bounds", "The series' histogram has other bounds, and counts cannot be moved from one to the other. Give the new histogram a name or label of its own.");

    public Refusal ExemplarSeries { get; } = new("exemplar_series", "The exemplar's series was refused.");

    public Refusal ExemplarSize { get; } = new("exemplar_size", "The exemplar's labels are too long. A trace's id is enough.");

    public Refusal ExemplarTime { get; } = new("exemplar_time", "The exemplar is too far from the store's clock.");

    public Refusal MetadataSize { get; } = new("metadata_size", "What is said of the metric is too long. Shorten it.");

    public Refusal MetadataLimit { get; } = new("metadata_limit", "Too many metrics are described.");

    public Refusal IdLength { get; } = new("id_length", $"The id has more than {LabelLimits.IdCharsMax} characters. A UUID has 36.");

    /// <summary>The whole store takes nothing, for a reason of the disk.</summary>
    public static Refusal ReadOnly(string why) => new("read_only", why);

    [SuppressMessage("Globalization", "CA1305", Justification = "The culture is the invariant one.")]
    private static string Text(TimeSpan span) => span switch
    {
        _ when span >= TimeSpan.FromDays(2) => $"{span.TotalDays:0.#} d",
        _ when span >= TimeSpan.FromHours(2) => $"{span.TotalHours:0.#} h",
        _ when span >= TimeSpan.FromMinutes(2) => $"{span.TotalMinutes:0.#} min",
        _ => $"{span.TotalSeconds:0.###} s",
    };
}
