using System.Buffers;

namespace HmsOps.Ledger.Writing;

/// <summary>The payload of the batch in hand: grows as drafts write to it, and can be cut back when one is refused. One owner, the writer.</summary>
internal sealed class BatchBuffer : IBufferWriter<byte>
{
    private byte[] _bytes = new byte[64 * 1024];

    /// <summary>Bytes written; set it lower to take the last ones back.</summary>
    public int Length { get; private set; }

    public Span<byte> Written => _bytes.AsSpan(0, Length);

    public ReadOnlySpan<byte> From(int start) => _bytes.AsSpan(start, Length - start);

    public void CutTo(int length) => Length = length;

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - Length);
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsSpan(Length);
    }

    private void Ensure(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        var wanted = checked(Length + Math.Max(sizeHint, 1));
        if (wanted > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(wanted, (int)Math.Min(2L * _bytes.Length, Array.MaxLength)));
    }
}
