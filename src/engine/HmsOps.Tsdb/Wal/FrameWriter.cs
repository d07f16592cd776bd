using System.Buffers;
using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Tsdb.Blocks;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Observations;

namespace HmsOps.Tsdb.Wal;

/// <summary>
/// Collects what is taken of a batch, as columns for the head and as the payload of a frame of the log: docs/formats/metric-log.md. One for all
/// batches; allocates nothing a sample once it has grown. Owned by the holder of the store's turn.
/// </summary>
internal sealed class FrameWriter(Holdings holdings)
{
    /// <summary>What a declaration takes beside labels and buckets.</summary>
    public const int DeclarationBytes = 128;

    private const int BucketBytes = 13;

    private readonly LargeWriter _payload = new();
    private readonly LargeWriter _declarations = new();
    private readonly LargeWriter _scratch = new();
    private Labels _declaredLast; // of this frame; may lie in what the batch was read from
    private bool _epochIsFresh;
    private int _otherBytes;

    public StagedBatch Batch { get; } = new();

    public SampleEncoder Samples { get; } = new();

    /// <summary>The epoch that frames are written in.</summary>
    public long Epoch { get; private set; }

    /// <summary>An upper bound of the payload's length.</summary>
    public int BytesMax => Samples.BytesMax + _declarations.WrittenCount + _otherBytes;

    /// <summary>Goes on in an epoch whose numbers are the head's ids.</summary>
    public void GoOn(long epoch) => Epoch = epoch;

    /// <summary>Begins an epoch: from here on every series is declared before it is used.</summary>
    public void BeginEpoch(long epoch)
    {
        (Epoch, _epochIsFresh) = (epoch, true);
        holdings.Head.Undeclare();
    }

    public void Begin()
    {
        Batch.Clear();
        Samples.Begin();
        _declarations.Clear();
        _declaredLast = Labels.Empty;
        _otherBytes = 0;
    }

    /// <summary>Counts bytes that are staged and not yet written.</summary>
    public void CountBytes(int bytes) => _otherBytes += bytes;

    /// <summary>Names a series. What is written of it next is written whole.</summary>
    public void Declare(int id, Labels labels, OpenSeries? open)
    {
        ref var record = ref holdings.Head.Record(id);
        record.Marks |= SeriesMarks.Declared;
        record.Coded = 0;
        Declaration.Write(_declarations, id, labels, _declaredLast, open);
        _declaredLast = labels;
        Batch.Declared.Add((id, open, false));
    }

    /// <summary>What the declaration of a series takes at most; 0 when it needs none.</summary>
    public int BytesOf(int id, OpenSeries? open)
    {
        if (holdings.Head.Record(id).Is(SeriesMarks.Declared))
            return 0;
        var buckets = open is OpenHistogram histogram ? histogram.Positive.Count + histogram.Negative.Count + histogram.Bounds.Count : 0;
        return DeclarationBytes + (BucketBytes * buckets);
    }

    /// <summary>The payload of a frame of samples. Valid until the next batch.</summary>
    public ReadOnlyMemory<byte> WriteSamples(long stamp)
    {
        WriteHead(stamp);
        Samples.WriteTo(_payload);
        FrameParts.Write(_payload, Batch, _scratch);
        return _payload.WrittenMemory;
    }

    /// <summary>The payload of a frame of observations. Valid until the next batch.</summary>
    public ReadOnlyMemory<byte> WriteObservations(long stamp)
    {
        WriteHead(stamp);
        FrameParts.WriteObservations(_payload, Batch, _scratch);
        return _payload.WrittenMemory;
    }

    /// <summary>The payload of a frame with an order to delete. Valid until the next batch.</summary>
    public ReadOnlyMemory<byte> WriteDeletion(long stamp, Deletion deletion)
    {
        Begin();
        WriteHead(stamp);
        deletion.Write(_payload);
        return _payload.WrittenMemory;
    }

    private void WriteHead(long stamp)
    {
        _payload.Clear();
        new FrameHead(Epoch, _epochIsFresh, stamp).Write(_payload);
        _epochIsFresh = false;
        Varint.Write(_payload, (ulong)Batch.Declared.Count);
        _payload.Write(_declarations.WrittenSpan);
    }
}
