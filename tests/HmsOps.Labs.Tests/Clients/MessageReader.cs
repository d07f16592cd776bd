using System.Buffers.Binary;
using System.Text;

namespace HmsOps.Labs.Tests.Clients;

/// <summary>Walks the fields of a protobuf message in order.</summary>
internal struct MessageReader(ReadOnlyMemory<byte> message)
{
    private const int Fixed64 = 1;
    private const int Delimited = 2;

    private ReadOnlyMemory<byte> _value;

    /// <summary>The byte that is read next.</summary>
    public int At { get; private set; }

    public int Field { get; private set; }

    /// <summary>The field's number, when it is one; of a double its bits.</summary>
    public ulong Number { get; private set; }

    /// <summary>The field's bytes, when it is a text, a message or packed.</summary>
    public readonly ReadOnlyMemory<byte> Bytes => _value;

    public readonly string Text => Encoding.UTF8.GetString(_value.Span);

    public bool Next()
    {
        if (At == message.Length)
            return false;
        var tag = Varint();
        (Field, _value, Number) = ((int)(tag >> 3), default, 0);
        switch ((int)(tag & 7))
        {
            case 0:
                Number = Varint();
                break;
            case Fixed64:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(message.Span[At..]);
                At += 8;
                break;
            case Delimited:
                var length = checked((int)Varint());
                _value = message.Slice(At, length);
                At += length;
                break;
            default:
                throw new InvalidDataException($"field {Field} has the wire type {tag & 7}, which none of these messages uses");
        }
        return true;
    }

    public ulong Varint()
    {
        for (var (value, shift) = (0UL, 0); ; shift += 7)
        {
            var next = message.Span[At++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }
    }
}

/// <summary>Writes the fields of a protobuf message.</summary>
internal sealed class MessageWriter
{
    private readonly List<byte> _bytes = [];

    public byte[] ToArray() => [.. _bytes];

    public MessageWriter Number(int field, ulong value)
    {
        Varint(_bytes, (ulong)field << 3);
        Varint(_bytes, value);
        return this;
    }

    public MessageWriter Signed(int field, long value) => Number(field, (ulong)((value << 1) ^ (value >> 63)));

    public MessageWriter Double(int field, double value)
    {
        Varint(_bytes, ((ulong)field << 3) | 1);
        Span<byte> bits = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bits, value);
        _bytes.AddRange(bits);
        return this;
    }

    public MessageWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public MessageWriter Message(int field, MessageWriter value) => Bytes(field, value.ToArray());

    /// <summary>The message with its length before it, as one of a row.</summary>
    public byte[] Delimited()
    {
        var row = new List<byte>();
        Varint(row, (ulong)_bytes.Count);
        row.AddRange(_bytes);
        return [.. row];
    }

    public static void Varint(List<byte> into, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            into.Add((byte)(value | 0x80));
        into.Add((byte)value);
    }

    private MessageWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(_bytes, ((ulong)field << 3) | 2);
        Varint(_bytes, (ulong)value.Length);
        _bytes.AddRange(value);
        return this;
    }
}
