using System.Buffers;
using HmsOps.Disk;
using HmsOps.Observe.History;

namespace HmsOps.Observe.Prometheus.Blocks;

/// <summary>Looks into a file through a buffer: who walks forward reads each byte from the disk once. One owner.</summary>
internal sealed class FileWindow(IDiskFile file) : IDisposable
{
    private const int BytesMin = 256 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BytesMin);
    private long _begin;
    private int _length;

    public string Path => file.Path;

    public long Length => file.Length;

    /// <summary>Bytes at an offset, as many as are asked for or as there are. Good until the next look.</summary>
    public ReadOnlySpan<byte> Look(long offset, int length)
    {
        if (offset < _begin || offset + length > _begin + _length)
            Fill(offset, length);
        var at = (int)(offset - _begin);
        return _buffer.AsSpan(at, Math.Min(length, _length - at));
    }

    /// <summary>Exactly so many bytes.</summary>
    public ReadOnlySpan<byte> Take(long offset, int length)
    {
        var bytes = Look(offset, length);
        return bytes.Length == length ? bytes : throw new HistoryDamagedException(Path, offset, $"{length} bytes are expected there, and the file ends after {bytes.Length}");
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _length) = ([], 0);
        file.Dispose();
    }

    private void Fill(long offset, int length)
    {
        if (offset < 0 || offset > file.Length)
            throw new HistoryDamagedException(Path, offset, $"something is said to lie there, and the file has {file.Length} bytes");
        // As much as the file can still give, not as a damaged length asks.
        length = (int)Math.Min(length, file.Length - offset);
        if (length > _buffer.Length)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(length);
        }
        _begin = offset;
        _length = file.Read(offset, _buffer);
    }
}
