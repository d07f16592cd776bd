using HmsOps.Series;
using HmsOps.Tsdb.Blocks;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Observations;

namespace HmsOps.Tsdb.Wal;

/// <summary>
/// Applies batches to the head: the live ones as they enter the log, and the same ones, read from it, at a restart. There is no other way in, so a
/// restart ends with what was there before. Owned by the holder of the store's turn.
/// </summary>
internal sealed class FrameFold(Holdings holdings, int bucketsMax)
{
    private SeriesHead Head => holdings.Head;

    /// <summary>Arrival of the newest batch; arrivals never go back.</summary>
    public long Stamp { get; set; }

    /// <summary>The sequence after the newest batch's last.</summary>
    public long Next { get; set; }

    public long ObservationsFolded { get; private set; }

    /// <summary>Applies one batch whole, under one hold of the head's lock.</summary>
    public void Apply(StagedBatch batch, long stamp, long next)
    {
        lock (Head.Lock)
        {
            Stamp = Math.Max(Stamp, stamp);
            Next = holdings.Applying = next;
            holdings.Closer.CloseUpTo(SecondCloser.SecondOf(stamp));
            Head.BeginBatch();
            foreach (var (id, open, isChanged) in batch.Declared)
                Declare(id, open, isChanged, stamp);
            ApplySamples(batch);
            foreach (var (id, sample) in batch.Late)
                AddLate(id, sample);
            foreach (var item in batch.Observations)
                Observe(item, stamp);
            foreach (var exemplar in batch.Exemplars)
                holdings.Exemplars.Add(exemplar.Id, exemplar.Labels, exemplar.Time, exemplar.Value);
            foreach (var said in batch.Metadata)
                holdings.Descriptions.Set(said);
            holdings.Outgoing?.Take(Head, batch, next);
            holdings.Outgoing?.EndBatch(next);
        }
    }

    /// <summary>Deletes what an order names, but for what is in blocks. Answers how many samples. Readers get their turn between two series.</summary>
    public long Delete(Deletion deletion)
    {
        var deleted = 0L;
        foreach (var id in Head.Index.Select(deletion.Matchers, CancellationToken.None))
        {
            lock (Head.Lock)
                deleted += Head.Delete(id, deletion.From, deletion.To);
        }
        return deleted;
    }

    private void Declare(int id, OpenSeries? open, bool isChanged, long stamp)
    {
        Head.Declare(id, OpenState.MarkOf(OpenState.KindOf(open)));
        if (open is null || ReferenceEquals(open, Head.OpenOf(id)))
            return;
        // It takes the place of what was folded so far; live, it is what was folded so far.
        Head.SetOpen(open);
        if (isChanged)
            holdings.Closer.RestoreChange(open, SecondCloser.SecondOf(stamp));
        holdings.Closer.Follow(open);
    }

    private void AddLate(int id, LateSample sample)
    {
        Head.AddLate(id, sample);
        holdings.Outgoing?.Take(Head, id, sample.Time, BitConverter.DoubleToInt64Bits(sample.Value), sample.Histogram, sample.Start, Next);
    }

    private void ApplySamples(StagedBatch batch)
    {
        var head = Head;
        var outgoing = holdings.Outgoing;
        var ids = batch.Ids.AsSpan(0, batch.Count);
        var times = batch.Times.AsSpan(0, batch.Count);
        var bits = batch.Bits.AsSpan(0, batch.Count);
        var starts = 0;
        for (var i = 0; i < ids.Length; i++)
        {
            long? told = starts < batch.Starts.Count && batch.Starts[starts].At == i ? batch.Starts[starts++].Start : null;
            if (ids[i] == StagedBatch.Nothing)
                continue;
            var start = told ?? head.Record(ids[i]).Start;
            if (batch.HistogramAt(i) is { } histogram)
                head.Append(ids[i], times[i], histogram, start);
            else
                head.Append(ids[i], times[i], bits[i], start);
            outgoing?.Take(head, ids[i], times[i], bits[i], batch.HistogramAt(i), start, Next);
        }
    }

    private void Observe(in StagedObservation item, long stamp)
    {
        var open = Head.OpenOf(item.Id) ?? NewOpen(item);
        // Intake refuses it and never logs it: only a log that is none of ours can hold it.
        if (open is OpenCounter != (item.Kind == ObservationKind.Increment))
            throw new InvalidDataException($"The metric log checks, but holds an observation of the kind {item.Kind} for a series that is none. Start the version that wrote it, or give this one another folder.");
        holdings.Closer.Touch(open, SecondCloser.SecondOf(stamp));
        switch (item.Kind)
        {
            case ObservationKind.Increment:
                ((OpenCounter)open).Value += item.Value;
                break;
            case ObservationKind.Histogram when item.Histogram is { } histogram:
                ((OpenHistogram)open).Add(histogram);
                break;
            default:
                ((OpenHistogram)open).Observe(item.Value);
                break;
        }
        ObservationsFolded++;
        if (item.Key != default)
            holdings.Ids.Add(item.Key, stamp);
    }

    // A declaration brought it, unless the one that did was lost with a damaged frame.
    private OpenSeries NewOpen(in StagedObservation item)
    {
        OpenSeries open = item.Kind == ObservationKind.Increment
            ? new OpenCounter { Id = item.Id }
            : new OpenHistogram(NativeHistogram.SchemaMax, bucketsMax) { Id = item.Id };
        Head.SetOpen(open);
        return open;
    }
}
