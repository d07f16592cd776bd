using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Observations;

namespace HmsOps.Tsdb.Wal;

/// <summary>
/// Applies frames to the head: the live ones as they enter the log, and the same ones again at a restart. There is no other way in, so a
/// restart ends with what was there before. Owned by the holder of the store's turn.
/// </summary>
internal sealed class FrameFold(SeriesHead head, SecondCloser closer, ObservationIds ids, int bucketsMax)
{
    private readonly Dictionary<int, HeadSeries> _byLogId = [];

    /// <summary>The epochs that lie in the log, oldest first.</summary>
    public List<LogEpoch> Epochs { get; } = [];

    /// <summary>Arrival of the newest batch; arrivals never go back.</summary>
    public long Stamp { get; private set; }

    public long ObservationsFolded { get; private set; }

    /// <summary>Items whose series' declaration is not in the log any more though it should be.</summary>
    public long Lost { get; private set; }

    /// <summary>Applies one frame whole, under one hold of the head's lock.</summary>
    /// <exception cref="InvalidDataException">The bytes check, but are not of this format.</exception>
    public void Apply(FrameType type, long sequence, ReadOnlySpan<byte> payload)
    {
        lock (head.Lock)
        {
            if (!FrameHead.TryRead(ref payload, out var frameHead))
                throw Unreadable(sequence);
            Enter(frameHead, sequence);
            closer.CloseUpTo(SecondCloser.SecondOf(frameHead.Stamp));
            ReadDeclarations(ref payload, frameHead, sequence);
            switch (type)
            {
                case FrameType.Samples:
                    ApplySamples(new SampleItems(payload), sequence);
                    break;
                case FrameType.Observations:
                    ApplyObservations(new ObservationItems(payload), frameHead.Stamp, sequence);
                    break;
                default:
                    throw new InvalidDataException(
                        $"Frame {sequence} of the metric log is of type {(int)type}, which this version does not know: it was written by a newer one. "
                        + "Start that version, or give this one another folder.");
            }
        }
    }

    /// <summary>Lets go of epochs that hold nothing newer; answers the first sequence still needed, or null when all are.</summary>
    public long? DropEpochsBefore(long time)
    {
        var old = 0;
        while (old < Epochs.Count - 1 && Epochs[old].Newest < time)
            old++;
        Epochs.RemoveRange(0, old);
        return old > 0 ? Epochs[0].FirstSequence : null;
    }

    private void Enter(FrameHead frame, long sequence)
    {
        Stamp = Math.Max(Stamp, frame.Stamp);
        if (Epochs.Count > 0 && Epochs[^1].Number == frame.Epoch)
            return;
        Epochs.Add(new LogEpoch(frame.Epoch, sequence, IsRemnant: Epochs.Count == 0 && !frame.IsFirst));
        _byLogId.Clear();
    }

    private void ReadDeclarations(ref ReadOnlySpan<byte> payload, FrameHead frame, long sequence)
    {
        if (!Varint.TryRead(ref payload, out var declarations))
            throw Unreadable(sequence);
        for (var i = 0UL; i < declarations; i++)
        {
            if (!Declaration.TryRead(ref payload, out var id, out var labels, out var kind))
                throw Unreadable(sequence);
            var series = head.Find(labels);
            if (series is not null && series.Kind != kind)
            {
                // Retention emptied and forgot the series before it came back as another kind; at a restart its old samples are still here.
                head.Forget(series);
                series = null;
            }
            series ??= head.Make(labels, kind);
            (series.LogId, series.DeclaredIn) = (id, frame.Epoch);
            _byLogId[id] = series;
            head.List(series);
            if (kind != SeriesKind.Observed)
                continue;
            series.Open ??= new OpenHistogram(0, bucketsMax);
            var wasChanged = series.Open.IsChanged;
            if (!Declaration.TryReadState(ref payload, series.Open, out var isChanged))
                throw Unreadable(sequence);
            if (isChanged && !wasChanged)
                closer.RestoreChange(series, series.Open, SecondCloser.SecondOf(frame.Stamp));
        }
    }

    private void ApplySamples(SampleItems items, long sequence)
    {
        while (!items.IsEmpty)
        {
            if (!items.TryNext(out var id, out var time, out var value))
                throw Unreadable(sequence);
            if (!TryFind(id, SeriesKind.Float, out var series))
                continue;
            head.Append(series, time, value);
            Epochs[^1].Newest = Math.Max(Epochs[^1].Newest, time);
        }
    }

    private void ApplyObservations(ObservationItems items, long stamp, long sequence)
    {
        var second = SecondCloser.SecondOf(stamp);
        while (!items.IsEmpty)
        {
            if (!items.TryNext(out var id, out var value, out var senderId))
                throw Unreadable(sequence);
            if (!TryFind(id, SeriesKind.Observed, out var series))
                continue;
            var open = series.Open!; // set with the declaration of every observed series
            closer.Touch(series, open, second);
            open.Observe(value);
            ObservationsFolded++;
            if (!senderId.IsEmpty)
                ids.Add(ObservationIds.KeyOf(series.Labels, senderId), stamp);
        }
        Epochs[^1].Newest = Math.Max(Epochs[^1].Newest, closer.LastSampleAfter(second));
    }

    private bool TryFind(int id, SeriesKind kind, out HeadSeries series)
    {
        if (_byLogId.TryGetValue(id, out series!) && series.Kind == kind)
            return true;
        // The first epoch of a log may lack its beginning because retention cut it: what it still names was too old to keep.
        if (!Epochs[^1].IsRemnant)
            Lost++;
        return false;
    }

    private static InvalidDataException Unreadable(long sequence) =>
        new($"Frame {sequence} of the metric log checks, but its content is not in the form this version writes. "
            + "Start the version that wrote it, or give this one another folder.");
}

/// <summary>A run of frames that can be read without what lies before it.</summary>
internal sealed record LogEpoch(long Number, long FirstSequence, bool IsRemnant)
{
    /// <summary>The newest time at which anything in it is a sample.</summary>
    public long Newest { get; set; } = long.MinValue;
}
