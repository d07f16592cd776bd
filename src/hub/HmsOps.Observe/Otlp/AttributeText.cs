using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Otlp;

/// <summary>
/// An attribute's value as the text of a label: texts as they are, numbers and truth values in words, bytes in base64, lists and maps as JSON with sorted
/// keys. Prometheus renders the same. One owner; the bytes live until the next value.
/// </summary>
internal sealed class AttributeText
{
    private const int DepthMax = 8; // lists in lists; a label is no document
    private const uint Item = (1 << 3) | WireType.Block; // of a list and of a map alike

    private static readonly Flaw TooDeep = new("attribute_depth", $"an attribute's value is nested deeper than {DepthMax} levels; flatten it");

    private readonly ArrayBufferWriter<byte> _text = new();

    /// <summary>What is wrong with the value just read; null when nothing is.</summary>
    public Flaw? Flaw { get; private set; }

    /// <summary>The text of the value just read.</summary>
    public ReadOnlySpan<byte> Bytes => _text.WrittenSpan;

    /// <summary>Reads the message <c>AnyValue</c>; false when it cannot be read.</summary>
    public bool TryRead(ReadOnlySpan<byte> value)
    {
        _text.ResetWrittenCount();
        Flaw = null;
        if (!TryReadLast(value, out var tag, out var number, out var block))
            return false;
        switch (tag)
        {
            case AnyValue.Array or AnyValue.Map:
                return TryWriteJson(tag, number, block, 0);
            case AnyValue.Bytes:
                Write(Convert.ToBase64String(block));
                return true;
            case AnyValue.Text:
                _text.Write(block);
                return true;
            case AnyValue.Bool:
                Write(number != 0 ? "true" : "false");
                return true;
            case AnyValue.Int:
                Write(((long)number).ToString(CultureInfo.InvariantCulture));
                return true;
            case AnyValue.Double:
                Write(NumberText.Json(BitConverter.UInt64BitsToDouble(number)));
                return true;
            default:
                return true; // no value: an absent label
        }
    }

    /// <summary>Reads the message <c>KeyValue</c>: where its key and its value lie; false when it cannot be read.</summary>
    public static bool TryReadPair(ReadOnlySpan<byte> pair, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        key = default;
        value = default;
        var fields = new ProtoReader(pair);
        while (!fields.IsAtEnd)
        {
            var read = fields.TryReadTag(out var tag) && tag switch
            {
                (1 << 3) | WireType.Block => fields.TryReadBlock(out key),
                (2 << 3) | WireType.Block => fields.TryReadBlock(out value),
                _ => fields.TrySkip(tag),
            };
            if (!read)
                return false;
        }
        return true;
    }

    // Of a choice the field that comes last holds.
    private static bool TryReadLast(ReadOnlySpan<byte> value, out uint last, out ulong number, out ReadOnlySpan<byte> block)
    {
        (last, number) = (0, 0);
        block = default;
        var fields = new ProtoReader(value);
        while (!fields.IsAtEnd)
        {
            var read = fields.TryReadTag(out var tag) && tag switch
            {
                AnyValue.Text or AnyValue.Array or AnyValue.Map or AnyValue.Bytes => fields.TryReadBlock(out block),
                AnyValue.Bool or AnyValue.Int => fields.TryReadVarint(out number),
                AnyValue.Double => fields.TryReadFixed64(out number),
                _ => fields.TrySkip(tag),
            };
            if (!read)
                return false;
            if (tag is AnyValue.Text or AnyValue.Bool or AnyValue.Int or AnyValue.Double or AnyValue.Array or AnyValue.Map or AnyValue.Bytes)
                last = tag;
        }
        return true;
    }

    private bool TryWriteJson(uint tag, ulong number, ReadOnlySpan<byte> block, int depth)
    {
        if (depth == DepthMax)
        {
            Flaw = TooDeep;
            return true;
        }
        switch (tag)
        {
            case AnyValue.Array:
                return TryWriteArray(block, depth);
            case AnyValue.Map:
                return TryWriteMap(block, depth);
            case AnyValue.Text:
                WriteQuoted(block);
                return true;
            case AnyValue.Bytes:
                Write($"\"{Convert.ToBase64String(block)}\"");
                return true;
            case AnyValue.Bool:
                Write(number != 0 ? "true" : "false");
                return true;
            case AnyValue.Int:
                Write(((long)number).ToString(CultureInfo.InvariantCulture));
                return true;
            case AnyValue.Double:
                var text = NumberText.Json(BitConverter.UInt64BitsToDouble(number));
                Write(double.IsFinite(BitConverter.UInt64BitsToDouble(number)) ? text : $"\"{text}\"");
                return true;
            default:
                Write("null");
                return true;
        }
    }

    private bool TryWriteArray(ReadOnlySpan<byte> values, int depth)
    {
        Write("[");
        var isFirst = true;
        var fields = new ProtoReader(values);
        while (fields.TryFindBlock(Item, out var value))
        {
            if (!isFirst)
                Write(",");
            isFirst = false;
            if (!TryWriteNested(value, depth))
                return false;
        }
        if (fields.IsBroken)
            return false;
        Write("]");
        return true;
    }

    private bool TryWriteMap(ReadOnlySpan<byte> pairs, int depth)
    {
        var sorted = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        var fields = new ProtoReader(pairs);
        while (fields.TryFindBlock(Item, out var pair))
        {
            if (!TryReadPair(pair, out var key, out var value))
                return false;
            if (!Utf8.IsValid(key))
                Flaw = Flaw.NotUtf8;
            if (!sorted.TryAdd(Encoding.UTF8.GetString(key), value.ToArray()))
                Flaw = Flaw.Twice;
        }
        if (fields.IsBroken)
            return false;
        Write("{");
        var isFirst = true;
        foreach (var (key, value) in sorted)
        {
            if (!isFirst)
                Write(",");
            isFirst = false;
            WriteQuoted(Encoding.UTF8.GetBytes(key));
            Write(":");
            if (!TryWriteNested(value, depth))
                return false;
        }
        Write("}");
        return true;
    }

    private bool TryWriteNested(ReadOnlySpan<byte> value, int depth) =>
        TryReadLast(value, out var tag, out var number, out var block) && TryWriteJson(tag, number, block, depth + 1);

    // Escapes what JSON wants escaped, and, as its makers do there, what a page could take for markup.
    private void WriteQuoted(ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text))
            Flaw = Flaw.NotUtf8;
        var quoted = new StringBuilder("\"");
        foreach (var c in Encoding.UTF8.GetString(text))
        {
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                '\b' => quoted.Append("\\b"),
                '\f' => quoted.Append("\\f"),
                < ' ' or '<' or '>' or '&' or '\u2028' or '\u2029' => quoted.Append($"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        }
        Write(quoted.Append('"').ToString());
    }

    private void Write(string text) => Encoding.UTF8.GetBytes(text, _text);

    private static class AnyValue
    {
        public const uint Text = (1 << 3) | WireType.Block;
        public const uint Bool = (2 << 3) | WireType.Varint;
        public const uint Int = (3 << 3) | WireType.Varint;
        public const uint Double = (4 << 3) | WireType.Fixed64;
        public const uint Array = (5 << 3) | WireType.Block;
        public const uint Map = (6 << 3) | WireType.Block;
        public const uint Bytes = (7 << 3) | WireType.Block;
    }
}
