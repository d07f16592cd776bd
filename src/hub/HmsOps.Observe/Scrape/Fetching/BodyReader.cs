using System.IO.Compression;
using HmsOps.Disk;

namespace HmsOps.Observe.Scrape.Fetching;

/// <summary>
/// Reads a body under limits that hold while it is read: bytes as they come, bytes unpacked, and how many of these one of those may become. What is rented counts
/// against a budget all scrapes share, so that a hundred endless answers cost no more than one.
/// </summary>
internal sealed class BodyReader(ScrapeLimits limits)
{
    private const int FirstBytes = 64 << 10;

    private long _inUse;

    /// <summary>Bytes in buffers now.</summary>
    public long InUse => Interlocked.Read(ref _inUse);

    /// <summary>The body, or why it was not read to its end.</summary>
    public async Task<(FetchedBody? Body, FetchOutcome.Failed? Failed)> ReadAsync(Stream from, bool isPacked, CancellationToken cancellationToken)
    {
        var counted = new CountingStream(from);
        await using var unpacked = isPacked ? new GZipStream(counted, CompressionMode.Decompress, leaveOpen: true) : (Stream)counted;
        var buffer = Array.Empty<byte>();
        var length = 0;
        FetchOutcome.Failed? failed = null;
        try
        {
            while (true)
            {
                if (length == buffer.Length && !TryGrow(ref buffer, length, out failed))
                    break;
                var read = await unpacked.ReadAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                {
                    var whole = (buffer, length);
                    var size = buffer.Length;
                    buffer = [];
                    return (new FetchedBody(whole.buffer, whole.length, () => Interlocked.Add(ref _inUse, -size)), null);
                }
                length += read;
                failed = Over(isPacked, counted.Taken, length);
                if (failed is not null)
                    break;
            }
        }
        catch (InvalidDataException)
        {
            failed = new FetchOutcome.Failed("gzip", $"its gzip cannot be unpacked after {length:n0} bytes");
        }
        finally
        {
            GiveBack(buffer);
        }
        return (null, failed);
    }

    private FetchOutcome.Failed? Over(bool isPacked, long packed, int length) =>
        length > limits.DecodedMax ? new("decoded_limit", $"its answer has more than {limits.DecodedMax:n0} bytes (limits.scrape.decoded)")
        : !isPacked ? null
        : packed > limits.PackedMax ? new("packed_limit", $"its compressed answer has more than {limits.PackedMax:n0} bytes (limits.scrape.packed)")
        : length > ScrapeLimits.RatioFrom && length / ScrapeLimits.RatioMax > packed
            ? new("ratio_limit", $"its answer unpacks to more than {ScrapeLimits.RatioMax} times its size; let it send less, or without gzip")
            : null;

    private bool TryGrow(ref byte[] buffer, int length, out FetchOutcome.Failed? failed)
    {
        failed = null;
        var size = (int)Math.Min(Math.Max(FirstBytes, buffer.Length * 2L), limits.DecodedMax + 1L);
        if (buffer.Length >= size)
            size = buffer.Length + 1;
        var larger = LargeBuffers.Rent(size);
        if (Interlocked.Add(ref _inUse, larger.Length) > limits.MemoryMax)
        {
            GiveBack(larger);
            failed = new FetchOutcome.Failed("memory_limit", $"all answers together have more than {limits.MemoryMax:n0} bytes just now (limits.scrape.memory)");
            return false;
        }
        buffer.AsSpan(0, length).CopyTo(larger);
        GiveBack(buffer);
        buffer = larger;
        return true;
    }

    private void GiveBack(byte[] buffer)
    {
        if (buffer.Length == 0)
            return;
        Interlocked.Add(ref _inUse, -buffer.Length);
        LargeBuffers.Return(buffer);
    }

    /// <summary>Counts what is read through it.</summary>
    private sealed class CountingStream(Stream inner) : Stream
    {
        public long Taken { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => Taken;
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            Taken += read;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = inner.Read(buffer, offset, count);
            Taken += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
