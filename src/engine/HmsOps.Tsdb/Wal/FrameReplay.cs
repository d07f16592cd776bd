using System.Collections;
using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Blocks;
using HmsOps.Tsdb.Checkpoints;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Index;
using HmsOps.Tsdb.Observations;

namespace HmsOps.Tsdb.Wal;

/// <summary>
/// Reads the frames of the log at a restart, and hands them to the <see cref="FrameFold"/> as batches. Frames that are missing are seen by their sequence: what
/// leaned on them is left out and counted until it is written whole again, never guessed. Used once.
/// </summary>
internal sealed class FrameReplay
{
    private const int NotDeclared = -1;
    private const int FarFrom = 1024; // numbers ascend from 0: one that leaves so many out comes after missing frames, or is no number, and gets no table of its size

    private readonly FrameFold _fold;
    private readonly SeriesHead _head;
    private readonly int _bucketsMax;
    private readonly long _from;
    private readonly StagedBatch _batch = new();
    private readonly LabelsRoom _labels = new();
    private int[] _ids = []; // of the epoch's numbers
    private Deletion? _deletion;
    private readonly Dictionary<int, int> _far = []; // of those far above all that were declared
    private readonly List<LogGap> _gaps = [];
    private long _expected;
    private long _lost;
    private bool _begun;
    private bool _isRemnant;
    private BitArray? _unknown; // after a gap: series whose newest sample in the log may be a missing one
    private BitArray? _stepUnknown;

    /// <summary>Replays into what is held: nothing, or what a checkpoint has, whose epoch's numbers are the head's ids.</summary>
    public FrameReplay(Holdings holdings, FrameFold fold, CheckpointHead? checkpoint, int bucketsMax)
    {
        (_fold, _head, _bucketsMax) = (fold, holdings.Head, bucketsMax);
        if (checkpoint is not { } head)
            return;
        (_from, _expected, _begun, CanGoOn, Epoch) = (head.Sequence, head.Sequence, true, true, head.Epoch);
        (fold.Stamp, fold.Next) = (head.Stamp, head.Sequence);
        _ids = new int[_head.Index.Count];
        for (var id = 0; id < _ids.Length; id++)
            _ids[id] = _head.Record(id).Is(SeriesMarks.Declared) ? id : NotDeclared;
    }

    /// <summary>The epoch of the newest frame; 0 when there is none.</summary>
    public long Epoch { get; private set; }

    /// <summary>Items whose series, or what their value leaned on, was in a frame that is missing.</summary>
    public long Lost => _lost;

    /// <summary>Frames that are missing.</summary>
    public IReadOnlyList<LogGap> Gaps => _gaps;

    /// <summary>The writer can go on in the epoch: its numbers are the head's ids, and nothing is missing.</summary>
    public bool CanGoOn { get; private set; }

    /// <summary>Applies one frame, unless the checkpoint has it.</summary>
    /// <exception cref="InvalidDataException">The bytes check, but are not of a form this version knows.</exception>
    public void Apply(in Frame frame)
    {
        if (frame.Sequence < _from)
            return;
        var type = (FrameType)frame.Type;
        if (type is < FrameType.FirstSamples or > FrameType.Observations)
        {
            throw new InvalidDataException(
                $"Frame {frame.Sequence} of the metric log is of type {frame.Type}, which this version does not know: it was written by a newer one. "
                + "Start that version, or give this one another folder.");
        }
        var payload = frame.Payload;
        if (!FrameHead.TryRead(ref payload, out var head))
            throw Unreadable(frame.Sequence);
        NoteMissing(frame.Sequence, head.Stamp, IsFirst(type));
        Enter(head, frame.Sequence);
        _batch.Clear();
        _deletion = null;
        if (!TryReadDeclarations(ref payload, type) || !TryReadItems(type, payload))
            throw Unreadable(frame.Sequence);
        _fold.Apply(_batch, head.Stamp, frame.Next);
        if (_deletion is not null)
            _fold.Delete(_deletion);
        _expected = frame.Next;
    }

    private static bool IsFirst(FrameType type) => type is FrameType.FirstSamples or FrameType.FirstObservations;

    // The first version cut the log at its front without a checkpoint, by retention: there a late beginning is none.
    private void NoteMissing(long sequence, long stamp, bool isFirst)
    {
        if (sequence > _expected && (_begun || !isFirst))
            _gaps.Add(new LogGap(_expected, sequence, _begun ? _fold.Stamp : null, stamp));
    }

    private void Enter(FrameHead frame, long sequence)
    {
        if (sequence != _expected && _begun)
            NoteGap();
        if (frame.Epoch != Epoch)
        {
            _isRemnant = !_begun && !frame.IsFirst;
            Array.Fill(_ids, NotDeclared);
            _far.Clear();
            _head.Undeclare();
            CanGoOn = frame.IsFirst;
            Epoch = frame.Epoch;
            (_unknown, _stepUnknown) = (null, null); // whatever is used is declared first, and what is declared is written whole
        }
        _begun = true;
    }

    private void NoteGap()
    {
        CanGoOn = false;
        _unknown = new BitArray(_head.Index.Count, defaultValue: true);
        _stepUnknown = new BitArray(_head.Index.Count, defaultValue: true);
    }

    private bool TryReadDeclarations(ref ReadOnlySpan<byte> payload, FrameType type)
    {
        if (!Varint.TryRead(ref payload, out var declarations))
            return false;
        CanGoOn &= !IsFirst(type);
        var before = Labels.Empty;
        for (var i = 0UL; i < declarations; i++)
        {
            if (!TryReadDeclaration(ref payload, type, before, out var number, out var labels, out var kind))
                return false;
            before = labels;
            var id = _head.FindOrAdd(labels);
            OpenSeries? open = null;
            var isChanged = false;
            if (kind != OpenKind.None && (IsFirst(type)
                ? !FirstDeclaration.TryReadState(ref payload, id, _bucketsMax, out open, out isChanged)
                : !OpenState.TryRead(ref payload, kind, id, _bucketsMax, out open, out isChanged)))
            {
                return false;
            }
            Number(number, id);
            _head.Record(id).Coded = 0;
            _batch.Declared.Add((id, open, isChanged));
        }
        return true;
    }

    private bool TryReadDeclaration(ref ReadOnlySpan<byte> payload, FrameType type, Labels before, out int number, out Labels labels, out OpenKind kind) => type switch
    {
        FrameType.FirstSamples or FrameType.FirstObservations => FirstDeclaration.TryRead(ref payload, out number, out labels, out kind),
        FrameType.SecondSamples or FrameType.SecondObservations => Declaration.TryReadWhole(ref payload, out number, out labels, out kind),
        _ => Declaration.TryRead(ref payload, before, _labels, out number, out labels, out kind),
    };

    private void Number(int number, int id)
    {
        if (number >= _ids.Length && number > FarFrom + (2L * _head.Index.Count))
            _far[number] = id;
        else
            Near(number) = id;
        CanGoOn &= number == id;
        if (_unknown is not null && id < _unknown.Length)
            (_unknown[id], _stepUnknown![id]) = (false, false);
    }

    private ref int Near(int number)
    {
        if (number >= _ids.Length)
        {
            var before = _ids.Length;
            Array.Resize(ref _ids, Math.Max(number + 1, Math.Max(64, before * 2)));
            Array.Fill(_ids, NotDeclared, before, _ids.Length - before);
            foreach (var far in _far.Keys.Where(far => far < _ids.Length).ToList())
            {
                _ids[far] = _far[far];
                _far.Remove(far);
            }
        }
        return ref _ids[number];
    }

    private bool TryReadItems(FrameType type, ReadOnlySpan<byte> items) => type switch
    {
        FrameType.FirstSamples => TryReadFirst(new FirstSamples(items)),
        FrameType.FirstObservations => TryReadFirst(new FirstObservations(items)),
        FrameType.Deletion => Deletion.TryRead(ref items, out _deletion) && items.IsEmpty,
        FrameType.SecondSamples or FrameType.Samples => TryReadSamples(ref items) && FrameParts.TryRead(items, _batch, IdOf, ref _lost),
        _ => FrameParts.TryReadObservations(items, _batch, IdOf, ref _lost) && Identify(),
    };

    private bool TryReadSamples(ref ReadOnlySpan<byte> items)
    {
        var none = default(SeriesRecord);
        var samples = new SampleDecoder(ref items);
        while (samples.MoveNext())
        {
            var id = IdOf(samples.Number);
            ref var record = ref id < 0 ? ref none : ref _head.Record(id);
            if (!samples.TryRead(record, out var time, out var bits))
                return false;
            // One that is left out stays in the batch's numbering, so that what is said of a place is said of the right one.
            if (id < 0 || !Leans(id, samples) || time <= record.LastTime)
            {
                _lost++;
                _batch.AddNothing();
                continue;
            }
            record.Coded = samples.IsWhole ? (byte)1 : (byte)((record.Coded + 1) % SampleEncoder.WholeEvery);
            SeriesHead.Take(ref record, time, bits, samples.Histogram is not null);
            _batch.Add(id, time, bits, samples.Histogram);
        }
        return !samples.IsDamaged;
    }

    // Whether all that a sample leans on is there. One that is written whole leans on nothing; the one after it still has its time written out.
    private bool Leans(int id, in SampleDecoder sample)
    {
        if (_unknown is null || id >= _unknown.Length)
            return true;
        var leansOnTime = sample.IsTimeExpected && _stepUnknown![id];
        var leansOnValue = _unknown[id] && !sample.IsWhole && sample.Histogram is null;
        if (leansOnTime || leansOnValue)
            return false;
        if (!_unknown[id])
            _stepUnknown![id] = false;
        else if (sample.IsWhole)
            _unknown[id] = false;
        return true;
    }

    private bool TryReadFirst(FirstSamples items)
    {
        while (!items.IsEmpty)
        {
            if (!items.TryNext(out var number, out var time, out var value))
                return false;
            var id = IdOf(number);
            if (id < 0 || IsObserved(id) || time <= _head.Record(id).LastTime)
            {
                LoseFirst();
                continue;
            }
            var bits = BitConverter.DoubleToInt64Bits(value);
            SeriesHead.Take(ref _head.Record(id), time, bits, isHistogram: false);
            _batch.Add(id, time, bits, null);
        }
        return true;
    }

    private bool TryReadFirst(FirstObservations items)
    {
        while (!items.IsEmpty)
        {
            if (!items.TryNext(out var number, out var value, out var sender))
                return false;
            if (IdOf(number) is >= 0 and var id && IsObserved(id))
                _batch.Observations.Add(new StagedObservation(id, ObservationKind.Value, value, null, default, sender.ToArray()));
            else
                LoseFirst();
        }
        return Identify();
    }

    // The first epoch of an old log may lack its beginning because retention cut it: what it still names was too old to keep.
    private void LoseFirst()
    {
        if (!_isRemnant)
            _lost++;
    }

    private bool IsObserved(int id)
    {
        foreach (var declared in _batch.Declared)
        {
            if (declared.Id == id)
                return declared.Open is not null;
        }
        return _head.Record(id).Is(SeriesMarks.Kinds);
    }

    private bool Identify()
    {
        for (var i = 0; i < _batch.Observations.Count; i++)
        {
            var item = _batch.Observations[i];
            if (!item.Sender.IsEmpty)
                _batch.Observations[i] = item with { Key = ObservationIds.KeyOf(_head.Index.LabelsOf(item.Id), item.Sender.Span) };
        }
        return true;
    }

    private int IdOf(long number) => (ulong)number < (ulong)_ids.Length ? _ids[number]
        : _far.Count > 0 && (ulong)number <= int.MaxValue ? _far.GetValueOrDefault((int)number, NotDeclared)
        : NotDeclared;

    private static InvalidDataException Unreadable(long sequence) =>
        new($"Frame {sequence} of the metric log checks, but its content is not in the form this version writes. "
            + "Start the version that wrote it, or give this one another folder.");
}
