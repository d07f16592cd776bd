using System.Buffers;
using HmsOps.Disk;
using HmsOps.Observe.History;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteRead;

/// <summary>An answer of remote read, taken apart into batches as it arrives. One owner.</summary>
/// <param name="body">The answer.</param>
/// <param name="name">What it answers, for messages.</param>
/// <param name="from">First millisecond that was asked for; chunks reach beyond.</param>
/// <param name="to">Last millisecond that was asked for.</param>
/// <param name="batch">What is filled.</param>
/// <param name="damage">Where what is left out is named.</param>
/// <param name="seriesBefore">Series of earlier answers.</param>
internal abstract class AnswerParts(Stream body, string name, long from, long to, SampleBatch batch, HistoryDamage damage, long seriesBefore) : IDisposable
{
    /// <summary>A batch is handed out when it has as many, or with the part that brings it there.</summary>
    protected const int BatchSamples = 4_000;

    private readonly ArrayBufferWriter<byte> _key = new(1_024);
    private byte[] _buffer = [];
    private bool _isNew;

    public long SeriesBefore => seriesBefore;

    /// <summary>Series met so far.</summary>
    public long Series { get; private set; }

    protected Stream Body => body;

    protected string Name => name;

    protected SampleBatch Batch => batch;

    protected HistoryDamage Damage => damage;

    /// <summary>Fills the batch, which may stay empty; false when all has been taken.</summary>
    public abstract Task<bool> FillAsync(CancellationToken cancellationToken);

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

    /// <summary>All labels are there.</summary>
    protected void EndLabels(bool isNew)
    {
        Series += isNew ? 1 : 0;
        _isNew = true;
    }

    protected ReadOnlySpan<byte> Key => _key.WrittenSpan;

    /// <summary>A new batch, or another series: the next sample names it again.</summary>
    protected void Anew() => _isNew = true;

    protected void Take(long time, double value)
    {
        if (time >= from && time <= to)
            batch.Add(Place(), time, value);
    }

    protected void Take(long time, NativeHistogram histogram)
    {
        if (time >= from && time <= to)
            batch.Add(Place(), time, histogram);
    }

    protected HistoryDamagedException Damaged(long at, string what) => new(name, at, what);

    private int Place()
    {
        if (_isNew)
            batch.AddSeries(_key.WrittenSpan);
        _isNew = false;
        return batch.SeriesCount - 1;
    }
}
