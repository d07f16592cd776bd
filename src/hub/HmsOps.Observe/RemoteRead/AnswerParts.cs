using System.Buffers;
using HmsOps.Disk;
using HmsOps.Observe.History;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteRead;

/// <summary>An answer that holds samples of series, taken apart into batches as it arrives. One owner.</summary>
/// <param name="body">The answer.</param>
/// <param name="name">What it answers, for messages.</param>
/// <param name="from">First millisecond that was asked for; answers reach beyond.</param>
/// <param name="to">Last millisecond that was asked for.</param>
/// <param name="damage">Where what is left out is named.</param>
internal abstract class AnswerParts(Stream body, string name, long from, long to, HistoryDamage damage) : IDisposable
{
    /// <summary>A batch is handed out when it has as many, or with the part that brings it there.</summary>
    protected const int BatchSamples = 4_000;

    private readonly ArrayBufferWriter<byte> _key = new(1_024);
    private byte[] _buffer = [];
    private SampleBatch? _batch;
    private bool _isNew;

    /// <summary>Series met so far.</summary>
    public long Series { get; private set; }

    protected Stream Body => body;

    protected string Name => name;

    protected SampleBatch Batch => _batch ?? throw new InvalidOperationException("No batch is being filled.");

    protected HistoryDamage Damage => damage;

    /// <summary>Fills a batch, which may stay empty; false when all has been taken. A series that goes on from the batch before is named in this one again.</summary>
    /// <exception cref="HistoryDamagedException">The answer cannot be read on.</exception>
    public async Task<bool> FillAsync(SampleBatch batch, CancellationToken cancellationToken)
    {
        _batch = batch;
        _isNew = true; // a new batch: the next sample names its series again
        return await FillAsync(cancellationToken);
    }

    /// <summary>Fills <see cref="Batch"/>.</summary>
    protected abstract Task<bool> FillAsync(CancellationToken cancellationToken);

    public virtual void Dispose()
    {
        if (_buffer.Length > 0)
            LargeBuffers.Return(_buffer);
        _buffer = [];
        body.Dispose();
    }

    /// <summary>A pooled buffer of so many bytes at least, that keeps what was in it.</summary>
    protected byte[] Buffer(int bytes)
    {
        if (_buffer.Length >= bytes)
            return _buffer;
        var larger = LargeBuffers.Rent(bytes);
        _buffer.CopyTo(larger, 0);
        if (_buffer.Length > 0)
            LargeBuffers.Return(_buffer);
        return _buffer = larger;
    }

    /// <summary>Begins a series, counted unless its labels are those of the one before: its labels are added next.</summary>
    protected void BeginSeries() => _key.ResetWrittenCount();

    /// <summary>Adds a label as it lies in the message, its tag and length before it.</summary>
    protected void AddLabel(ReadOnlySpan<byte> label)
    {
        _key.Write((ReadOnlySpan<byte>)[(1 << 3) | (byte)WireType.Block]);
        Varint.WriteBlock(_key, label);
    }

    /// <summary>Begins a series with all its labels, which are canonical.</summary>
    protected void SetKey(ReadOnlySpan<byte> labels)
    {
        _key.ResetWrittenCount();
        _key.Write(labels);
    }

    /// <summary>All labels are there.</summary>
    protected void EndLabels(bool isNew)
    {
        Series += isNew ? 1 : 0;
        _isNew = true;
    }

    protected ReadOnlySpan<byte> Key => _key.WrittenSpan;

    protected void Take(long time, double value)
    {
        if (time >= from && time <= to)
            Batch.Add(Place(), time, value);
    }

    protected void Take(long time, NativeHistogram histogram)
    {
        if (time >= from && time <= to)
            Batch.Add(Place(), time, histogram);
    }

    protected HistoryDamagedException Damaged(long at, string what) => new(name, at, what);

    private int Place()
    {
        if (_isNew)
            Batch.AddSeries(_key.WrittenSpan);
        _isNew = false;
        return Batch.SeriesCount - 1;
    }
}
