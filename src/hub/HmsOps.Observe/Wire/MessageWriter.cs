using System.Buffers.Binary;
using HmsOps.Series;

namespace HmsOps.Observe.Wire;

/// <summary>
/// Writes a protobuf message into a pooled buffer that grows up to a limit and takes its bytes from the door's budget. Lengths of nested messages are written behind
/// them, so they take five bytes whatever they say. Full, it writes nothing more and says so. One owner, who disposes it.
/// </summary>
internal sealed class MessageWriter(int bytesMax, ByteBudget budget) : IDisposable
{
    private const int LengthBytes = 5;

    private byte[] _buffer = [];
    private int _length;

    /// <summary>True when the limit or the budget did not suffice; what was written means nothing then.</summary>
    public bool IsFull { get; private set; }

    /// <summary>True when it was the budget, which others use up for a moment, that did not suffice.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>What was written.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Bytes written.</summary>
    public int Length => _length;

    /// <summary>Forgets what was written; the buffer stays.</summary>
    public void Clear() => (_length, IsFull, IsBusy) = (0, false, false);

    public void WriteTag(int number, int type) => WriteVarint((ulong)(uint)(number << 3 | type));

    public void WriteVarint(ulong value)
    {
        var room = Room(Varint.BytesMax);
        if (!room.IsEmpty)
            _length += Varint.Write(room, value);
    }

    public void WriteFixed64(ulong value)
    {
        var room = Room(sizeof(ulong));
        if (room.IsEmpty)
            return;
        BinaryPrimitives.WriteUInt64LittleEndian(room, value);
        _length += sizeof(ulong);
    }

    /// <summary>Writes a field that is a number.</summary>
    public void WriteVarint(int number, ulong value)
    {
        WriteTag(number, (int)WireType.Varint);
        WriteVarint(value);
    }

    /// <summary>Writes a field that is a float64, bit for bit.</summary>
    public void WriteDouble(int number, double value)
    {
        WriteTag(number, (int)WireType.Fixed64);
        WriteFixed64(BitConverter.DoubleToUInt64Bits(value));
    }

    /// <summary>Writes a field that is bytes, or a message that is there already.</summary>
    public void WriteBlock(int number, ReadOnlySpan<byte> block)
    {
        WriteTag(number, (int)WireType.Block);
        WriteVarint((ulong)block.Length);
        WriteBytes(block);
    }

    /// <summary>Writes a field that is text; nothing when it is empty.</summary>
    public void WriteText(int number, string text)
    {
        if (text.Length > 0)
            WriteBlock(number, System.Text.Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Writes fields that are there already.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        var room = Room(bytes.Length);
        if (room.IsEmpty)
            return;
        bytes.CopyTo(room);
        _length += bytes.Length;
    }

    /// <summary>Begins a field that has a length; answers what <see cref="EndBlock"/> wants.</summary>
    public int BeginBlock(int number)
    {
        WriteTag(number, (int)WireType.Block);
        var at = _length;
        if (!Room(LengthBytes).IsEmpty)
            _length += LengthBytes;
        return at;
    }

    /// <summary>Ends a field that has a length.</summary>
    public void EndBlock(int at)
    {
        if (IsFull)
            return;
        var length = (uint)(_length - at - LengthBytes);
        for (var i = 0; i < LengthBytes; i++, length >>= 7)
            _buffer[at + i] = (byte)((length & 0x7f) | (i < LengthBytes - 1 ? 0x80u : 0));
    }

    /// <summary>Room for so many bytes, to be filled and then <see cref="Advance"/>d over; empty when there is none left.</summary>
    public Span<byte> Room(int bytes)
    {
        if (IsFull || (_length + bytes > _buffer.Length && !TryGrow(bytes)))
            return default;
        return _buffer.AsSpan(_length, bytes);
    }

    public void Advance(int bytes) => _length += bytes;

    /// <inheritdoc/>
    public void Dispose()
    {
        PooledBytes.Give(ref _buffer, budget);
        _length = 0;
    }

    private bool TryGrow(int bytes)
    {
        if ((long)_length + bytes > bytesMax)
        {
            IsFull = true;
            return false;
        }
        if (PooledBytes.TryGrow(ref _buffer, _length, (long)_length + bytes, Array.MaxLength, budget))
            return true;
        (IsFull, IsBusy) = (true, true);
        return false;
    }
}
