using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using HmsOps.Series;

namespace HmsOps.Observe.Exposition;

/// <summary>
/// The text of a series, <c>name{a="b"}</c> or <c>{"any name", a="b"}</c>: where it ends, which is all that a known one costs, and what it says, which is read
/// once. A value's escapes are <c>\\</c>, <c>\"</c> and <c>\n</c>; any other backslash stands for itself.
/// </summary>
internal static class SeriesText
{
    private const int FoundMax = 20; // characters of what was found, in a message

    private static readonly SearchValues<byte> EndOfName = SearchValues.Create(" \t{"u8);
    private static readonly SearchValues<byte> InBraces = SearchValues.Create("\"}"u8);
    private static readonly SearchValues<byte> InQuotes = SearchValues.Create("\"\\"u8);

    /// <summary>The length of the series at the beginning of a line; −1 when it does not end there.</summary>
    public static int LengthIn(ReadOnlySpan<byte> line, bool blanks)
    {
        var at = line.IndexOfAny(EndOfName);
        if (at < 0)
            return -1;
        if (line[at] != '{')
        {
            var next = blanks ? at + Blanks(line[at..]) : at;
            if (next == line.Length || line[next] != '{' || !blanks)
                return at;
            at = next;
        }
        at++;
        while (true)
        {
            var step = line[at..].IndexOfAny(InBraces);
            if (step < 0)
                return -1;
            at += step + 1;
            if (line[at - 1] == '}')
                return at;
            if (!TrySkipQuoted(line, ref at))
                return -1;
        }
    }

    /// <summary>The name of a series whose length is known, as it is written, and what stands in its braces behind the name.</summary>
    public static void Split(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> pairs)
    {
        var brace = text.IndexOf((byte)'{');
        name = (brace < 0 ? text : text[..brace]).TrimEnd(" \t"u8);
        pairs = brace < 0 ? default : text[(brace + 1)..^1];
        if (!name.IsEmpty || brace < 0)
            return;
        var at = pairs.IndexOf((byte)'"') + 1;
        var end = at;
        if (at == 0 || !TrySkipQuoted(pairs, ref end))
            return;
        name = pairs[at..(end - 1)];
        pairs = pairs[end..].TrimStart(" \t,"u8);
    }

    /// <summary>
    /// A sum over the labels of a series that is the same for all lines of one metric point: in any order, without <c>le</c> and <c>quantile</c>.
    /// </summary>
    public static UInt128 PointOf(ReadOnlySpan<byte> pairs)
    {
        UInt128 sum = 0;
        while (pairs.IndexOf((byte)'=') is >= 0 and var equals)
        {
            var name = pairs[..equals].Trim(" \t,"u8);
            var end = pairs[equals..].IndexOf((byte)'"') + equals + 1;
            if (end == equals || !TrySkipQuoted(pairs, ref end))
                break;
            if (!name.SequenceEqual("le"u8) && !name.SequenceEqual("quantile"u8))
                sum += TextHash.Of(pairs[..end].Trim(" \t,"u8));
            pairs = pairs[end..];
        }
        return sum;
    }

    /// <summary>Reads the labels of a series, its name among them, into an empty draft. Null when that went well.</summary>
    public static TakeFault? Read(in SeriesKey key, LabelDraft into)
    {
        into.Clear();
        var fault = key.Form is SeriesForm.LabelBytes or SeriesForm.LabelBytesAndBound ? ReadBytes(key, into) : new Reader(key.Text, key.Form == SeriesForm.Text, into).Read();
        if (fault is null)
            NormaliseBound(key, into);
        return fault;
    }

    /// <summary>Reads the braces of an exemplar, which begin the text; answers how long they are.</summary>
    public static TakeFault? ReadBraces(ReadOnlySpan<byte> text, LabelDraft into, out int length)
    {
        into.Clear();
        var reader = new Reader(text, blanks: false, into);
        var fault = reader.ReadBraces(nameWanted: false);
        length = reader.At;
        return fault;
    }

    /// <summary>The text behind a quotation mark up to the next, without its escapes.</summary>
    public static string Unescape(ReadOnlySpan<byte> quoted)
    {
        if (!quoted.Contains((byte)'\\'))
            return Encoding.UTF8.GetString(quoted);
        var plain = new ArrayBufferWriter<byte>(quoted.Length);
        for (var i = 0; i < quoted.Length; i++)
        {
            var escaped = quoted[i] == '\\' && i + 1 < quoted.Length ? quoted[i + 1] : (byte)0;
            var stands = escaped switch { (byte)'n' => (byte)'\n', (byte)'"' or (byte)'\\' => escaped, _ => (byte)0 };
            plain.Write([stands == 0 ? quoted[i] : stands]);
            if (stands != 0)
                i++;
        }
        return Encoding.UTF8.GetString(plain.WrittenSpan);
    }

    /// <summary>What stands somewhere, for a message.</summary>
    public static string Found(ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty)
            return "the end of the line";
        var text = Encoding.UTF8.GetString(rest.Length > FoundMax * 4 ? rest[..(FoundMax * 4)] : rest);
        var shown = text.Length > FoundMax ? text[..FoundMax] + "…" : text;
        return LabelNames.Quote(shown);
    }

    /// <summary>Moves behind the closing quotation mark; false when there is none on the line.</summary>
    public static bool TrySkipQuoted(ReadOnlySpan<byte> text, ref int at)
    {
        while (true)
        {
            var step = text[at..].IndexOfAny(InQuotes);
            if (step < 0)
                return false;
            at += step + 1;
            if (text[at - 1] == '"')
                return true;
            if (++at > text.Length)
                return false;
        }
    }

    public static int Blanks(ReadOnlySpan<byte> text)
    {
        var other = text.IndexOfAnyExcept((byte)' ', (byte)'\t');
        return other < 0 ? text.Length : other;
    }

    private static TakeFault? ReadBytes(in SeriesKey key, LabelDraft into)
    {
        var rest = key.Text;
        while (!rest.IsEmpty)
        {
            if (!LabelBytes.TryRead(ref rest, out var name, out var value) || name.IsEmpty)
                return new TakeFault(-1, "expected a label of a name and a value, found other fields");
            var isBound = rest.IsEmpty && key.Form == SeriesForm.LabelBytesAndBound;
            if (!Utf8.IsValid(name) || (!isBound && !Utf8.IsValid(value)))
                return new TakeFault(-1, $"expected UTF-8, found other bytes in the label {Found(name)}");
            if (!into.TryAdd(Encoding.UTF8.GetString(name), isBound ? NumberText.InLabel(BinaryPrimitives.ReadDoubleLittleEndian(value)) : Encoding.UTF8.GetString(value)))
                return new TakeFault(-1, $"the label {Found(name)} stands there twice");
        }
        return null;
    }

    // The same bucket is le="1" in one format and le="1.0" in another; one series, not two, whatever was agreed upon with the target.
    private static void NormaliseBound(in SeriesKey key, LabelDraft labels)
    {
        var bound = key.Kind switch { FamilyKind.Histogram or FamilyKind.GaugeHistogram => "le", FamilyKind.Summary => "quantile", _ => null };
        if (bound is null || labels.Get(bound) is not { Length: > 0 } text || !labels.Get("__name__").StartsWith(Encoding.UTF8.GetString(key.Family), StringComparison.Ordinal))
            return;
        if (ExpositionNumber.TryRead(Encoding.UTF8.GetBytes(text), out var value))
            labels.Set(bound, NumberText.InLabel(value));
    }

    private ref struct Reader(ReadOnlySpan<byte> text, bool blanks, LabelDraft into)
    {
        private readonly ReadOnlySpan<byte> _text = text;

        public int At { get; private set; }

        public TakeFault? Read()
        {
            var length = NameLength(colon: true);
            if (length > 0)
            {
                into.TryAdd("__name__", Encoding.UTF8.GetString(_text[..length]));
                At = length;
                Skip();
                if (At == _text.Length)
                    return null;
            }
            return Peek() == '{' ? ReadBraces(nameWanted: length == 0) : Fault("a metric's name, or '{'");
        }

        public TakeFault? ReadBraces(bool nameWanted)
        {
            if (Peek() != '{')
                return Fault("'{'");
            At++;
            for (var first = true; ; first = false)
            {
                Skip();
                if (Peek() == '}')
                {
                    At++;
                    return nameWanted && !into.Has("__name__") ? new TakeFault(At, "expected the metric's name in quotes between the braces, found none") : null;
                }
                var fault = ReadItem(nameWanted && first);
                if (fault is not null)
                    return fault;
                Skip();
                if (Peek() == ',')
                    At++;
                else if (Peek() != '}')
                    return Fault("',' or '}'");
            }
        }

        // A label, or the metric's name in quotes.
        private TakeFault? ReadItem(bool mayBeName)
        {
            var began = At;
            string name;
            var quoted = Peek() == '"';
            if (quoted)
            {
                if (ReadQuoted(out name) is { } wrong)
                    return wrong;
            }
            else
            {
                var length = NameLength(colon: false);
                if (length == 0)
                    return Fault("a label's name");
                name = Encoding.UTF8.GetString(_text.Slice(At, length));
                At += length;
            }
            if (name.Length == 0)
                return new TakeFault(began, "expected a name between the quotes, found none");
            Skip();
            if (Peek() != '=')
            {
                if (!quoted || !mayBeName)
                    return Fault("'=' and a value");
                into.TryAdd("__name__", name);
                return null;
            }
            At++;
            Skip();
            if (Peek() != '"')
                return Fault("a value in double quotes");
            if (ReadQuoted(out var value) is { } flaw)
                return flaw;
            return into.TryAdd(name, value) ? null : new TakeFault(began, $"the label {LabelNames.Quote(name)} stands there twice");
        }

        private TakeFault? ReadQuoted(out string text)
        {
            text = "";
            var began = At;
            var end = At + 1;
            if (!TrySkipQuoted(_text, ref end))
                return new TakeFault(began, "expected a closing '\"' on this line, found none");
            var inside = _text[(began + 1)..(end - 1)];
            if (!Utf8.IsValid(inside))
                return new TakeFault(began, "expected UTF-8 in the quotes, found other bytes");
            text = Unescape(inside);
            At = end;
            return null;
        }

        private readonly int NameLength(bool colon)
        {
            var at = At;
            while (at < _text.Length && (char.IsAsciiLetterOrDigit((char)_text[at]) || _text[at] == '_' || (colon && _text[at] == ':')))
                at++;
            return at > At && char.IsAsciiDigit((char)_text[At]) ? 0 : at - At;
        }

        private readonly byte Peek() => At < _text.Length ? _text[At] : (byte)0;

        private void Skip()
        {
            if (blanks)
                At += Blanks(_text[At..]);
        }

        private readonly TakeFault Fault(string expected) => new(At, $"expected {expected}, found {Found(_text[At..])}");
    }
}
