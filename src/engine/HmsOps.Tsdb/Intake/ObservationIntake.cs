using System.Text;
using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Observations;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Intake;

/// <summary>Reads a batch of observations against the head, as <see cref="SampleIntake"/> does samples. Owned by the holder of the store's turn.</summary>
internal sealed class ObservationIntake(MetricStoreOptions options, Holdings holdings, Refusals refusals, FrameWriter frame)
{
    private const int ItemBytes = (4 * Varint.BytesMax) + sizeof(double);

    private readonly KeyReader _keys = new(refusals);
    private readonly HashSet<UInt128> _stagedIds = [];
    private readonly Dictionary<int, OpenSeries> _stagedOpen = []; // made by this batch
    private readonly Dictionary<int, NativeHistogram> _stagedBounds = [];
    private readonly byte[] _id = new byte[Encoding.UTF8.GetMaxByteCount(LabelLimits.IdCharsMax)];
    private bool _mayCreate;
    private bool _hasMemory;

    private SeriesHead Head => holdings.Head;

    public Verdict Read(ObservationBatch batch, long stamp)
    {
        holdings.Ids.Forget(stamp);
        _stagedIds.Clear();
        _stagedOpen.Clear();
        _stagedBounds.Clear();
        var memory = Head.MemoryBytes;
        _hasMemory = memory < options.MemoryMax;
        _mayCreate = memory < options.MemoryMax / 8 * 7;
        frame.Begin();
        var verdict = new Verdict(batch.Items.Count);
        for (var i = 0; i < batch.Items.Count; i++)
        {
            if (Read(batch.Items[i], verdict) is { } refusal)
                verdict.Refuse(i, refusal, batch.Items[i].Series);
        }
        return verdict;
    }

    private Refusal? Read(in Observation item, Verdict verdict)
    {
        if (FormOf(item) is { } wrong)
            return wrong;
        var sender = _id.AsSpan(0, Encoding.UTF8.GetBytes(item.Id, _id));
        var key = sender.IsEmpty ? default : ObservationIds.KeyOf(item.Series, sender);
        if (key != default && (holdings.Ids.Contains(key) || _stagedIds.Contains(key)))
        {
            verdict.Recognise();
            return null;
        }
        if (Admit(item, sender.Length, out var id) is { } refusal)
            return refusal;
        if (key != default)
            _stagedIds.Add(key);
        frame.Batch.Observations.Add(new StagedObservation(id, item.Kind, item.Value, item.Histogram, key, sender.ToArray()));
        frame.CountBytes(BytesOf(item, sender.Length));
        verdict.Accept();
        return null;
    }

    private Refusal? FormOf(in Observation item)
    {
        if (item.Id.Length > LabelLimits.IdCharsMax)
            return refusals.IdLength;
        if (item.Kind != ObservationKind.Histogram)
            return double.IsFinite(item.Value) ? null : refusals.NotFinite;
        if (item.Histogram is null || !HistogramForm.IsSound(item.Histogram))
            return refusals.HistogramForm;
        return HistogramForm.IsFinite(item.Histogram) ? null : refusals.NotFinite;
    }

    private Refusal? Admit(in Observation item, int senderBytes, out int id)
    {
        var kind = item.Kind == ObservationKind.Increment ? SeriesMarks.Counted : SeriesMarks.Observed;
        var identity = Head.Index.IdentityOf(item.Series.Bytes);
        id = Head.Index.Find(identity);
        var open = id < 0 ? null : Head.OpenOf(id) ?? _stagedOpen.GetValueOrDefault(id);
        if (id >= 0 && !IsOf(id, kind, open))
            return refusals.SeriesKind;
        if (Head.Weight >= options.SamplesMax)
            return refusals.SamplesLimit;
        if (!_hasMemory)
            return refusals.MemoryLimit;
        var declaration = id < 0 ? FrameWriter.DeclarationBytes + item.Series.Bytes.Length : frame.BytesOf(id, open);
        if (frame.BytesMax + BytesOf(item, senderBytes) + declaration > options.BatchBytesMax)
            return refusals.BatchBytes;
        if (item.Histogram is { } difference && !Takes(id, open, difference))
            return refusals.HistogramBounds;
        if (id < 0 && _keys.Check(item.Series) is { } wrong)
            return wrong;
        if (id < 0 || Head.Record(id).Is(SeriesMarks.Forgotten))
        {
            if (Head.Known >= options.SeriesMax)
                return refusals.SeriesLimit;
            if (!_mayCreate)
                return refusals.MemoryLimit;
            if (id < 0)
                id = Head.Add(item.Series, identity);
            else
                Head.Recall(id);
        }
        if (item.Histogram is { Schema: NativeHistogram.CustomBounds } first)
            _stagedBounds.TryAdd(id, first);
        if (open is null)
            _stagedOpen[id] = open = NewOpen(id, kind);
        if (!Head.Record(id).Is(SeriesMarks.Declared))
            frame.Declare(id, item.Series, open);
        return null;
    }

    // What was forgotten may come back as anything; what was made by this batch is not marked yet.
    private bool IsOf(int id, SeriesMarks kind, OpenSeries? open)
    {
        if (open is not null)
            return open is OpenCounter == (kind == SeriesMarks.Counted);
        return !Head.Record(id).Is(SeriesMarks.Listed);
    }

    private bool Takes(int id, OpenSeries? open, NativeHistogram difference)
    {
        if (open is OpenHistogram histogram && !histogram.Takes(difference))
            return false;
        if (!_stagedBounds.TryGetValue(id, out var first))
            return true;
        return difference.Schema == NativeHistogram.CustomBounds && difference.Bounds.SequenceEqual(first.Bounds);
    }

    private OpenSeries NewOpen(int id, SeriesMarks kind) => kind == SeriesMarks.Counted
        ? new OpenCounter { Id = id }
        : new OpenHistogram(options.HistogramSchema, options.BucketsMax) { Id = id };

    private static int BytesOf(in Observation item, int senderBytes) => ItemBytes + senderBytes
        + (item.Histogram is { } histogram ? 128 + (13 * (histogram.Positive.Count + histogram.Negative.Count)) + (9 * histogram.Bounds.Count) : 0);
}
