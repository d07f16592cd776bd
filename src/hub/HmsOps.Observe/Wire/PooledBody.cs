using System.Buffers;
using System.IO.Pipelines;

namespace HmsOps.Observe.Wire;

/// <summary>
/// The body of a request in a pooled buffer, read as it arrives: it holds, and takes from the door's budget, what has come and not what was announced, so
/// that a sender who dawdles costs little. One owner, who disposes it.
/// </summary>
public sealed class PooledBody : IDisposable
{
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
        PooledBytes.Give(ref _buffer, _budget);
        _length = 0;
    }

    private BodyEnd Take(ReadOnlySequence<byte> part, int bytesMax)
    {
        if (part.Length > bytesMax - _length)
            return BodyEnd.TooLarge;
        var length = _length + (int)part.Length;
        if (length > _buffer.Length && !PooledBytes.TryGrow(ref _buffer, _length, length, Array.MaxLength, _budget))
            return BodyEnd.Busy;
        part.CopyTo(_buffer.AsSpan(_length));
        _length = length;
        return BodyEnd.Whole;
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
