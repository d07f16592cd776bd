using System.Diagnostics.CodeAnalysis;

namespace HmsOps.Series.Patterns;

/// <summary>
/// Reads RE2's syntax as Go reads it with the flags Prometheus gives (Perl's classes and groups, and a dot that matches newlines). What RE2 refuses
/// is refused: look-around, back references, possessive and stacked repetition. Scripts such as <c>\p{Greek}</c> are RE2's and not ours; they are refused by name.
/// </summary>
internal ref struct PatternReader
{
    private const int DepthMax = 250; // of groups in groups; people write three
    private const int RepeatMax = 1000; // RE2's

    private readonly string _pattern;
    private readonly HashSet<string> _groups = [];
    private int _at;
    private int _depth;
    private Flags _flags = new(IgnoresCase: false, ManyLines: false, DotIsAll: true, IsLazy: false);

    private PatternReader(string pattern) => _pattern = pattern;

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="PatternException">It is not one.</exception>
    public static PatternNode Read(string pattern)
    {
        var reader = new PatternReader(pattern);
        var node = reader.ReadChoice();
        return reader._at == pattern.Length ? node : throw reader.Wrong("a ) that closes nothing", reader._at);
    }

    private readonly bool IsEnd => _at == _pattern.Length;

    private PatternNode ReadChoice()
    {
        var parts = new List<PatternNode> { ReadSequence() };
        while (TryTake('|'))
            parts.Add(ReadSequence());
        return parts.Count == 1 ? parts[0] : new PatternNode.Choice(parts);
    }

    private PatternNode ReadSequence()
    {
        var parts = new List<PatternNode>();
        var isRepeated = false;
        while (!IsEnd && _pattern[_at] is not ('|' or ')'))
        {
            var start = _at;
            if (TryReadRepeat(out var min, out var max, out var isLazy))
            {
                if (parts.Count == 0)
                    throw Wrong("a repetition of nothing", start);
                if (isRepeated)
                    throw Wrong("a repetition of a repetition, which possessive ones would be too; put the first in ( )", start);
                parts[^1] = new PatternNode.Repeat(parts[^1], min, max) { IsLazy = isLazy };
                if (max != 0 && RepeatsOf(parts[^1]) > RepeatMax)
                    throw Wrong($"more than {RepeatMax} repetitions", start);
                isRepeated = true;
                continue;
            }
            var count = parts.Count;
            ReadAtom(parts);
            isRepeated &= parts.Count == count; // (?i) between two repetitions does not part them
        }
        return parts.Count == 1 ? parts[0] : new PatternNode.Sequence(parts);
    }

    private bool TryReadRepeat(out int min, out int max, out bool isLazy)
    {
        isLazy = false;
        (min, max) = _pattern[_at] switch { '*' => (0, -1), '+' => (1, -1), '?' => (0, 1), _ => (-1, -1) };
        if (min >= 0)
            _at++;
        else if (!TryReadCounts(out min, out max))
            return false;
        isLazy = TryTake('?') != _flags.IsLazy;
        return true;
    }

    // Whatever is no {n}, {n,} or {n,m} is a brace like any other character.
    private bool TryReadCounts(out int min, out int max)
    {
        var start = _at;
        (min, max) = (-1, -1);
        if (!TryTake('{') || !TryReadNumber(out min))
            return Back(start);
        max = min;
        if (TryTake(','))
        {
            max = -1;
            if (!IsEnd && _pattern[_at] != '}' && !TryReadNumber(out max))
                return Back(start);
        }
        if (!TryTake('}'))
            return Back(start);
        if (min > RepeatMax || max > RepeatMax || (max >= 0 && min > max))
            throw Wrong($"repetition counts that are not 0 to {RepeatMax} or the wrong way round", start);
        return true;
    }

    private bool TryReadNumber(out int number)
    {
        var start = _at;
        while (!IsEnd && char.IsAsciiDigit(_pattern[_at]))
            _at++;
        var digits = _pattern.AsSpan(start, _at - start);
        number = 0;
        if (digits.IsEmpty || (digits.Length > 1 && digits[0] == '0'))
            return false;
        if (!int.TryParse(digits, out number))
            number = int.MaxValue; // refused as too many, not taken for a text
        return true;
    }

    private bool Back(int to)
    {
        _at = to;
        return false;
    }

    private static int RepeatsOf(PatternNode node) => node switch
    {
        PatternNode.Repeat repeat => Math.Min(RepeatMax + 1, Math.Max(1, Math.Max(repeat.Min, repeat.Max)) * RepeatsOf(repeat.Part)),
        PatternNode.Sequence sequence => sequence.Parts.Select(RepeatsOf).DefaultIfEmpty(1).Max(),
        PatternNode.Choice choice => choice.Parts.Max(RepeatsOf),
        PatternNode.Group group => RepeatsOf(group.Part),
        _ => 1,
    };

    private void ReadAtom(List<PatternNode> into)
    {
        var start = _at;
        switch (_pattern[_at])
        {
            case '(':
                ReadGroup(into);
                break;
            case '[':
                into.Add(new PatternNode.One(new ClassReader(_pattern, _flags.IgnoresCase).Read(ref _at)));
                break;
            case '.':
                _at++;
                into.Add(new PatternNode.One(_flags.DotIsAll ? CharacterSet.All : CharacterSet.Of(('\n', '\n')).Others()));
                break;
            case '^':
                _at++;
                into.Add(new PatternNode.Place(_flags.ManyLines ? PlaceKind.LineStart : PlaceKind.TextStart));
                break;
            case '$':
                _at++;
                into.Add(new PatternNode.Place(_flags.ManyLines ? PlaceKind.LineEnd : PlaceKind.TextEnd));
                break;
            case '\\':
                ReadEscape(into, start);
                break;
            default:
                into.Add(Literal(EscapeReader.TakePoint(_pattern, ref _at)));
                break;
        }
    }

    private void ReadEscape(List<PatternNode> into, int start)
    {
        var next = start + 1 < _pattern.Length ? _pattern[start + 1] : '\0';
        PlaceKind? place = next switch
        {
            'A' => PlaceKind.TextStart,
            'z' => PlaceKind.TextEnd,
            'b' => PlaceKind.WordEdge,
            'B' => PlaceKind.NoWordEdge,
            _ => null,
        };
        if (place is { } kind)
        {
            _at += 2;
            into.Add(new PatternNode.Place(kind));
        }
        else if (next == 'Q')
        {
            ReadQuoted(into);
        }
        else if (EscapeReader.TryReadClass(_pattern, ref _at) is { } set)
        {
            into.Add(new PatternNode.One(_flags.IgnoresCase ? set.Folded() : set));
        }
        else
        {
            into.Add(Literal(EscapeReader.Read(_pattern, ref _at)));
        }
    }

    // \Q to \E, or to the end: what follows is text. A repetition after it is of its last character.
    private void ReadQuoted(List<PatternNode> into)
    {
        _at += 2;
        var end = _pattern.IndexOf(@"\E", _at, StringComparison.Ordinal);
        var stop = end < 0 ? _pattern.Length : end;
        while (_at < stop)
            into.Add(Literal(EscapeReader.TakePoint(_pattern, ref _at)));
        if (end >= 0)
            _at += 2;
    }

    private void ReadGroup(List<PatternNode> into)
    {
        var start = _at++;
        var before = _flags;
        string? name = null;
        var isKept = !TryTake('?') || TryReadName(start, out name);
        if (!isKept)
        {
            ReadFlags(start);
            if (TryTake(')'))
                return; // (?i): holds to the end of the group around it
            _at++; // the colon, which ReadFlags saw
        }
        if (++_depth > DepthMax)
            throw Wrong($"groups more than {DepthMax} deep", start);
        var inner = ReadChoice();
        into.Add(isKept ? new PatternNode.Group(inner, name) : inner);
        if (!TryTake(')'))
            throw Wrong("a ( that is not closed", start);
        _depth--;
        _flags = before;
    }

    private bool TryReadName(int start, [NotNullWhen(true)] out string? name)
    {
        name = null;
        var rest = _pattern.AsSpan(_at);
        var prefix = rest.StartsWith("P<", StringComparison.Ordinal) ? 2 : rest is ['<', not ('=' or '!'), ..] ? 1 : 0;
        if (prefix == 0)
            return false;
        var end = rest.IndexOf('>');
        name = end < 0 ? "" : rest[prefix..end].ToString();
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            throw Wrong("a group's name that is not letters, digits and _ between < and >", start);
        if (!_groups.Add(name))
            throw Wrong($"two groups named {name}", start);
        _at += end + 1;
        return true;
    }

    // Ends before : or ).
    private void ReadFlags(int start)
    {
        var on = true;
        var sawFlag = false;
        for (; !IsEnd; _at++)
        {
            switch (_pattern[_at])
            {
                case 'i':
                    _flags = _flags with { IgnoresCase = on };
                    break;
                case 'm':
                    _flags = _flags with { ManyLines = on };
                    break;
                case 's':
                    _flags = _flags with { DotIsAll = on };
                    break;
                case 'U':
                    _flags = _flags with { IsLazy = on };
                    break;
                case '-' when on:
                    (on, sawFlag) = (false, false);
                    continue;
                case ':' or ')' when on || sawFlag:
                    return;
                default:
                    throw Wrong("a group that RE2 does not know: look-around, atomic group, comment or condition", start);
            }
            sawFlag = true;
        }
        throw Wrong("a ( that is not closed", start);
    }

    private readonly PatternNode.One Literal(int point)
    {
        var set = CharacterSet.Of((point, point));
        return new PatternNode.One(_flags.IgnoresCase ? set.Folded() : set);
    }

    private bool TryTake(char c)
    {
        if (IsEnd || _pattern[_at] != c)
            return false;
        _at++;
        return true;
    }

    private readonly PatternException Wrong(string what, int at) => new(_pattern, what, at);

    private readonly record struct Flags(bool IgnoresCase, bool ManyLines, bool DotIsAll, bool IsLazy);
}

/// <summary>A pattern is not one. The place counts characters, as an editor does.</summary>
internal sealed class PatternException(string pattern, string what, int at)
    : ArgumentException($"the pattern {LabelNames.Quote(pattern)} has {what} (at character {CharactersTo(pattern, at) + 1})")
{
    private static int CharactersTo(string text, int end)
    {
        var count = 0;
        foreach (var _ in text.AsSpan(0, end).EnumerateRunes())
            count++;
        return count;
    }
}
