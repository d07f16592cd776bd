using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Observations;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Intake;

/// <summary>
/// Reads a batch against the head: says of each item what becomes of it, and writes those to be taken as the payload of one frame. Changes
/// nothing that readers see; <see cref="FrameFold"/> does, from the payload. Owned by the holder of the store's turn, which between reading
/// a batch and its entering the log lets nobody else in: so what is said here still holds when it is applied.
/// </summary>
internal sealed class BatchReader(MetricStoreOptions options, SeriesHead head, ObservationIds ids, Refusals refusals)
{
    // Number, length prefixes and a histogram's fixed state; buckets are counted apart.
    private const int DeclarationBytes = 100;
    private const int BucketBytes = 13;

    // What the log adds, so that an epoch is about as long as a segment: segments can be cut where an epoch ends.
    private const int FrameHeaderBytes = 32;
    private const int SegmentHeaderBytes = 4_096;

    private static readonly int ItemBytes = 2 * Varint.BytesMax + sizeof(double) + Encoding.UTF8.GetMaxByteCount(LabelLimits.IdCharsMax);

    private readonly long _lateMs = (long)options.LateWindow.TotalMilliseconds;
    private readonly long _aheadMs = (long)options.AheadMax.TotalMilliseconds;
    private readonly ArrayBufferWriter<byte> _declarations = new();
    private readonly ArrayBufferWriter<byte> _items = new();
    private readonly Dictionary<(HeadSeries Series, long Time), long> _staged = []; // of series with several samples, all but the newest
    private readonly HashSet<UInt128> _stagedIds = [];
    private readonly List<(Labels Labels, Refusal? Refusal)> _keys = [];
    private readonly byte[] _id = new byte[Encoding.UTF8.GetMaxByteCount(LabelLimits.IdCharsMax)];

    private int _declared;
    private int _nextId;
    private long _epochBytes;
    private bool _epochIsFresh = true;
    private long _batch;
    private ItemBefore _before;
    private long _stagedWeight;

    /// <summary>The epoch that frames are written in.</summary>
    public long Epoch { get; private set; }

    /// <summary>Begins an epoch: from here on every series is declared again before it is used.</summary>
    public void BeginEpoch(long number)
    {
        Epoch = number;
        (_nextId, _epochBytes, _epochIsFresh) = (0, 0, true);
    }

    public Verdict Read(SampleBatch batch, long now)
    {
        var verdict = Begin(batch.Count);
        _keys.Clear();
        for (var i = 0; i < batch.SeriesCount; i++)
            _keys.Add(ReadKey(batch, i));
        for (var i = 0; i < batch.Count; i++)
        {
            var ((labels, refusal), time, value) = (_keys[batch.SampleSeries[i]], batch.Times[i], batch.Values[i]);
            if (refusal is null && !batch.Histograms.IsEmpty && batch.Histograms[i] is not null)
                refusal = refusals.HistogramSample;
            var series = refusal is null ? head.Find(labels) : null;
            if (series is { Kind: SeriesKind.Float } && StoredBits(series, time) is { } bits)
            {
                if (bits == BitConverter.DoubleToInt64Bits(value))
                    verdict.Recognise();
                else
                    verdict.Refuse(i, refusals.DuplicateTime, labels);
            }
            else if ((refusal ?? RefusalOf(series, time, now)) is { } refused)
            {
                verdict.Refuse(i, refused, labels);
            }
            else if (!TryAdmit(labels, SeriesKind.Float, ref series, out refused))
            {
                verdict.Refuse(i, refused, labels);
            }
            else
            {
                Stage(series, time, value);
                verdict.Accept();
            }
        }
        return verdict;
    }

    private (Labels, Refusal?) ReadKey(SampleBatch batch, int series)
    {
        if (batch.IsByIdentity(series))
            return (Labels.Empty, refusals.UnknownSeries);
        return Labels.TryFromBytes(batch.KeyOf(series), out var labels) ? (labels, null) : (Labels.Empty, refusals.LabelForm);
    }

    public Verdict Read(ObservationBatch batch, long stamp)
    {
        ids.Forget(stamp);
        var verdict = Begin(batch.Items.Count);
        for (var i = 0; i < batch.Items.Count; i++)
        {
            var (labels, value, id) = batch.Items[i];
            var series = head.Find(labels);
            if ((batch.Items[i].Kind == ObservationKind.Value ? RefusalOf(value, id) : refusals.DifferenceSample) is { } refusal)
                verdict.Refuse(i, refusal, labels);
            else if (IsKnown(labels, id, out var key))
                verdict.Recognise();
            else if (!TryAdmit(labels, SeriesKind.Observed, ref series, out refusal))
                verdict.Refuse(i, refusal, labels);
            else
            {
                Stage(series, value, id, key);
                verdict.Accept();
            }
        }
        return verdict;
    }

    /// <summary>The payload of the batch just read. Rented from the shared pool: who takes it returns it.</summary>
    public ArraySegment<byte> TakePayload(long stamp)
    {
        var frameHead = new ArrayBufferWriter<byte>(4 * Varint.BytesMax);
        new FrameHead(Epoch, _epochIsFresh, stamp).Write(frameHead);
        Varint.Write(frameHead, (ulong)_declared);
        var length = frameHead.WrittenCount + _declarations.WrittenCount + _items.WrittenCount;
        var payload = ArrayPool<byte>.Shared.Rent(length);
        frameHead.WrittenSpan.CopyTo(payload);
        _declarations.WrittenSpan.CopyTo(payload.AsSpan(frameHead.WrittenCount));
        _items.WrittenSpan.CopyTo(payload.AsSpan(frameHead.WrittenCount + _declarations.WrittenCount));
        _epochIsFresh = false;
        _epochBytes += FrameHeaderBytes + length;
        return new ArraySegment<byte>(payload, 0, length);
    }

    /// <summary>The epoch has filled a segment: the next one may begin.</summary>
    public bool EpochIsFull => _epochBytes >= options.SegmentBytes - SegmentHeaderBytes;

    private Verdict Begin(int items)
    {
        _batch++;
        _declared = 0;
        _declarations.ResetWrittenCount();
        _items.ResetWrittenCount();
        _staged.Clear();
        _stagedIds.Clear();
        _before = default;
        _stagedWeight = 0;
        return new Verdict(items);
    }

    // Newest first: that is where all but resends end.
    private long? StoredBits(HeadSeries series, long time)
    {
        if (series.StagedIn == _batch && time == series.StagedTime)
            return series.StagedBits;
        if (series.StagedIn == _batch && time < series.StagedTime && _staged.TryGetValue((series, time), out var staged))
            return staged;
        return time <= series.Newest && series.TryFind(time, out var bits) ? bits : null;
    }

    private Refusal? RefusalOf(HeadSeries? series, long time, long now)
    {
        if (time < now - _lateMs)
            return refusals.Late;
        if (time > now + _aheadMs)
            return refusals.Ahead;
        if (series is null || series.Kind != SeriesKind.Float)
            return null;
        return time < series.Newest || (series.StagedIn == _batch && time < series.StagedTime) ? refusals.OutOfOrder : null;
    }

    private Refusal? RefusalOf(double value, string id)
    {
        if (!double.IsFinite(value))
            return refusals.NotFinite;
        return id.Length > LabelLimits.IdCharsMax ? refusals.IdLength : null;
    }

    private bool IsKnown(Labels labels, string id, out UInt128 key)
    {
        key = default;
        if (id.Length == 0)
            return false;
        key = ObservationIds.KeyOf(labels, _id.AsSpan(0, Encoding.UTF8.GetBytes(id, _id)));
        return ids.Contains(key) || _stagedIds.Contains(key);
    }

    private bool TryAdmit(Labels labels, SeriesKind kind, [NotNullWhen(true)] ref HeadSeries? series, out Refusal refusal)
    {
        refusal = refusals.SeriesKind;
        if (series is not null && series.Kind != kind)
            return false;
        refusal = refusals.SamplesLimit;
        if (head.Weight + _stagedWeight >= options.SamplesMax)
            return false;
        refusal = refusals.BatchBytes;
        if (_declarations.WrittenCount + _items.WrittenCount + BytesOf(labels, series) > options.BatchBytesMax)
            return false;
        if (series is null)
        {
            if (LabelLimits.Check(labels, refusals) is { } wrong)
            {
                refusal = wrong;
                return false;
            }
            refusal = refusals.SeriesLimit;
            if (head.Known >= options.SeriesMax)
                return false;
            series = head.Make(labels, kind);
            if (kind == SeriesKind.Observed)
                series.Open = new OpenHistogram(options.HistogramSchema, options.BucketsMax);
        }
        if (series.DeclaredIn != Epoch)
            Declare(series);
        return true;
    }

    private int BytesOf(Labels labels, HeadSeries? series)
    {
        if (series?.DeclaredIn == Epoch)
            return ItemBytes;
        var buckets = series?.Open is { } open ? open.Positive.Count + open.Negative.Count : 0;
        return ItemBytes + DeclarationBytes + BucketBytes * buckets + labels.Bytes.Length;
    }

    private void Declare(HeadSeries series)
    {
        series.LogId = _nextId++;
        series.DeclaredIn = Epoch;
        Declaration.Write(_declarations, series);
        _declared++;
    }

    private void Stage(HeadSeries series, long time, double value)
    {
        SampleItems.Write(_items, ref _before, series.LogId, time, value);
        if (series.StagedIn == _batch)
            _staged[(series, series.StagedTime)] = series.StagedBits;
        (series.StagedIn, series.StagedTime, series.StagedBits) = (_batch, time, BitConverter.DoubleToInt64Bits(value));
        _stagedWeight++;
    }

    private void Stage(HeadSeries series, double value, string id, UInt128 key)
    {
        ObservationItems.Write(_items, ref _before, series.LogId, value, _id.AsSpan(0, id.Length == 0 ? 0 : Encoding.UTF8.GetBytes(id, _id)));
        if (id.Length > 0)
            _stagedIds.Add(key);
    }
}
