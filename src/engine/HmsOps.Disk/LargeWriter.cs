using System.Buffers;

namespace HmsOps.Disk;

/// <summary>Bytes written one behind the other, into a buffer of <see cref="LargeBuffers"/> that goes back when it is cleared and was large. One owner at a time.</summary>
public sealed class LargeWriter : IBufferWriter<byte>
{
    private const int KeptMax = 4 * LargeBuffers.BytesMin;

    private byte[] _buffer = [];

    /// <summary>Bytes written.</summary>
    public int WrittenCount { get; private set; }

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlySpan<byte> WrittenSpan => _buffer.AsSpan(0, WrittenCount);

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, WrittenCount);

    /// <summary>Begins anew.</summary>
    public void Clear()
    {
        WrittenCount = 0;
        if (_buffer.Length <= KeptMax)
            return;
        LargeBuffers.Return(_buffer);
        _buffer = [];
    }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - WrittenCount);
        WrittenCount += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureRoom(sizeHint);
        return _buffer.AsMemory(WrittenCount);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        EnsureRoom(sizeHint);
        return _buffer.AsSpan(WrittenCount);
    }

    private void EnsureRoom(int bytes)
    {
        if (_buffer.Length - WrittenCount >= Math.Max(1, bytes))
            return;
        var larger = LargeBuffers.Rent((int)Math.Min(Math.Max((long)WrittenCount + Math.Max(1, bytes), 2L * _buffer.Length), Array.MaxLength));
        WrittenSpan.CopyTo(larger);
        LargeBuffers.Return(_buffer);
        _buffer = larger;
    }
}
