using System.Buffers;

namespace HmsOps.Series;

/// <summary>One label as it lies in <see cref="Labels.Bytes"/>: the message <c>Label</c> of remote write, in a field of number 1.</summary>
public static class LabelBytes
{
    private const byte FieldOne = 0x0a; // number 1, length-delimited: the label in the set, and the name in the label
    private const byte FieldTwo = 0x12; // number 2, length-delimited: the value in the label

    /// <summary>Bytes a label takes.</summary>
    public static int Size(int name, int value)
    {
        var inner = 2 + Varint.Size((ulong)name) + name + Varint.Size((ulong)value) + value;
        return 1 + Varint.Size((ulong)inner) + inner;
    }

    /// <summary>Writes a label.</summary>
    public static void Write(IBufferWriter<byte> into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var size = Size(name.Length, value.Length);
        Write(into.GetSpan(size), name, value);
        into.Advance(size);
    }

    /// <summary>Writes a label; answers the bytes written.</summary>
    public static int Write(Span<byte> into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Write(into, name, value, []);

    /// <summary>Writes a label whose value is in two parts; answers the bytes written.</summary>
    public static int Write(Span<byte> into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        var value = head.Length + tail.Length;
        var inner = 2 + Varint.Size((ulong)name.Length) + name.Length + Varint.Size((ulong)value) + value;
        into[0] = FieldOne;
        var at = 1 + Varint.Write(into[1..], (ulong)inner);
        at += WriteField(into[at..], FieldOne, name, []);
        return at + WriteField(into[at..], FieldTwo, head, tail);
    }

    /// <summary>
    /// Reads a label and moves past it. Reads what this writes, lengths longer than need be too, and nothing else: fields that are missing,
    /// doubled, unknown or the other way round are for readers of the whole wire format.
    /// </summary>
    public static bool TryRead(scoped ref ReadOnlySpan<byte> from, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        name = default;
        value = default;
        var rest = from;
        if (!TryReadField(ref rest, FieldOne, out var label) || !TryReadField(ref label, FieldOne, out name)
            || !TryReadField(ref label, FieldTwo, out value) || !label.IsEmpty)
        {
            return false;
        }
        from = rest;
        return true;
    }

    private static int WriteField(Span<byte> into, byte tag, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        into[0] = tag;
        var at = 1 + Varint.Write(into[1..], (ulong)(head.Length + tail.Length));
        head.CopyTo(into[at..]);
        tail.CopyTo(into[(at + head.Length)..]);
        return at + head.Length + tail.Length;
    }

    private static bool TryReadField(scoped ref ReadOnlySpan<byte> from, byte tag, out ReadOnlySpan<byte> field)
    {
        field = default;
        if (from.IsEmpty || from[0] != tag)
            return false;
        var rest = from[1..];
        if (!Varint.TryReadBlock(ref rest, out field))
            return false;
        from = rest;
        return true;
    }
}
