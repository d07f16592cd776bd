using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace HmsOps.Observe.Tests.Wire;

/// <summary>Writes protobuf messages field by field, the plain way.</summary>
internal sealed class ProtoWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public ProtoWriter Varint(int field, ulong value)
    {
        Raw((ulong)field << 3);
        return Raw(value);
    }

    public ProtoWriter Double(int field, double value)
    {
        Raw(((ulong)field << 3) | 1);
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(eight, value);
        _bytes.Write(eight);
        return this;
    }

    public ProtoWriter Block(int field, ReadOnlySpan<byte> block)
    {
        Raw(((ulong)field << 3) | 2);
        Raw((ulong)block.Length);
        _bytes.Write(block);
        return this;
    }

    public ProtoWriter Text(int field, string text) => Block(field, Encoding.UTF8.GetBytes(text));

    public ProtoWriter Message(int field, Action<ProtoWriter> write)
    {
        var message = new ProtoWriter();
        write(message);
        return Block(field, message.ToArray());
    }

    public ProtoWriter Packed(int field, params IEnumerable<ulong> values)
    {
        var packed = new ProtoWriter();
        foreach (var value in values)
            packed.Raw(value);
        return Block(field, packed.ToArray());
    }

    public ProtoWriter PackedSigned(int field, params IEnumerable<long> values) => Packed(field, values.Select(Series.Varint.ZigZag));

    public ProtoWriter PackedDoubles(int field, params IEnumerable<double> values)
    {
        var block = values.SelectMany(BitConverter.GetBytes).ToArray();
        return Block(field, block);
    }

    public ProtoWriter Raw(ulong varint)
    {
        Span<byte> ten = stackalloc byte[Series.Varint.BytesMax];
        _bytes.Write(ten[..Series.Varint.Write(ten, varint)]);
        return this;
    }
}
