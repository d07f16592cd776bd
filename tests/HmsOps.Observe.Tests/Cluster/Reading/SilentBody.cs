namespace HmsOps.Observe.Tests.Cluster.Reading;

/// <summary>An answer that begins and then says nothing more, or breaks off.</summary>
internal sealed class SilentBody(byte[] first) : Stream
{
    private int _at;

    public Action WhenWaiting { get; set; } = () => { };

    /// <summary>So many at most are handed out at once.</summary>
    public int BytesAtOnce { get; init; } = int.MaxValue;

    /// <summary>Done before bytes are handed out.</summary>
    public Action WhenRead { get; init; } = () => { };

    /// <summary>What becomes of it behind its last byte; null: silence.</summary>
    public IOException? Breaks { get; init; }

    public int Bytes => first.Length;

    public int BytesRead => _at;

    public bool IsDisposed { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_at < first.Length)
        {
            WhenRead();
            cancellationToken.ThrowIfCancellationRequested();
            var count = Math.Min(BytesAtOnce, Math.Min(buffer.Length, first.Length - _at));
            first.AsMemory(_at, count).CopyTo(buffer);
            _at += count;
            return count;
        }
        if (Breaks is not null)
            throw Breaks;
        var end = new TaskCompletionSource<int>();
        await using var registered = cancellationToken.Register(() => end.TrySetCanceled(cancellationToken));
        WhenWaiting();
        return await end.Task;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }
}
