using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Sealing;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Intake;

/// <summary>
/// Reads a batch of samples against the head: says of each what becomes of it, stages those to be taken, and writes them as the payload of one frame.
/// Readers see nothing of it; what it changes in the records is the writer's own. Owned by the holder of the store's turn, which between reading a batch
/// and its entering the log lets nobody else in: so what is said here still holds when it is applied.
/// </summary>
internal sealed class SampleIntake(MetricStoreOptions options, Holdings holdings, Refusals refusals, FrameWriter frame, SealedFinder sealedFinder)
{
    // What a late sample takes at most, but for a histogram's buckets.
    private const int LateBytes = 50;
    private const int BucketBytes = 13;
    private const long LateMark = 1L << 40; // of places among the late ones
    private const SeriesMarks PlainMarks = SeriesMarks.Declared | SeriesMarks.Kinds | SeriesMarks.Forgotten;

    private readonly long _lateMs = (long)options.LateWindow.TotalMilliseconds;
    private readonly long _aheadMs = (long)options.AheadMax.TotalMilliseconds;
    private readonly SampleFinder _finder = new(holdings);
    private readonly KeyReader _keys = new(refusals);
    private readonly ExtrasIntake _extras = new(options, holdings, refusals, frame);
    private readonly Dictionary<int, UnknownKey> _unknown = []; // by the place in the batch
    private readonly HashSet<int> _toldStarts = [];
    private readonly Dictionary<(int Id, long Time), long> _staged = []; // filled when first asked
    private int _stagedInOrder;
    private int _stagedLate;
    private int[] _ids = new int[256];
    private long _from = long.MinValue; // outside these nothing is read
    private long _to = long.MaxValue;
    private Refusal _tooOld = refusals.Late;
    private long _timeMin;
    private long _orderMin;
    private long _timeMax;
    private long _roomLeft;
    private bool _mayCreate;
    private bool _hasCreated;
    private bool _hasMemory;

    private SeriesHead Head => holdings.Head;

    /// <summary>What is older is late, whatever its series had before: it belongs into blocks, or will when they are written.</summary>
    public long Horizon { get; set; } = long.MinValue;

    /// <summary>Time of the newest sample taken.</summary>
    public long Newest { get; set; } = long.MinValue;

    /// <summary>Time of the oldest sample that was taken in order of time.</summary>
    public long Oldest { get; set; } = long.MaxValue;

    /// <summary>Samples older than the horizon, taken since this was last set.</summary>
    public long LateForBlocks { get; set; }

    /// <summary>Fills in what the store knows the batch's series by. Needs no turn: done before one is waited for.</summary>
    public void Identify(SampleBatch batch)
    {
        var identities = batch.Identities;
        for (var i = 0; i < identities.Length; i++)
        {
            if (!batch.IsByIdentity(i))
                identities[i] = Head.Index.IdentityOf(batch.KeyOf(i).Span);
        }
    }

    /// <summary>Reads a batch as it comes from senders.</summary>
    public Verdict Read(SampleBatch batch, long now) => ReadWithin(batch, now - _lateMs, now + _aheadMs, refusals.Late);

    /// <summary>Reads a batch that another store had kept: however late it is, what retention allows is taken. What lies outside a range is passed over.</summary>
    public Verdict ReadHistory(SampleBatch batch, long now, long from, long to)
    {
        (_from, _to) = (from, to);
        try
        {
            return ReadWithin(batch, now - (long)options.Retention.TotalMilliseconds, now + _aheadMs, refusals.Retention);
        }
        finally
        {
            (_from, _to) = (long.MinValue, long.MaxValue);
        }
    }

    private Verdict ReadWithin(SampleBatch batch, long oldest, long newest, Refusal tooOld)
    {
        var verdict = new Verdict(batch.Count);
        (_timeMin, _timeMax, _tooOld) = (oldest, newest, tooOld);
        Begin();
        FindSeries(batch);
        if (batch.Histograms.IsEmpty)
            ReadFloats(batch, verdict);
        else
            ReadMixed(batch, verdict);
        foreach (var exemplar in batch.Exemplars)
        {
            var place = exemplar.Series;
            var id = (uint)place < (uint)batch.SeriesCount ? (_ids[place] >= 0 ? _ids[place] : FindAgain(batch, place)) : -1;
            _extras.Read(exemplar, id, RefusalOf(exemplar.Time) is not null, verdict);
        }
        foreach (var said in batch.Metadata)
            _extras.Read(said, verdict);
        foreach (var place in _unknown.Keys)
        {
            if (_ids[place] < 0)
                batch.Identities[place] = default;
        }
        return verdict;
    }

    private void Begin()
    {
        _orderMin = Math.Max(_timeMin, Horizon);
        _unknown.Clear();
        _toldStarts.Clear();
        _staged.Clear();
        (_stagedInOrder, _stagedLate, _hasCreated) = (0, 0, false);
        _roomLeft = options.SamplesMax - Head.Weight;
        var memory = Head.MemoryBytes;
        _hasMemory = memory < options.MemoryMax;
        _mayCreate = memory < options.MemoryMax / 8 * 7; // the last eighth is for series that are there
        frame.Begin();
    }

    private void FindSeries(SampleBatch batch)
    {
        var count = batch.SeriesCount;
        if (_ids.Length < count)
            _ids = new int[Math.Max(count, _ids.Length * 2)];
        Head.Index.Find(batch.Identities, _ids);
        for (var i = 0; i < count; i++)
        {
            if (_ids[i] < 0)
                ReadUnknown(batch, i);
        }
    }

    // New, or written in another way than the store knows it.
    private void ReadUnknown(SampleBatch batch, int place)
    {
        if (batch.IsByIdentity(place))
        {
            _unknown[place] = new UnknownKey(Labels.Empty, refusals.UnknownSeries);
            return;
        }
        var refusal = _keys.Read(batch.KeyOf(place), out var labels);
        _unknown[place] = new UnknownKey(labels, refusal);
        if (refusal is not null)
            return;
        batch.Identities[place] = Head.Index.IdentityOf(labels.Bytes);
        _ids[place] = Head.Index.Find(batch.Identities[place]);
    }

    private void ReadFloats(SampleBatch batch, Verdict verdict)
    {
        var series = batch.SampleSeries;
        var times = batch.Times;
        var values = batch.Values;
        var starts = batch.Starts;
        for (var i = 0; i < times.Length; i++)
        {
            if (times[i] < _from || times[i] > _to)
                continue;
            var refusal = ReadFloat(batch, series[i], times[i], BitConverter.DoubleToInt64Bits(values[i]), starts.IsEmpty ? 0 : starts[i], verdict);
            if (refusal is not null)
                verdict.Refuse(i, refusal, verdict.IsNaming ? LabelsOf(series[i]) : Labels.Empty);
        }
    }

    private void ReadMixed(SampleBatch batch, Verdict verdict)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            var (place, time, start) = (batch.SampleSeries[i], batch.Times[i], batch.Starts.IsEmpty ? 0 : batch.Starts[i]);
            if (time < _from || time > _to)
                continue;
            var refusal = batch.Histograms[i] is { } histogram
                ? ReadHistogram(batch, place, time, histogram, start, verdict)
                : ReadFloat(batch, place, time, BitConverter.DoubleToInt64Bits(batch.Values[i]), start, verdict);
            if (refusal is not null)
                verdict.Refuse(i, refusal, verdict.IsNaming ? LabelsOf(place) : Labels.Empty);
        }
    }

    private Refusal? ReadFloat(SampleBatch batch, int place, long time, long bits, long start, Verdict verdict)
    {
        var id = _ids[place] >= 0 ? _ids[place] : FindAgain(batch, place);
        if (id >= 0)
        {
            ref var record = ref Head.Record(id);
            if ((record.Marks & PlainMarks) == SeriesMarks.Declared && time > record.LastTime && time <= _timeMax && time >= _orderMin
                && start == record.Start && (start == 0 || record.Coded != 0) && _toldStarts.Count == 0
                && _roomLeft > 0 && _hasMemory && frame.BytesMax + SampleEncoder.FloatBytesMax <= options.BatchBytesMax)
            {
                // What nearly all are: the next sample of a series that is known.
                _roomLeft--;
                Stage(id, time, bits, ref record, verdict);
                return null;
            }
            if (record.Is(SeriesMarks.Kinds))
                return refusals.SeriesKind;
        }
        if (time < Horizon || (id >= 0 && time <= Head.Record(id).LastTime))
            return ReadOlder(batch, place, id, time, bits, start, null, verdict);
        if ((RefusalOf(time) ?? Admit(batch, place, 1, SampleEncoder.FloatBytesMax, ref id)) is { } refusal)
            return refusal;
        ref var admitted = ref Head.Record(id);
        Tell(id, admitted, start);
        Stage(id, time, bits, ref admitted, verdict);
        return null;
    }

    private void Stage(int id, long time, long bits, ref SeriesRecord record, Verdict verdict)
    {
        frame.Samples.Add(id, time, bits, ref record);
        SeriesHead.Take(ref record, time, bits, isHistogram: false);
        frame.Batch.Add(id, time, bits, null);
        (Oldest, Newest) = (Math.Min(Oldest, time), Math.Max(Newest, time));
        verdict.Accept();
    }

    private Refusal? ReadHistogram(SampleBatch batch, int place, long time, NativeHistogram histogram, long start, Verdict verdict)
    {
        if (!HistogramForm.IsSound(histogram))
            return refusals.HistogramForm;
        var bits = HistogramDigest.Of(histogram);
        var id = _ids[place] >= 0 ? _ids[place] : FindAgain(batch, place);
        if (id >= 0)
        {
            ref var record = ref Head.Record(id);
            if (record.Is(SeriesMarks.Kinds))
                return refusals.SeriesKind;
        }
        if (time < Horizon || (id >= 0 && time <= Head.Record(id).LastTime))
            return ReadOlder(batch, place, id, time, bits, start, histogram, verdict);
        if ((RefusalOf(time) ?? Admit(batch, place, HistogramTail.WeightOf(histogram), BytesOf(histogram), ref id)) is { } refusal)
            return refusal;
        ref var admitted = ref Head.Record(id);
        Tell(id, admitted, start);
        frame.Samples.Add(id, time, histogram, ref admitted);
        SeriesHead.Take(ref admitted, time, bits, isHistogram: true);
        frame.Batch.Add(id, time, bits, histogram);
        (Oldest, Newest) = (Math.Min(Oldest, time), Math.Max(Newest, time));
        verdict.Accept();
        return null;
    }

    // Not newer than the newest, or before the horizon: there already, another value, or late.
    private Refusal? ReadOlder(SampleBatch batch, int place, int id, long time, long bits, long start, NativeHistogram? histogram, Verdict verdict)
    {
        if ((id < 0 ? _unknown[place].Refusal : null) is { } unreadable)
            return unreadable;
        if (RefusalOf(time) is { } far)
            return far;
        if (TryFindOlder(place, id, time, out var stored, out var isHistogram))
        {
            if (stored != bits || isHistogram != histogram is not null)
                return refusals.DuplicateTime;
            verdict.Recognise();
            return null;
        }
        var (weight, bytes) = (histogram is null ? 1 : HistogramTail.WeightOf(histogram), LateBytes + BytesOf(histogram));
        if (Admit(batch, place, weight, bytes, ref id) is { } refusal)
            return refusal;
        var value = histogram is null ? BitConverter.Int64BitsToDouble(bits) : 0;
        frame.Batch.Late.Add((id, new LateSample(time, value, histogram, start, 0)));
        frame.CountBytes(LateBytes + BytesOf(histogram));
        LateForBlocks += time < Horizon ? 1 : 0;
        verdict.Accept();
        return null;
    }

    private bool TryFindOlder(int place, int id, long time, out long bits, out bool isHistogram)
    {
        if (id >= 0)
        {
            ref readonly var record = ref Head.Record(id);
            (bits, isHistogram) = (record.LastBits, record.Is(SeriesMarks.LastIsHistogram));
            if (time == record.LastTime && Head.NewestOf(id, record) == time)
                return true; // not so when that one was deleted, or is in a block
            if (TryFind(id, time, out bits, out isHistogram))
                return true;
        }
        (bits, isHistogram) = (0, false);
        return time < Horizon && sealedFinder.TryFind(LabelsOf(place), time, out bits, out isHistogram);
    }

    private bool TryFind(int id, long time, out long bits, out bool isHistogram)
    {
        var batch = frame.Batch;
        for (; _stagedInOrder < batch.Count; _stagedInOrder++)
            _staged[(batch.Ids[_stagedInOrder], batch.Times[_stagedInOrder])] = batch.HistogramAt(_stagedInOrder) is null ? _stagedInOrder : ~_stagedInOrder;
        for (; _stagedLate < batch.Late.Count; _stagedLate++)
            _staged[(batch.Late[_stagedLate].Id, batch.Late[_stagedLate].Sample.Time)] = LateMark + _stagedLate;
        if (!_staged.TryGetValue((id, time), out var at))
            return _finder.TryFind(id, time, out bits, out isHistogram);
        if (at >= LateMark)
        {
            var late = batch.Late[(int)(at - LateMark)].Sample;
            isHistogram = late.Histogram is not null;
            bits = late.Histogram is { } histogram ? HistogramDigest.Of(histogram) : BitConverter.DoubleToInt64Bits(late.Value);
            return true;
        }
        isHistogram = at < 0;
        bits = batch.Bits[at < 0 ? ~at : at];
        return true;
    }

    private Refusal? RefusalOf(long time)
    {
        if (time < _timeMin)
            return _tooOld;
        return time > _timeMax ? refusals.Ahead : null;
    }

    private Refusal? Admit(SampleBatch batch, int place, int weight, int bytes, ref int id)
    {
        if (id >= 0)
            return Admit(id, weight, bytes);
        var key = _unknown[place];
        if (key.Refusal is { } refusal)
            return refusal;
        if ((Room(weight, bytes + FrameWriter.DeclarationBytes + key.Labels.Bytes.Length) ?? RoomForSeries()) is { } full)
            return full;
        id = _ids[place] = Head.Add(key.Labels, batch.Identities[place]);
        _hasCreated = true;
        frame.Declare(id, key.Labels, null);
        _roomLeft -= weight;
        return null;
    }

    // Another key of this batch may have brought it meanwhile.
    private int FindAgain(SampleBatch batch, int place)
    {
        if (_hasCreated && _unknown[place].Refusal is null)
            _ids[place] = Head.Index.Find(batch.Identities[place]);
        return _ids[place];
    }

    private Refusal? Admit(int id, int weight, int bytes)
    {
        ref readonly var record = ref Head.Record(id);
        Labels? undeclared = record.Is(SeriesMarks.Declared) ? null : Head.Index.LabelsOf(id);
        if (Room(weight, bytes + (undeclared is { } named ? FrameWriter.DeclarationBytes + named.Bytes.Length : 0)) is { } full)
            return full;
        if (record.Is(SeriesMarks.Forgotten))
        {
            if (RoomForSeries() is { } many)
                return many;
            Head.Recall(id);
        }
        if (undeclared is { } labels)
            frame.Declare(id, labels, null);
        _roomLeft -= weight;
        return null;
    }

    private Refusal? Room(int weight, int bytes)
    {
        if (_roomLeft <= 0)
            return refusals.SamplesLimit;
        if (!_hasMemory)
            return refusals.MemoryLimit;
        return frame.BytesMax + bytes > options.BatchBytesMax ? refusals.BatchBytes : null;
    }

    private Refusal? RoomForSeries()
    {
        if (Head.Known >= options.SeriesMax)
            return refusals.SeriesLimit;
        return _mayCreate ? null : refusals.MemoryLimit;
    }

    // Says when what is counted began, where that is not as the record has it. A sample written whole says it whatever the record has.
    private void Tell(int id, in SeriesRecord record, long start)
    {
        if (start == record.Start && (record.Coded != 0 || start == 0) && (_toldStarts.Count == 0 || !_toldStarts.Contains(id)))
            return;
        _toldStarts.Add(id);
        frame.Batch.Starts.Add((frame.Batch.Count, start));
        frame.CountBytes(2 * Varint.BytesMax);
    }

    private static int BytesOf(NativeHistogram? histogram) => histogram is null
        ? 0
        : 128 + SampleEncoder.FloatBytesMax + (BucketBytes * (histogram.Positive.Count + histogram.Negative.Count)) + (9 * histogram.Bounds.Count);

    private Labels LabelsOf(int place)
    {
        if (_unknown.TryGetValue(place, out var key))
            return key.Labels;
        return Head.Index.LabelsOf(_ids[place]);
    }

    private readonly record struct UnknownKey(Labels Labels, Refusal? Refusal);
}
