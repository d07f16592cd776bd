using System.Diagnostics.CodeAnalysis;
using HmsOps.Series;

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

    public Refusal Ahead { get; } = new(
        "ahead", $"The sample is more than {Text(options.AheadMax)} ahead of the store's clock. Check the sender's clock.");

    public Refusal OutOfOrder { get; } = new(
        "out_of_order", "The series has a newer sample, and this version of the store takes a series in the order of time only. Send oldest first.");

    public Refusal DuplicateTime { get; } = new(
        "duplicate_time", "The series has another value at this time; the first one stays. Two senders with the same labels need a label that tells them apart.");

    public Refusal NotFinite { get; } = new("not_finite", "An observation is a finite number; this one is NaN or infinite.");

    public Refusal UnknownSeries { get; } = new("unknown_series", "The store does not know this series by its short name any more. Send its labels.");

    public Refusal LabelForm { get; } = new("labels", "The labels are not sorted, or one is empty or there twice. Send them sorted, each once.");

    public Refusal HistogramSample { get; } = new("histogram_sample", "Ready-made histograms are not in this version. Send single observations.");

    public Refusal DifferenceSample { get; } = new("difference_sample", "Differences are not in this version. Send running totals, or single observations.");

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

/// <summary>What became of the items of one batch, as it is read: each is accepted, known or refused. Only refusals cost anything.</summary>
internal sealed class Verdict(int items)
{
    // So that an answer to a hostile batch stays small; the index names the others.
    private const int NamedMax = 10;
    private const int NameCharsMax = 200;

    private List<RefusedSample>? _refused;

    /// <summary>Items that enter the log.</summary>
    public int Accepted { get; private set; }

    /// <summary>Items that were stored before.</summary>
    public int Known { get; private set; }

    public AppendResult Result => _refused is null ? AppendResult.All(Accepted + Known) : new AppendResult(Accepted + Known, _refused);

    public void Accept() => Accepted++;

    public void Recognise() => Known++;

    public void Refuse(int index, Refusal refusal, Labels series)
    {
        _refused ??= [];
        _refused.Add(new RefusedSample(
            index, refusal.Reason, _refused.Count < NamedMax ? $"{Shown(series)}: {refusal.Sentence}" : refusal.Sentence));
    }

    /// <summary>Refuses all that was not refused for its own sake: it could not be written.</summary>
    public void RefuseRest(Refusal refusal)
    {
        var own = new Queue<RefusedSample>(_refused ?? []);
        var all = new List<RefusedSample>(items);
        for (var index = 0; index < items; index++)
        {
            var isOwn = own.TryPeek(out var refused) && refused.Index == index;
            all.Add(isOwn ? own.Dequeue() : new RefusedSample(index, refusal.Reason, refusal.Sentence));
        }
        _refused = all;
        (Accepted, Known) = (0, 0);
    }

    private static string Shown(Labels series)
    {
        var text = series.Bytes.Length <= NameCharsMax ? series.ToString() : series.Name;
        return text.Length <= NameCharsMax ? text : text[..NameCharsMax] + "…";
    }
}
