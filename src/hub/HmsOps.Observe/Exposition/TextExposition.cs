using System.Text;
using System.Text.Unicode;

namespace HmsOps.Observe.Exposition;

/// <summary>
/// Reads the Prometheus text format 0.0.4 and OpenMetrics 1.0, line by line over the body. A line of a known series costs the search for its end and a
/// number. OpenMetrics is held to its letter (single blanks, <c># EOF</c>); the older format as its makers read it. In OpenMetrics the lines
/// <c>_created</c> are no series of their own: they become the start of what they belong to.
/// </summary>
internal ref struct TextExposition<TTaker>
    where TTaker : struct, IExpositionTaker
{
    private readonly ReadOnlySpan<byte> _body;
    private readonly bool _open;
    private readonly int _lineMax;
    private readonly TTaker _taker;
    private readonly Dictionary<UInt128, long>? _created;
    private ReadOnlySpan<byte> _family;
    private FamilyKind _kind;
    private LabelDraft? _labels;
    private int _line; // where the line begins that is read
    private bool _ended;

    private TextExposition(ReadOnlySpan<byte> body, bool isOpenMetrics, int lineMax, TTaker taker)
    {
        _body = body;
        (_open, _lineMax, _taker) = (isOpenMetrics, lineMax, taker);
        _created = isOpenMetrics && body.IndexOf("_created"u8) >= 0 ? [] : null;
    }

    /// <summary>Reads a body; null when it was read to its end.</summary>
    public static ExpositionFlaw? Read(ReadOnlySpan<byte> body, bool isOpenMetrics, int lineMax, TTaker taker) =>
        new TextExposition<TTaker>(body, isOpenMetrics, lineMax, taker).Read();

    private ExpositionFlaw? Read()
    {
        var next = 0;
        while (next < _body.Length)
        {
            _line = next;
            var end = _body[next..].IndexOf((byte)'\n');
            var line = end < 0 ? _body[next..] : _body.Slice(next, end);
            next += line.Length + 1;
            if (line.Length > _lineMax)
                return Flaw(0, $"the line has more than {_lineMax:n0} bytes (limits.scrape.line)");
            if (_ended)
                return Flaw(0, $"expected nothing behind '# EOF', found {SeriesText.Found(line)}");
            var flaw = ReadLine(line);
            if (flaw is not null)
                return flaw;
        }
        if (!_open || _ended)
            return null;
        if (_body.IsEmpty || _body[^1] == '\n')
            _line = _body.Length;
        return Flaw(_body.Length - _line, "expected '# EOF' as the last line, found the end of the body: it was cut off");
    }

    private ExpositionFlaw? ReadLine(ReadOnlySpan<byte> line)
    {
        var at = _open ? 0 : SeriesText.Blanks(line);
        if (at == line.Length)
            return _open ? Flaw(0, "expected a series or '#', found an empty line") : null;
        return line[at] == '#' ? ReadComment(line, at) : ReadSample(line, at);
    }

    private ExpositionFlaw? ReadSample(ReadOnlySpan<byte> line, int begin)
    {
        var rest = line[begin..];
        var length = SeriesText.LengthIn(rest, blanks: !_open);
        if (length <= 0)
            return FlawOfSeries(rest, begin);
        var text = rest[..length];
        var at = begin + length;
        if (!TrySkipBlank(line, ref at))
            return Flaw(at, $"expected a blank and a value, found {SeriesText.Found(line[at..])}");
        var value = Word(line, ref at);
        if (!ExpositionNumber.TryRead(value, out var number))
            return Flaw(at - value.Length, $"expected a value like 12, 0.5, 1e3, +Inf or NaN, found {SeriesText.Found(value)}");
        long? time = null;
        if (TrySkipBlank(line, ref at) && at < line.Length && line[at] != '#')
        {
            var word = Word(line, ref at);
            if (!(_open ? ExpositionNumber.TryReadSeconds(word, out var ms) : ExpositionNumber.TryReadMilliseconds(word, out ms)))
                return Flaw(at - word.Length, $"expected a time in {(_open ? "seconds" : "whole milliseconds")} since 1970, found {SeriesText.Found(word)}");
            time = ms;
            TrySkipBlank(line, ref at);
        }
        if (at < line.Length && !(_open && line[at] == '#'))
            return Flaw(at, $"expected the end of the line, found {SeriesText.Found(line[at..])}");
        if (_open && at == line.Length && line[^1] == ' ')
            return Flaw(line.Length - 1, "expected the end of the line, found a blank");

        long start = 0;
        if (_created is { Count: > 0 } && IsCreated(text, out start))
            return null;
        var fault = _taker.Sample(new SeriesKey(text, _open ? SeriesForm.OpenMetrics : SeriesForm.Text, _family, _kind), number, time, start);
        if (fault is not null)
            return fault.Offset < 0 ? new ExpositionFlaw("", fault.Message) : Flaw(begin + fault.Offset, fault.Message);
        return at < line.Length ? ReadExemplar(line, at, text) : null;
    }

    // The line has no series at its beginning: reading it says what is wrong with it.
    private ExpositionFlaw FlawOfSeries(ReadOnlySpan<byte> rest, int begin)
    {
        var fault = SeriesText.Read(new SeriesKey(rest, _open ? SeriesForm.OpenMetrics : SeriesForm.Text, default, default), _labels ??= new LabelDraft());
        return fault is null
            ? Flaw(begin + rest.Length, "expected a blank and a value, found the end of the line")
            : Flaw(begin + Math.Max(0, fault.Offset), fault.Message);
    }

    private ExpositionFlaw? ReadExemplar(ReadOnlySpan<byte> line, int at, ReadOnlySpan<byte> text)
    {
        if (!line[at..].StartsWith("# {"u8))
            return Flaw(at, $"expected an exemplar, '# {{…}} value', found {SeriesText.Found(line[at..])}");
        SeriesText.Split(text, out var name, out _);
        if (!name.EndsWith("_total"u8) && !name.EndsWith("_bucket"u8))
            return Flaw(at, $"expected the end of the line, found an exemplar: {SeriesText.Found(name)} is neither a counter nor a bucket");
        at += 2;
        var labels = _labels ??= new LabelDraft();
        var fault = SeriesText.ReadBraces(line[at..], labels, out var length);
        if (fault is not null)
            return Flaw(at + Math.Max(0, fault.Offset), fault.Message);
        at += length;
        if (!TrySkipBlank(line, ref at))
            return Flaw(at, $"expected a blank and the exemplar's value, found {SeriesText.Found(line[at..])}");
        var word = Word(line, ref at);
        if (!ExpositionNumber.TryRead(word, out var value))
            return Flaw(at - word.Length, $"expected the exemplar's value, found {SeriesText.Found(word)}");
        long? time = null;
        if (TrySkipBlank(line, ref at))
        {
            word = Word(line, ref at);
            if (!ExpositionNumber.TryReadSeconds(word, out var ms))
                return Flaw(at - word.Length, $"expected a time in seconds since 1970, found {SeriesText.Found(word)}");
            time = ms;
        }
        if (at < line.Length)
            return Flaw(at, $"expected the end of the line, found {SeriesText.Found(line[at..])}");
        _taker.Exemplar(labels.Build(), value, time);
        return null;
    }

    private ExpositionFlaw? ReadComment(ReadOnlySpan<byte> line, int begin)
    {
        var at = begin + 1;
        if (_open && line.SequenceEqual("# EOF"u8))
        {
            _ended = true;
            return null;
        }
        if (!TrySkipBlank(line, ref at))
            return _open ? Flaw(at, $"expected ' HELP', ' TYPE', ' UNIT' or ' EOF', found {SeriesText.Found(line[at..])}") : null;
        var wordAt = at;
        var word = Word(line, ref at);
        var isType = word.SequenceEqual("TYPE"u8);
        var isUnit = _open && word.SequenceEqual("UNIT"u8);
        if (!isType && !isUnit && !word.SequenceEqual("HELP"u8))
            return _open ? Flaw(wordAt, $"expected HELP, TYPE, UNIT or EOF, found {SeriesText.Found(word)}") : null;
        if (!TrySkipBlank(line, ref at) || at == line.Length)
            return Flaw(at, $"expected a metric's name behind {Encoding.ASCII.GetString(word)}, found {SeriesText.Found(line[Math.Min(at, line.Length)..])}");
        var nameAt = at;
        if (!TrySkipName(line, ref at))
            return Flaw(nameAt, $"expected a metric's name, found {SeriesText.Found(line[nameAt..])}");
        var quotes = line[nameAt] == '"' ? 1 : 0;
        var family = _body[(_line + nameAt + quotes)..(_line + at - quotes)];
        var hasText = TrySkipBlank(line, ref at);
        var textAt = at;
        var text = line[at..];
        if (isType)
            return ReadType(family, text.TrimEnd(_open ? ""u8 : " \t"u8), textAt);
        if (!Utf8.IsValid(text))
            return Flaw(textAt, "expected UTF-8, found other bytes");
        if (isUnit && !text.IsEmpty && !(family.EndsWith(text) && family.Length > text.Length && family[^(text.Length + 1)] == '_'))
            return Flaw(textAt, $"expected a unit the name ends with, found {SeriesText.Found(text)} for {SeriesText.Found(family)}");
        if (!hasText && _open && at < line.Length)
            return Flaw(at, $"expected a blank, found {SeriesText.Found(line[at..])}");
        if (isUnit)
            Begin(family);
        _taker.Describe(family, isUnit ? FamilyWord.Unit : FamilyWord.Help, text, isEscaped: !isUnit);
        return null;
    }

    private ExpositionFlaw? ReadType(ReadOnlySpan<byte> family, ReadOnlySpan<byte> word, int at)
    {
        if (!FamilyKinds.TryRead(word, _open, out var kind))
            return Flaw(at, $"expected {(_open ? "counter, gauge, histogram, gaugehistogram, summary, info, stateset or unknown" : "counter, gauge, histogram, summary or untyped")}, found {SeriesText.Found(word)}");
        Begin(family);
        _kind = kind;
        _taker.Describe(family, FamilyWord.Type, FamilyKinds.WordOf(kind), isEscaped: false);
        if (_created is not null && kind is FamilyKind.Counter or FamilyKind.Histogram or FamilyKind.Summary)
            FindCreated();
        return null;
    }

    private void Begin(ReadOnlySpan<byte> family)
    {
        if (_family.SequenceEqual(family))
            return;
        _family = family;
        _kind = FamilyKind.Unknown;
        _created?.Clear();
    }

    // They stand behind the samples they speak of: the family is walked once ahead. Nothing wrong is said here, the lines are read again in their turn.
    private readonly void FindCreated()
    {
        _created!.Clear(); // the caller saw that it is there
        var rest = _body[_line..];
        while (rest.IndexOf((byte)'\n') is >= 0 and var end)
        {
            rest = rest[(end + 1)..];
            var next = rest.IndexOf((byte)'\n');
            var line = next < 0 ? rest : rest[..next];
            if (!line.IsEmpty && line[0] == '#')
            {
                if (!IsOfFamily(line))
                    return;
                continue;
            }
            var length = SeriesText.LengthIn(line, blanks: false);
            if (length <= 0)
                continue;
            SeriesText.Split(line[..length], out var name, out var pairs);
            if (!NamesCreated(name) || length + 1 >= line.Length)
                continue;
            var at = length + 1;
            if (ExpositionNumber.TryReadSeconds(Word(line, ref at), out var time))
                _created[SeriesText.PointOf(pairs)] = time;
        }
    }

    private readonly bool IsOfFamily(ReadOnlySpan<byte> comment)
    {
        var at = comment.IndexOf(_family);
        return at > 0 && comment.Length > at + _family.Length && comment[at + _family.Length] is (byte)' ' or (byte)'"';
    }

    private readonly bool NamesCreated(ReadOnlySpan<byte> name) =>
        name.Length == _family.Length + "_created".Length && name.StartsWith(_family) && name.EndsWith("_created"u8);

    /// <summary>True for a line that is a start itself; else the start of what the line says, if one is known.</summary>
    private readonly bool IsCreated(ReadOnlySpan<byte> text, out long start)
    {
        start = 0;
        SeriesText.Split(text, out var name, out var pairs);
        if (!name.StartsWith(_family))
            return false;
        if (NamesCreated(name))
            return true;
        start = _created!.GetValueOrDefault(SeriesText.PointOf(pairs)); // the caller saw that it is there
        return false;
    }

    private static bool TrySkipName(ReadOnlySpan<byte> line, ref int at)
    {
        if (line[at] == '"')
        {
            var begin = ++at;
            return SeriesText.TrySkipQuoted(line, ref at) && at - 1 > begin && Utf8.IsValid(line[begin..(at - 1)]);
        }
        var name = Word(line, ref at);
        var legacy = !name.IsEmpty && !char.IsAsciiDigit((char)name[0]);
        foreach (var b in name)
            legacy &= char.IsAsciiLetterOrDigit((char)b) || b is (byte)'_' or (byte)':';
        return legacy;
    }

    private static ReadOnlySpan<byte> Word(ReadOnlySpan<byte> line, ref int at)
    {
        var rest = line[at..];
        var length = rest.IndexOfAny((byte)' ', (byte)'\t');
        var word = length < 0 ? rest : rest[..length];
        at += word.Length;
        return word;
    }

    // One blank in OpenMetrics, any number of blanks and tabs in the older format.
    private readonly bool TrySkipBlank(ReadOnlySpan<byte> line, ref int at)
    {
        var blanks = _open ? (at < line.Length && line[at] == ' ' ? 1 : 0) : SeriesText.Blanks(line[at..]);
        at += blanks;
        return blanks > 0;
    }

    private readonly ExpositionFlaw Flaw(int offset, string message)
    {
        var before = _body[.._line];
        var line = before.Count((byte)'\n') + 1;
        // Columns count characters, as an editor does.
        var column = Encoding.UTF8.GetCharCount(_body.Slice(_line, Math.Min(offset, _body.Length - _line))) + 1;
        return new ExpositionFlaw($"line {line:n0}, column {column:n0}", message);
    }
}
