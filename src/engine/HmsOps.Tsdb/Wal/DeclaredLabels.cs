using System.Buffers;
using HmsOps.Series;
using HmsOps.Tsdb.Index;

namespace HmsOps.Tsdb.Wal;

/// <summary>
/// The label set of a declaration, written as a difference to the one declared before it in the frame: series come as their sender lists them, and
/// neighbours have most labels in common.
/// </summary>
internal static class DeclaredLabels
{
    private const int CodesAByte = 4;

    /// <summary>Writes labels as a difference to others.</summary>
    public static void Write(IBufferWriter<byte> into, Labels labels, Labels before)
    {
        var count = Count(labels);
        Varint.Write(into, (ulong)count);
        WriteCodes(into, labels, before, count);
        var old = before.GetEnumerator();
        foreach (var label in labels)
        {
            var (name, value) = Next(ref old);
            var code = CodeOf(label, name, value);
            if (code == Code.Other)
                Varint.WriteBlock(into, label.Name);
            if (code == Code.Same)
                continue;
            var shared = label.Value.CommonPrefixLength(value);
            Varint.Write(into, (ulong)shared);
            Varint.WriteBlock(into, label.Value[shared..]);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote, with the same labels before. What is read lives in the room until the next but one.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> from, Labels before, LabelsRoom room, out Labels labels)
    {
        labels = default;
        if (!Varint.TryRead(ref from, out var count) || count > (ulong)from.Length * CodesAByte)
            return false;
        var codes = from[..(((int)count + CodesAByte - 1) / CodesAByte)];
        from = from[codes.Length..];
        room.Begin();
        var old = before.Bytes;
        for (var i = 0; i < (int)count; i++)
        {
            var code = (Code)((codes[i / CodesAByte] >> (i % CodesAByte * 2)) & 3);
            var whole = old;
            _ = LabelBytes.TryRead(ref old, out var name, out var value); // both empty where there was none before
            if (code > Code.Other || (code == Code.Other ? !Varint.TryReadBlock(ref from, out name) : name.IsEmpty))
                return false;
            if (code == Code.Same)
            {
                room.Add(whole[..^old.Length]);
                continue;
            }
            if (!Varint.TryRead(ref from, out var shared) || shared > (ulong)value.Length || !Varint.TryReadBlock(ref from, out var rest))
                return false;
            room.Add(name, value[..(int)shared], rest);
        }
        return Labels.TryFromBytes(room.Written, out labels);
    }

    private static void WriteCodes(IBufferWriter<byte> into, Labels labels, Labels before, int count)
    {
        var codes = into.GetSpan(((count + CodesAByte - 1) / CodesAByte) + 1)[..((count + CodesAByte - 1) / CodesAByte)];
        codes.Clear();
        var old = before.GetEnumerator();
        var at = 0;
        foreach (var label in labels)
        {
            var (name, value) = Next(ref old);
            codes[at / CodesAByte] |= (byte)((int)CodeOf(label, name, value) << (at % CodesAByte * 2));
            at++;
        }
        into.Advance(codes.Length);
    }

    private static Code CodeOf(Labels.Label label, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        !label.Name.SequenceEqual(name) ? Code.Other : label.Value.SequenceEqual(value) ? Code.Same : Code.Value;

    // The label at the same place of the set before; empty when it has none there.
    private static LabelPair Next(ref Labels.Enumerator old) => old.MoveNext() ? new LabelPair(old.Current.Name, old.Current.Value) : default;

    private static int Count(Labels labels)
    {
        var count = 0;
        foreach (var _ in labels)
            count++;
        return count;
    }

    private enum Code
    {
        /// <summary>Name and value are those at the same place before.</summary>
        Same,

        /// <summary>The name is.</summary>
        Value,

        /// <summary>Neither; the value may begin as that one.</summary>
        Other,
    }

    private readonly ref struct LabelPair(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        private readonly ReadOnlySpan<byte> _name = name;
        private readonly ReadOnlySpan<byte> _value = value;

        public void Deconstruct(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
        {
            name = _name;
            value = _value;
        }
    }
}
