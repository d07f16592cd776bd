using HmsOps.Series;
using HmsOps.Tsdb.Index;
using HmsOps.Tsdb.Observations;
using HmsOps.Tsdb.Pages;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// All series of the store, in memory: an index of their labels, a record each, and in one arena their tails and sealed pieces. Written by the holder of
/// the store's turn alone, under <see cref="Lock"/> where readers could see it; read through a <see cref="HeadCut"/>.
/// </summary>
internal sealed class SeriesHead
{
    private PagedColumn<SeriesRecord> _records = new();
    private readonly PieceWriter _pieces;
    private readonly Dictionary<int, HistogramTail> _histograms = [];
    private readonly Dictionary<int, LateSamples> _late = [];
    private readonly Dictionary<int, OpenSeries> _open = [];
    private readonly OrderedSamples _ordered = new();
    private int _forgotten;
    private long _lateSamples;

    public SeriesHead(UInt128 hashKey)
        : this(hashKey, new SeriesIndex(hashKey), new HeadArena(), new Lock())
    {
    }

    /// <summary>One that takes the place of another: what counts batches and samples goes on, the series are yet to be taken over.</summary>
    public SeriesHead(SeriesHead before, SeriesIndex index)
        : this(before.HashKey, index, new HeadArena(), before.Lock)
    {
        (Samples, Weight, Batch) = (before.Samples, before.Weight, before.Batch);
    }

    private SeriesHead(UInt128 hashKey, SeriesIndex index, HeadArena arena, Lock @lock)
    {
        (HashKey, Index, Arena, Lock) = (hashKey, index, arena, @lock);
        _pieces = new PieceWriter(arena);
    }

    /// <summary>Held while readers could see something half done, and never longer.</summary>
    public Lock Lock { get; }

    /// <summary>The secret of the identities.</summary>
    public UInt128 HashKey { get; }

    public SeriesIndex Index { get; }

    /// <summary>Where slots and pieces lie. Under the lock, or the writer's.</summary>
    public HeadArena Arena { get; }

    /// <summary>Series that have samples.</summary>
    public int Listed { get; private set; }

    /// <summary>Series that count against the limit: those with samples, and those whose first are on their way.</summary>
    public int Known => Index.Count - _forgotten;

    /// <summary>Series whose samples were all dropped, and that are still in the index.</summary>
    public int Forgotten => _forgotten;

    public long Samples { get; private set; }

    public long Weight { get; private set; }

    public long LateSamples => _lateSamples;

    /// <summary>The number of the newest batch applied.</summary>
    public long Batch { get; private set; }

    /// <summary>Bytes of everything that grows with series and samples.</summary>
    public long MemoryBytes => Index.MemoryBytes + _records.MemoryBytes + Arena.MemoryBytes + (_lateSamples * 48)
        + (_histograms.Count * 200L) + (_open.Count * 400L);

    /// <summary>The record of a series. The writer's; others hold the lock.</summary>
    public ref SeriesRecord Record(int id) => ref _records[id];

    /// <summary>Makes a series that has no samples yet. Copies the labels.</summary>
    public int Add(Labels labels, UInt128 identity)
    {
        _records.Touch(Index.Count) = new SeriesRecord { LastTime = SeriesRecord.Never };
        return Index.Add(labels, identity);
    }

    /// <summary>The series of a label set, made if need be. For replay, which refuses nothing.</summary>
    public int FindOrAdd(Labels labels)
    {
        var identity = Index.IdentityOf(labels.Bytes);
        var id = Index.Find(identity);
        return id >= 0 ? id : Add(labels, identity);
    }

    /// <summary>Counts a forgotten series again: it is about to have samples.</summary>
    public void Recall(int id)
    {
        ref var record = ref Record(id);
        if (!record.Is(SeriesMarks.Forgotten))
            return;
        record.Marks &= ~SeriesMarks.Forgotten;
        _forgotten--;
    }

    /// <summary>What is folded into an observed series; null when nothing is yet.</summary>
    public OpenSeries? OpenOf(int id) => _open.GetValueOrDefault(id);

    public void SetOpen(OpenSeries open) => _open[open.Id] = open;

    /// <summary>Says that what is applied from here on is of another batch. Under the lock.</summary>
    public void BeginBatch() => Batch++;

    /// <summary>Appends a float newer than all of its series. Under the lock.</summary>
    public void Append(int id, long time, long bits, long start)
    {
        ref var record = ref Record(id);
        var step = StepTo(id, record, time);
        if (record.Count > 0 && (record.Is(SeriesMarks.HasHistograms) || record.Start != start || FloatTail.IsFullFor(id, record, time, bits)))
            Seal(id, ref record);
        record.Start = start;
        FloatTail.Append(Arena, ref record, time, bits, step);
        record.Step = step;
        record.Next++;
        Enlist(id, ref record);
        Samples++;
        Weight++;
    }

    /// <summary>Appends a histogram newer than all of its series. Under the lock.</summary>
    public void Append(int id, long time, NativeHistogram histogram, long start)
    {
        ref var record = ref Record(id);
        var step = StepTo(id, record, time);
        if (record.Count > 0 && (!record.Is(SeriesMarks.HasHistograms) || record.Start != start || record.Count == HistogramTail.SamplesMax))
            Seal(id, ref record);
        if (!_histograms.TryGetValue(id, out var tail))
            _histograms.Add(id, tail = new HistogramTail());
        var repeated = tail.Count > 0 && ReferenceEquals(tail.Samples[tail.Count - 1], histogram);
        if (record.Count == 0)
            record.First = time;
        record.Marks |= SeriesMarks.HasHistograms;
        (record.Start, record.Step) = (start, step);
        record.Count++;
        record.Next++;
        Weight += tail.Add(time, histogram, repeated ? 1 : HistogramTail.WeightOf(histogram));
        Enlist(id, ref record);
        Samples++;
    }

    /// <summary>Appends what was folded into a series. Under the lock.</summary>
    public bool Append(OpenSeries open, long time)
    {
        // One that was forgotten meanwhile is not brought back by its own echo.
        if (!ReferenceEquals(OpenOf(open.Id), open))
            return false;
        if (open is OpenCounter counter)
            Append(open.Id, time, BitConverter.DoubleToInt64Bits(counter.Value), 0);
        else
            Append(open.Id, time, ((OpenHistogram)open).Snapshot(), 0);
        return true;
    }

    /// <summary>Adds a sample at a time before the newest, at which there is none. Under the lock.</summary>
    public void AddLate(int id, LateSample sample)
    {
        ref var record = ref Record(id);
        if (!_late.TryGetValue(id, out var late))
            _late.Add(id, late = new LateSamples());
        late.Add(sample with { Batch = Batch });
        record.Marks |= SeriesMarks.HasLate;
        Enlist(id, ref record);
        _lateSamples++;
        Samples++;
        Weight += sample.Weight;
    }

    /// <summary>
    /// Takes note that the log names a series under the numbering in use. What comes next leans on nothing before it: a reader of the log may have more of the
    /// series than was here. Under the lock.
    /// </summary>
    public void Declare(int id, SeriesMarks kind)
    {
        ref var record = ref Record(id);
        if ((record.Marks & SeriesMarks.Kinds) != kind)
            Forget(id);
        else if (record.Count > 0)
            Seal(id, ref record);
        record.Marks |= SeriesMarks.Declared | kind;
        record.Start = 0;
    }

    /// <summary>Forgets what the log's numbers mean: each series is declared again before it is written.</summary>
    public void Undeclare()
    {
        for (var id = 0; id < Index.Count; id++)
            Record(id).Marks &= ~SeriesMarks.Declared;
    }

    /// <summary>Says what the writer took, before it is applied: the next sample is held against it.</summary>
    public static void Take(ref SeriesRecord record, long time, long bits, bool isHistogram)
    {
        (record.LastTime, record.LastBits) = (time, bits);
        record.Marks = isHistogram ? record.Marks | SeriesMarks.LastIsHistogram : record.Marks & ~SeriesMarks.LastIsHistogram;
    }

    /// <summary>Time of the newest sample in the tail; <see cref="SeriesRecord.Never"/> when it is empty. Under the lock, or the writer's.</summary>
    public long NewestOf(int id, in SeriesRecord record)
    {
        if (record.Count == 0)
            return SeriesRecord.Never;
        return record.Is(SeriesMarks.HasHistograms) ? _histograms[id].Times[record.Count - 1] : FloatTail.LastOf(Arena, record);
    }

    /// <summary>Whether the bounds of what a series holds reach into a range, that of late samples being wider. Under the lock.</summary>
    public bool HasBetween(int id, long from, long orderedFrom, long to)
    {
        ref readonly var record = ref Record(id);
        if (record.Count > 0 && record.First <= to && NewestOf(id, record) >= orderedFrom)
            return true;
        for (var handle = record.Newest; handle != 0;)
        {
            var piece = Piece.Read(Arena[handle]);
            if (piece.Last < orderedFrom)
                break;
            if (piece.First <= to)
                return true;
            handle = piece.Older;
        }
        return record.Is(SeriesMarks.HasLate) && LateOf(id) is { } late && late.Oldest <= to && late.Newest >= from;
    }

    /// <summary>The late samples of a series; null when it has none.</summary>
    public LateSamples? LateOf(int id) => _late.GetValueOrDefault(id);

    /// <summary>The tail of a series whose tail is of histograms.</summary>
    public HistogramTail HistogramsOf(int id) => _histograms[id];

    /// <summary>Drops samples older than a time: sealed pieces and tails whole, when all in them is older. Forgets series that have none left.</summary>
    public void DropBefore(long time)
    {
        for (var id = 0; id < Index.Count; id++)
        {
            // Readers get their turn between two series.
            lock (Lock)
                DropBefore(id, ref Record(id), time);
        }
    }

    /// <summary>
    /// Drops of one series what is in blocks: pieces and tail whole, when all in them is older than a time, and late samples before it that came up to a
    /// batch. What is folded of observations stays: the series goes on from it. Under the lock.
    /// </summary>
    public void DropSealed(int id, long until, long lastBatch)
    {
        ref var record = ref Record(id);
        if (!record.Is(SeriesMarks.Listed))
            return;
        DropOrdered(id, ref record, until);
        if (_late.TryGetValue(id, out var late))
            UncountLate(id, ref record, late, late.Drop(long.MinValue, until - 1, lastBatch));
        if (!_open.ContainsKey(id))
            ForgetEmpty(id, ref record);
    }

    /// <summary>Deletes the samples of a series from one time to another, both included. Answers how many. The holder of the turn's, under the lock.</summary>
    public long Delete(int id, long from, long to)
    {
        ref var record = ref Record(id);
        if (!record.Is(SeriesMarks.Listed))
            return 0;
        var before = Samples;
        if (_late.TryGetValue(id, out var late))
            UncountLate(id, ref record, late, late.Drop(from, to, long.MaxValue));
        DeleteOrdered(id, ref record, from, to);
        // What the log writes next of it leans on nothing: after a restart the series may hold more than it does here.
        record.Coded = 0;
        if (!_open.ContainsKey(id))
            ForgetEmpty(id, ref record);
        return before - Samples;
    }

    /// <summary>Drops a series with all its samples. Under the lock.</summary>
    public void Forget(int id) => DropBefore(id, ref Record(id), long.MaxValue);

    private void DropBefore(int id, ref SeriesRecord record, long time)
    {
        if (!record.Is(SeriesMarks.Listed))
            return;
        DropOrdered(id, ref record, time);
        if (_late.TryGetValue(id, out var late))
            UncountLate(id, ref record, late, late.DropBefore(time));
        if (OpenOf(id)?.LastSample < time || !_open.ContainsKey(id))
            ForgetEmpty(id, ref record);
    }

    private void ForgetEmpty(int id, ref SeriesRecord record)
    {
        if (record.Count > 0 || record.Newest != 0 || record.Is(SeriesMarks.HasLate))
            return;
        // Declared anew when it comes back, for it may come back as another kind.
        record.Marks = (record.Marks & ~(SeriesMarks.Listed | SeriesMarks.Kinds | SeriesMarks.Declared)) | SeriesMarks.Forgotten;
        _open.Remove(id);
        _histograms.Remove(id);
        _forgotten++;
        Listed--;
    }

    private void DeleteOrdered(int id, ref SeriesRecord record, long from, long to)
    {
        _ordered.Read(this, id);
        if (!_ordered.All.Exists(sample => sample.Time >= from && sample.Time <= to))
            return;
        var (next, start, step) = (record.Next, record.Start, record.Step);
        DropPieces(ref record, long.MaxValue);
        if (record.Count > 0)
            DropTail(id, ref record);
        foreach (var sample in _ordered.All)
        {
            if (sample.Time >= from && sample.Time <= to)
                continue;
            if (sample.Histogram is { } histogram)
                Append(id, sample.Time, histogram, sample.Start);
            else
                Append(id, sample.Time, BitConverter.DoubleToInt64Bits(sample.Value), sample.Start);
        }
        // Positions are counted from the newest back. When a count began is said in the log only where it changes, so it stays as it was.
        record.Next = next;
        if (record.Start == start)
            return;
        if (record.Count > 0)
            Seal(id, ref record);
        (record.Start, record.Step) = (start, step);
    }

    private void DropOrdered(int id, ref SeriesRecord record, long time)
    {
        DropPieces(ref record, time);
        if (record.Count > 0 && NewestOf(id, record) < time)
            DropTail(id, ref record);
        else if (record.Count > 0 && record.Slot == 0 && record.First < time && !record.Is(SeriesMarks.HasHistograms))
            DropFromRun(ref record, time);
    }

    // Pieces hang on the newest, so those to go hang together.
    private void DropPieces(ref SeriesRecord record, long time)
    {
        var (keeps, handle) = (0u, record.Newest);
        while (handle != 0)
        {
            var piece = Piece.Read(Arena[handle]);
            if (piece.Last < time)
                break;
            (keeps, handle) = (handle, piece.Older);
        }
        if (handle == 0)
            return;
        var (samples, weight) = _pieces.Free(handle);
        if (keeps == 0)
            record.Newest = 0;
        else
            (Piece.Read(Arena[keeps]) with { Older = 0 }).Write(Arena[keeps]);
        Uncount(samples, weight);
    }

    private void DropTail(int id, ref SeriesRecord record)
    {
        if (!record.Is(SeriesMarks.HasHistograms))
        {
            Uncount(record.Count, record.Count);
            FloatTail.Clear(Arena, ref record);
            return;
        }
        Uncount(record.Count, _histograms[id].Weight);
        _histograms[id].Clear();
        record.Count = 0;
        record.Marks &= ~SeriesMarks.TailShape;
    }

    private void DropFromRun(ref SeriesRecord record, long time)
    {
        var old = (int)((time - record.First + record.Step - 1) / record.Step); // fewer than all: its newest is not older
        FloatTail.SkipFirst(ref record, old);
        Uncount(old, old);
    }

    private void UncountLate(int id, ref SeriesRecord record, LateSamples late, (int Samples, long Weight) dropped)
    {
        _lateSamples -= dropped.Samples;
        Uncount(dropped.Samples, dropped.Weight);
        if (late.Count > 0)
            return;
        _late.Remove(id);
        record.Marks &= ~SeriesMarks.HasLate;
    }

    private void Uncount(int samples, long weight)
    {
        Samples -= samples;
        Weight -= weight;
    }

    /// <summary>Takes over a series of another head, with copies of what it holds; what is folded of observations moves. The holder of the turn's, before anybody sees this head.</summary>
    public void TakeOver(SeriesHead from, int fromId, int id)
    {
        ref var record = ref _records.Touch(id);
        record = from.Record(fromId);
        if (record.Slot != 0)
            record.Slot = CopyOf(from.Arena[record.Slot][..FloatTail.SlotBytes(record)]);
        record.Newest = CopyOfPieces(from.Arena, record.Newest);
        if (from._histograms.TryGetValue(fromId, out var tail))
            _histograms.Add(id, tail.Copy());
        if (from._late.TryGetValue(fromId, out var late))
        {
            _late.Add(id, late.Copy());
            _lateSamples += late.Count;
        }
        if (from.OpenOf(fromId) is { } open)
        {
            open.Id = id;
            SetOpen(open);
        }
        Listed += record.Is(SeriesMarks.Listed) ? 1 : 0;
        _forgotten += record.Is(SeriesMarks.Forgotten) ? 1 : 0;
    }

    private uint CopyOfPieces(HeadArena from, uint newest)
    {
        var (first, last) = (0u, 0u);
        for (var handle = newest; handle != 0;)
        {
            var piece = Piece.Read(from[handle]);
            var copy = CopyOf(from[handle][..piece.Bytes]);
            if (last == 0)
                first = copy;
            else
                (Piece.Read(Arena[last]) with { Older = copy }).Write(Arena[last]);
            (last, handle) = (copy, piece.Older);
        }
        return first;
    }

    private uint CopyOf(ReadOnlySpan<byte> bytes)
    {
        var handle = Arena.Take(bytes.Length);
        bytes.CopyTo(Arena[handle]);
        return handle;
    }

    /// <summary>Writes everything but the index, as it lies. The holder of the turn's.</summary>
    public void Save(PageWriter into)
    {
        _records.Save(into, Index.Count);
        Arena.Save(into);
        into.Write(Listed);
        into.Write(_forgotten);
        into.Write(Samples);
        into.Write(Weight);
        into.Write(Batch);
        HeadSides.Save(into, _histograms, _late, _open);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="PagesDamagedException">It is not that.</exception>
    public static SeriesHead Load(UInt128 hashKey, SeriesIndex index, PageReader from, int bucketsMax, Action<OpenSeries, bool> onOpen)
    {
        from.Part = "the series' records";
        var records = new PagedColumn<SeriesRecord>();
        records.Load(from, index.Count);
        from.Part = "the samples";
        var head = new SeriesHead(hashKey, index, HeadArena.From(from), new Lock())
        {
            _records = records,
            Listed = from.Read<int>(),
            _forgotten = from.Read<int>(),
            Samples = from.Read<long>(),
            Weight = from.Read<long>(),
            Batch = from.Read<long>(),
        };
        HeadSides.Load(from, head._histograms, head._late, bucketsMax, (open, isChanged) =>
        {
            head.SetOpen(open);
            onOpen(open, isChanged);
        });
        foreach (var late in head._late.Values)
            head._lateSamples += late.Count;
        return head;
    }

    private uint StepTo(int id, in SeriesRecord record, long time)
    {
        var before = NewestOf(id, record);
        return before == SeriesRecord.Never || time - before > uint.MaxValue ? 0 : (uint)(time - before);
    }

    private void Seal(int id, ref SeriesRecord record)
    {
        if (record.Is(SeriesMarks.HasHistograms))
            _pieces.SealHistograms(id, ref record, _histograms[id]);
        else
            _pieces.SealFloats(id, ref record);
    }

    private void Enlist(int id, ref SeriesRecord record)
    {
        if (record.Is(SeriesMarks.Listed))
            return;
        Recall(id);
        record.Marks |= SeriesMarks.Listed;
        Listed++;
    }
}
