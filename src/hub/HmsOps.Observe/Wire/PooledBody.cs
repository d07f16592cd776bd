using System.Buffers;
using System.IO.Pipelines;

namespace HmsOps.Observe.Wire;

/// <summary>
/// The body of a request in a pooled buffer, read as it arrives: it holds, and takes from the door's budget, what has come and not what was announced, so
/// that a sender who dawdles costs little. One owner, who disposes it.
/// </summary>
public sealed class PooledBody : IDisposable
{
    /// <summary>What the first buffer holds at least.</summary>
    internal const int FirstBytes = 64 * 1024;

    private readonly ByteBudget _budget;
    private byte[] _buffer = [];
    private int _length;

    private PooledBody(ByteBudget budget) => _budget = budget;

    /// <summary>What has been read.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>How the reading ended; there are bytes to be looked at only after <see cref="BodyEnd.Whole"/>.</summary>
    public BodyEnd End { get; private set; }

    /// <summary>Reads a body to its end or its limit.</summary>
    public static async Task<PooledBody> ReadAsync(PipeReader from, int bytesMax, ByteBudget budget, CancellationToken cancellationToken)
    {
        var body = new PooledBody(budget);
        try
        {
            while (true)
            {
                var read = await from.ReadAsync(cancellationToken);
                body.End = body.Take(read.Buffer, bytesMax);
                from.AdvanceTo(read.Buffer.End);
                if (body.End != BodyEnd.Whole || read.IsCompleted)
                    return body;
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _budget.Give(_buffer.Length);
        (_buffer, _length) = ([], 0);
    }

    private BodyEnd Take(ReadOnlySequence<byte> part, int bytesMax)
    {
        if (part.Length > bytesMax - _length)
            return BodyEnd.TooLarge;
        var length = _length + (int)part.Length;
        if (length > _buffer.Length && !TryGrow(length))
            return BodyEnd.Busy;
        part.CopyTo(_buffer.AsSpan(_length));
        _length = length;
        return BodyEnd.Whole;
    }

    private bool TryGrow(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(FirstBytes, length), (int)Math.Min(2L * _buffer.Length, Array.MaxLength)));
        if (!_budget.TryTake(larger.Length - _buffer.Length))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }
        _buffer.AsSpan(0, _length).CopyTo(larger);
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
        return true;
    }
}

/// <summary>How the reading of a body ended.</summary>
public enum BodyEnd
{
    /// <summary>All of it is there.</summary>
    Whole,

    /// <summary>It is larger than the door takes.</summary>
    TooLarge,

    /// <summary>The door's budget is used up by other requests.</summary>
    Busy,
}
