using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Index;
using HmsOps.Tsdb.Pages;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Outgoing;

/// <summary>
/// Reads the frames of the queue back into batches. What follows a gap leans on what is missing: it is left out, and counted, up to the next epoch. One owner.
/// </summary>
internal sealed class OutgoingReader
{
    private readonly UInt128 _hashKey;
    private readonly StagedBatch _frame = new();
    private readonly LabelsRoom _room = new();
    private readonly PagedColumn<SeriesRecord> _records = new(); // by number
    private SeriesIndex _labels;
    private int[] _ids = [];       // by number: of the labels
    private int[] _places = [];    // by number: of the series in the batch
    private long[] _placedIn = []; // by number: the batch it has a place in
    private long _batch;
    private long _epoch = -1;
    private bool _isWhole; // nothing of the epoch is missing so far
    private int _sample;
    private int _start;

    /// <summary>One that has read nothing yet.</summary>
    public OutgoingReader(UInt128 hashKey)
    {
        _hashKey = hashKey;
        _labels = new SeriesIndex(hashKey);
    }

    /// <summary>The first sequence of the frame that is being read.</summary>
    public long First { get; private set; }

    /// <summary>The sequence behind the frame that is being read; before the first, where reading begins.</summary>
    public long Next { get; private set; }

    /// <summary>Where the epoch that is being read begins: a reader that begins there needs nothing from before.</summary>
    public long EpochFirst { get; private set; }

    /// <summary>When the oldest item of the frame came.</summary>
    public long Since { get; private set; }

    /// <summary>Items that were missing, or leaned on ones that are.</summary>
    public long Lost { get; private set; }

    /// <summary>All of the frame has been handed out.</summary>
    public bool IsAtEnd { get; private set; } = true;

    /// <summary>Begins at the first frame of an epoch.</summary>
    public void BeginAt(long sequence) => (Next, EpochFirst, _isWhole, _epoch, IsAtEnd) = (sequence, sequence, true, -1, true);

    /// <summary>Takes the next frame. What is below a sequence was passed on before.</summary>
    public void Take(in Frame frame, long from)
    {
        var payload = frame.Payload;
        var isRead = OutgoingFrame.TryRead(ref payload, out var head);
        if (frame.Sequence > Next && Next > 0)
        {
            Lost += frame.Sequence - Math.Max(Next, Math.Min(from, frame.Sequence));
            _isWhole = false;
        }
        (First, Next, Since) = (frame.Sequence, frame.Next, head.Since);
        _frame.Clear();
        (_sample, _start, IsAtEnd) = (0, 0, false);
        if (isRead && head.Epoch != _epoch)
            Enter(head, frame.Sequence);
        if (!isRead || !_isWhole || !TryRead(payload))
            Lose(frame, from);
        else
            PassOver(from - frame.Sequence);
    }

    /// <summary>Hands out what is next in the frame, some so many samples; answers the place behind it.</summary>
    public long Fill(SampleBatch into, int samplesMax)
    {
        _batch++;
        var until = _sample + Math.Min(samplesMax, _frame.Count - _sample);
        for (; _sample < until; _sample++)
            Add(into, _sample);
        if (_sample < _frame.Count)
            return First + _sample;
        foreach (var exemplar in _frame.Exemplars)
            into.Exemplars.Add(new Exemplar(PlaceOf(into, exemplar.Id), exemplar.Labels, exemplar.Time, exemplar.Value));
        into.Metadata.AddRange(_frame.Metadata);
        IsAtEnd = true;
        return Next;
    }

    private void Enter(in OutgoingFrame head, long sequence)
    {
        (_epoch, EpochFirst, _isWhole) = (head.Epoch, sequence, head.IsFirst);
        _labels = new SeriesIndex(_hashKey);
        Array.Fill(_ids, -1);
    }

    private bool TryRead(ReadOnlySpan<byte> payload)
    {
        if (!TryDeclare(ref payload))
            return false;
        var samples = new SampleDecoder(ref payload);
        while (samples.MoveNext())
        {
            if (IdOf(samples.Number) < 0)
                return false;
            ref var record = ref _records[(int)samples.Number];
            if (!samples.TryRead(record, out var time, out var bits))
                return false;
            OutgoingStep.Take(ref record, time, bits, samples.Histogram is not null);
            _frame.Add((int)samples.Number, time, bits, samples.Histogram);
        }
        var lost = 0L;
        return !samples.IsDamaged && FrameParts.TryRead(payload, _frame, number => IdOf(number) < 0 ? -1 : (int)number, ref lost) && lost == 0;
    }

    private bool TryDeclare(ref ReadOnlySpan<byte> payload)
    {
        if (!Varint.TryRead(ref payload, out var declared))
            return false;
        var before = Labels.Empty;
        for (var i = 0UL; i < declared; i++)
        {
            if (!Declaration.TryRead(ref payload, before, _room, out var number, out var labels, out _))
                return false;
            before = labels;
            Number(number, labels);
        }
        return true;
    }

    private void Number(int number, Labels labels)
    {
        if (number >= _ids.Length)
        {
            var known = _ids.Length;
            var length = Math.Max(number + 1, Math.Max(64, known * 2));
            Array.Resize(ref _ids, length);
            Array.Fill(_ids, -1, known, length - known);
            Array.Resize(ref _places, length);
            Array.Resize(ref _placedIn, length);
        }
        var identity = _labels.IdentityOf(labels.Bytes);
        var id = _labels.Find(identity);
        _ids[number] = id >= 0 ? id : _labels.Add(labels, identity);
        _records.Touch(number) = default;
    }

    private int IdOf(long number) => (ulong)number < (ulong)_ids.Length ? _ids[number] : -1;

    private void Lose(in Frame frame, long from)
    {
        Lost += Math.Max(0, frame.Next - Math.Max(from, frame.Sequence));
        _isWhole = false;
        _frame.Clear();
        _sample = 0;
    }

    // The rest of a frame is passed on after a restart; its starts lean on those before them.
    private void PassOver(long samples)
    {
        if (samples >= _frame.Count && samples > 0 && First + samples >= Next)
        {
            for (; _sample < _frame.Count; _sample++)
                NoteStart(_sample);
            _frame.Clear();
            _sample = 0;
            IsAtEnd = true;
            return;
        }
        for (; _sample < Math.Min(samples, _frame.Count); _sample++)
            NoteStart(_sample);
    }

    private void NoteStart(int at)
    {
        if (_start < _frame.Starts.Count && _frame.Starts[_start].At == at)
            _records[_frame.Ids[at]].Start = _frame.Starts[_start++].Start;
    }

    private void Add(SampleBatch into, int at)
    {
        NoteStart(at);
        var number = _frame.Ids[at];
        var place = PlaceOf(into, number);
        var start = _records[number].Start;
        if (_frame.HistogramAt(at) is { } histogram)
            into.Add(place, _frame.Times[at], histogram, start);
        else
            into.Add(place, _frame.Times[at], BitConverter.Int64BitsToDouble(_frame.Bits[at]), start);
    }

    private int PlaceOf(SampleBatch into, int number)
    {
        if (_placedIn[number] == _batch)
            return _places[number];
        _placedIn[number] = _batch;
        return _places[number] = into.AddSeries(_labels.LabelsOf(_ids[number]).Bytes);
    }
}
