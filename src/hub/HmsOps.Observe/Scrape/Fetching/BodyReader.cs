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

    // An answer that turns out to be too large is never in one piece: buffers that double up to 64 MiB cost a hub that is asked to read such ones 800 MB, for the pool
    // keeps each size, and what it does not keep waits for a collection of large objects.
    private const int PartBytes = 1 << 20;

    private long _inUse;

    /// <summary>Bytes in buffers now.</summary>
    public long InUse => Interlocked.Read(ref _inUse);

    /// <summary>The body, or why it was not read to its end.</summary>
    public async Task<(FetchedBody? Body, FetchOutcome.Failed? Failed)> ReadAsync(Stream from, bool isPacked, CancellationToken cancellationToken)
    {
        var counted = new CountingStream(from);
        await using var unpacked = isPacked ? new GZipStream(counted, CompressionMode.Decompress, leaveOpen: true) : (Stream)counted;
        var parts = new List<byte[]>();
        var (length, before) = (0, 0); // bytes in all, and in all parts but the last
        FetchOutcome.Failed? failed = null;
        try
        {
            while (true)
            {
                if ((parts.Count == 0 || length == before + parts[^1].Length) && !TryGrow(parts, length, ref before, out failed))
                    break;
                var read = await unpacked.ReadAsync(parts[^1].AsMemory(length - before), cancellationToken);
                if (read == 0)
                {
                    if (!TryJoin(parts, length, out var body, out failed))
                        break;
                    return (new FetchedBody(body, length, () => Interlocked.Add(ref _inUse, -body.Length)), null);
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
            foreach (var part in parts)
                GiveBack(part);
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

    // One part that doubles, as long as it is small; then another of the same size each time.
    private bool TryGrow(List<byte[]> parts, int length, ref int before, out FetchOutcome.Failed? failed)
    {
        var isSmall = parts.Count == 0 || (parts.Count == 1 && parts[0].Length < PartBytes);
        if (!TryRent(parts.Count == 0 ? FirstBytes : isSmall ? parts[0].Length * 2 : PartBytes, out var added, out failed))
            return false;
        if (isSmall && parts.Count == 1)
        {
            parts[0].AsSpan(0, length).CopyTo(added);
            GiveBack(parts[0]);
            parts.Clear();
        }
        before = parts.Count == 0 ? 0 : length;
        parts.Add(added);
        return true;
    }

    // The parser wants it in one piece. What it takes over is no part any more.
    private bool TryJoin(List<byte[]> parts, int length, out byte[] body, out FetchOutcome.Failed? failed)
    {
        (body, failed) = (parts[0], null);
        if (parts.Count == 1)
        {
            parts.Clear();
            return true;
        }
        if (!TryRent(length, out body, out failed))
            return false;
        var at = 0;
        foreach (var part in parts)
        {
            var used = Math.Min(part.Length, length - at);
            part.AsSpan(0, used).CopyTo(body.AsSpan(at));
            at += used;
        }
        return true;
    }

    private bool TryRent(int size, out byte[] buffer, out FetchOutcome.Failed? failed)
    {
        failed = null;
        buffer = LargeBuffers.Rent(size);
        if (Interlocked.Add(ref _inUse, buffer.Length) <= limits.MemoryMax)
            return true;
        GiveBack(buffer);
        failed = new FetchOutcome.Failed("memory_limit", $"all answers together have more than {limits.MemoryMax:n0} bytes just now (limits.scrape.memory)");
        return false;
    }

    private void GiveBack(byte[] buffer)
    {
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
