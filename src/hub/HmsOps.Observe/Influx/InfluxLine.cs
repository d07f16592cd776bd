using System.Globalization;

namespace HmsOps.Observe.Influx;

/// <summary>
/// The grammar of the line protocol, a function a production, over spans: <c>measurement,tag=value field=value,field=value timestamp</c>. A backslash takes the
/// meaning from a comma, a space or an equals sign, in texts from a quote or a backslash, and is itself before anything else. Nothing is copied.
/// </summary>
internal static class InfluxLine
{
    private const byte Escape = (byte)'\\';
    private const byte Quote = (byte)'"';

    /// <summary>Where the line at the beginning of a chunk ends: the place of its line feed, or -1. A line feed within a quoted text of a field ends no line.</summary>
    public static int EndOf(ReadOnlySpan<byte> chunk)
    {
        var end = chunk.IndexOf((byte)'\n');
        var quote = end < 0 ? -1 : chunk[..end].IndexOf(Quote);
        if (quote < 0 || chunk.TrimStart(" \t\r"u8).StartsWith("#"u8))
            return end;
        // Quotes mean something in the fields only, which begin behind the first space.
        var at = HeadLength(chunk[..end]);
        var isQuoted = false;
        for (; at < chunk.Length; at++)
        {
            switch (chunk[at])
            {
                case Escape when isQuoted:
                    at++;
                    break;
                case Quote:
                    isQuoted = !isQuoted;
                    break;
                case (byte)'\n' when !isQuoted:
                    return at;
            }
        }
        return -1;
    }

    /// <summary>Bytes of measurement and tags: up to the first space that is one.</summary>
    public static int HeadLength(ReadOnlySpan<byte> line) => IndexOf(line, (byte)' ') is >= 0 and var space ? space : line.Length;

    /// <summary>The first such byte that no backslash has taken the meaning from; -1 when there is none.</summary>
    public static int IndexOf(ReadOnlySpan<byte> text, byte wanted)
    {
        var from = 0;
        while (true)
        {
            var at = text[from..].IndexOf(wanted);
            if (at < 0)
                return -1;
            at += from;
            if (!IsEscaped(text, at))
                return at;
            from = at + 1;
        }
    }

    /// <summary>Writes a name or a tag's value without its escapes; answers the bytes written, at most as many as there are.</summary>
    public static int Unescape(ReadOnlySpan<byte> text, Span<byte> into)
    {
        var written = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == Escape && i + 1 < text.Length && text[i + 1] is (byte)',' or (byte)'=' or (byte)' ' or Escape)
                i++;
            into[written++] = text[i];
        }
        return written;
    }

    /// <summary>Reads <c>key=value</c> and moves past it and the comma behind. False, and what is wrong, when there is none.</summary>
    public static bool TryReadField(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value, out string wrong)
    {
        value = default;
        var equals = IndexOf(rest, (byte)'=');
        key = equals < 0 ? default : rest[..equals];
        wrong = equals < 0 ? "a field without a value; write field=1" : key.IsEmpty ? "a field without a name; write field=1" : "";
        if (wrong.Length > 0)
            return false;
        var behind = rest[(equals + 1)..];
        var length = behind.StartsWith("\""u8) ? TextLength(behind) : PlainLength(behind);
        if (length < 0)
            wrong = "a text that does not end; put a quote behind it";
        else if (length == 0)
            wrong = "a field without a value; write field=1";
        else if (length < behind.Length && behind[length] is not ((byte)',' or (byte)' '))
            wrong = "something behind a text; write a comma or a space there";
        if (wrong.Length > 0)
            return false;
        value = behind[..length];
        behind = behind[length..];
        var goesOn = behind.StartsWith(","u8);
        rest = goesOn ? behind[1..] : behind;
        if (goesOn && rest.IsEmpty)
            wrong = "a comma and no field behind it";
        return wrong.Length == 0;
    }

    /// <summary>What a field's value is, as a number where it is one.</summary>
    public static FieldKind Classify(ReadOnlySpan<byte> value, out double number)
    {
        number = 0;
        switch (value[0])
        {
            case Quote:
                return FieldKind.Text;
            case (byte)'t' or (byte)'T' when value.SequenceEqual("t"u8) || value.SequenceEqual("T"u8) || value.SequenceEqual("true"u8) || value.SequenceEqual("True"u8) || value.SequenceEqual("TRUE"u8):
                number = 1;
                return FieldKind.Number;
            case (byte)'f' or (byte)'F' when value.SequenceEqual("f"u8) || value.SequenceEqual("F"u8) || value.SequenceEqual("false"u8) || value.SequenceEqual("False"u8) || value.SequenceEqual("FALSE"u8):
                return FieldKind.Number;
        }
        switch (value[^1])
        {
            case (byte)'i' when long.TryParse(value[..^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var signed):
                number = signed;
                return FieldKind.Number;
            case (byte)'u' when ulong.TryParse(value[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var unsigned):
                number = unsigned;
                return FieldKind.Number;
        }
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(value, Style, CultureInfo.InvariantCulture, out number) && double.IsFinite(number) ? FieldKind.Number : FieldKind.Wrong;
    }

    private static bool IsEscaped(ReadOnlySpan<byte> text, int at)
    {
        var escapes = 0;
        while (at - escapes > 0 && text[at - escapes - 1] == Escape)
            escapes++;
        return escapes % 2 == 1;
    }

    private static int TextLength(ReadOnlySpan<byte> text)
    {
        for (var at = 1; at < text.Length; at++)
        {
            if (text[at] == Escape)
                at++;
            else if (text[at] == Quote)
                return at + 1;
        }
        return -1;
    }

    private static int PlainLength(ReadOnlySpan<byte> text) => text.IndexOfAny((byte)',', (byte)' ') is >= 0 and var end ? end : text.Length;
}

/// <summary>What a field's value is to a store of numbers.</summary>
internal enum FieldKind
{
    /// <summary>Integer, unsigned, float or boolean.</summary>
    Number,

    /// <summary>A quoted text: metrics have none.</summary>
    Text,

    /// <summary>None of these.</summary>
    Wrong,
}
