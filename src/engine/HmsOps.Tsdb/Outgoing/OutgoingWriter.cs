using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Pages;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Outgoing;

/// <summary>
/// Collects what the store takes as frames of the queue. A frame ends where a batch ends, so a crash takes a batch whole or leaves it for the next life. Owned by the holder of
/// the store's turn; allocates nothing a sample once it has grown.
/// </summary>
internal sealed class OutgoingWriter(long epochBytesMin, long epoch)
{
    private const int FrameBytes = 256 * 1024; // a frame with so many ends with its batch
    private const int DeclaredParts = 4;       // an epoch is at least so many times as long as what it declares

    private readonly SampleEncoder _samples = new();
    private readonly StagedBatch _beside = new(); // starts, exemplars and descriptions; samples are in the encoder
    private readonly LargeWriter _declarations = new();
    private readonly LargeWriter _scratch = new();
    private readonly PagedColumn<SeriesRecord> _records = new();
    private readonly List<OutgoingPart> _frames = [];
    private LargeWriter _payloads = new();
    private LargeWriter _spare = new();
    private Labels _declaredLast;
    private int _declared;
    private int _count; // series that have a record
    private long _epoch = epoch;
    private bool _epochIsFresh = true;
    private long _epochBytes;
    private long _declaredBytes;
    private long _since;
    private long _framed; // items of the frames

    /// <summary>Bytes that are staged.</summary>
    public long Bytes => _payloads.WrittenCount + _samples.BytesMax + _declarations.WrittenCount;

    /// <summary>When the oldest of what is staged came; null when nothing is.</summary>
    public long? Since => _frames.Count > 0 ? _frames[0].Since : InFrame > 0 ? _since : null;

    /// <summary>Items that are staged.</summary>
    public long Items => _framed + InFrame;

    private int InFrame => _samples.Count + _beside.Exemplars.Count + _beside.Metadata.Count;

    /// <summary>Takes a sample.</summary>
    public void Take(SeriesHead head, int id, long time, long bits, NativeHistogram? histogram, long start, long now)
    {
        ref var record = ref RecordOf(head, id, now);
        if (start != record.Start)
        {
            _beside.Starts.Add((_samples.Count, start));
            record.Start = start;
        }
        if (histogram is null)
            _samples.Add(id, time, bits, ref record);
        else
            _samples.Add(id, time, histogram, ref record);
        OutgoingStep.Take(ref record, time, histogram is null ? bits : HistogramDigest.Of(histogram), histogram is not null);
    }

    /// <summary>Takes an exemplar.</summary>
    public void Take(SeriesHead head, in StagedExemplar exemplar, long now)
    {
        _ = RecordOf(head, exemplar.Id, now);
        _beside.Exemplars.Add(exemplar);
    }

    /// <summary>Takes what was said of a metric.</summary>
    public void Take(MetricMetadata said, long now)
    {
        Begin(now);
        _beside.Metadata.Add(said);
    }

    /// <summary>A batch ends here: all of it and of those before is staged.</summary>
    public void EndBatch(TakenUpTo taken)
    {
        if (Bytes - _payloads.WrittenCount >= FrameBytes)
            EndFrame(taken);
    }

    /// <summary>Answers what is staged, as frames, and begins anew. They are valid until the next but one call.</summary>
    public (IReadOnlyList<OutgoingPart> Frames, LargeWriter Payloads) Cut(TakenUpTo taken)
    {
        if (InFrame > 0)
            EndFrame(taken);
        var cut = (_frames.ToList(), _payloads);
        _frames.Clear();
        _framed = 0;
        (_payloads, _spare) = (_spare, _payloads);
        _payloads.Clear();
        return cut;
    }

    /// <summary>Answers a frame without items, which says from where on the queue has everything.</summary>
    public ReadOnlyMemory<byte> Beginning(TakenUpTo taken, long now)
    {
        _scratch.Clear();
        new OutgoingFrame(_epoch, _epochIsFresh, now, taken).Write(_scratch);
        Varint.Write(_scratch, 0); // declarations
        Varint.Write(_scratch, 0); // samples
        _epochIsFresh = false;
        return _scratch.WrittenMemory;
    }

    /// <summary>Series have other ids from here on.</summary>
    public void Renumber(TakenUpTo taken)
    {
        if (InFrame > 0)
            EndFrame(taken);
        BeginEpoch();
    }

    private ref SeriesRecord RecordOf(SeriesHead head, int id, long now)
    {
        Begin(now);
        for (; _count <= id; _count++)
            _records.Touch(_count) = default;
        ref var record = ref _records[id];
        if (!record.Is(SeriesMarks.Declared))
        {
            var labels = head.Index.LabelsOf(id);
            var before = _declarations.WrittenCount;
            Declaration.Write(_declarations, id, labels, _declaredLast, open: null);
            _declaredBytes += _declarations.WrittenCount - before;
            _declaredLast = labels;
            _declared++;
            record = new SeriesRecord { Marks = SeriesMarks.Declared };
        }
        return ref record;
    }

    private void Begin(long now)
    {
        if (InFrame > 0 || _declared > 0)
            return;
        _since = now;
        _samples.Begin();
        _declaredLast = Labels.Empty;
    }

    private void EndFrame(TakenUpTo taken)
    {
        var at = _payloads.WrittenCount;
        new OutgoingFrame(_epoch, _epochIsFresh, _since, taken).Write(_payloads);
        Varint.Write(_payloads, (ulong)_declared);
        System.Buffers.BuffersExtensions.Write(_payloads, _declarations.WrittenSpan);
        _samples.WriteTo(_payloads);
        FrameParts.Write(_payloads, _beside, _scratch);
        _frames.Add(new OutgoingPart(at, _payloads.WrittenCount - at, InFrame, _epoch, _since));
        _framed += InFrame;
        _epochBytes += _payloads.WrittenCount - at;
        _epochIsFresh = false;
        _samples.Begin();
        _beside.Clear();
        _declarations.Clear();
        _declared = 0;
        _declaredLast = Labels.Empty;
        if (_epochBytes >= Math.Max(epochBytesMin, DeclaredParts * _declaredBytes))
            BeginEpoch();
    }

    private void BeginEpoch()
    {
        for (var id = 0; id < _count; id++)
            _records[id].Marks &= ~SeriesMarks.Declared;
        (_epoch, _epochIsFresh, _epochBytes, _declaredBytes) = (_epoch + 1, true, 0, 0);
    }
}

/// <summary>One frame among those that were cut.</summary>
/// <param name="At">Where in the payloads it begins.</param>
/// <param name="Bytes">Bytes it has.</param>
/// <param name="Items">What it counts.</param>
/// <param name="Epoch">The epoch it is in.</param>
/// <param name="Since">When the first of its items came.</param>
internal readonly record struct OutgoingPart(int At, int Bytes, int Items, long Epoch, long Since);
