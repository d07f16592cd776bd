using System.Text;

namespace HmsOps.Workspace.Yaml;

/// <summary>
/// A text with the values that begin with <c>&gt;</c>, <c>%</c> or <c>@</c> put in quotes, for <c>when: &gt; 5 % for 2 min</c> is not YAML (there
/// <c>&gt;</c> opens a block of text) and people write it. Made only for a text that did not parse as it stands, so nothing that is YAML is ever
/// changed. Every edit inserts single characters, which makes the way back to the original a count.
/// </summary>
internal sealed class LenientText
{
    private readonly string _original;
    private readonly StringBuilder _text = new();
    private readonly List<int> _inserted = []; // offsets in the edited text, rising
    private readonly List<(int Start, int End)> _quoted = [];
    private int _copied;

    private LenientText(string original)
    {
        _original = original;
    }

    /// <summary>The edited text.</summary>
    public string Text => _text.ToString();

    /// <summary>What was put in quotes, as offsets into the original.</summary>
    public IReadOnlyList<(int Start, int End)> Quoted => _quoted;

    public static LenientText Of(string original)
    {
        var lenient = new LenientText(original);
        new Scanner(original, lenient).Scan();
        lenient._text.Append(original, lenient._copied, original.Length - lenient._copied);
        return lenient;
    }

    /// <summary>Where a character of the edited text stands in the original.</summary>
    public int ToOriginal(int offset)
    {
        var found = _inserted.BinarySearch(offset);
        return offset - (found >= 0 ? found : ~found);
    }

    private void Quote(int start, int end)
    {
        _text.Append(_original, _copied, start - _copied);
        Insert();
        foreach (var c in _original.AsSpan(start, end - start))
        {
            _text.Append(c);
            if (c == '\'')
                Insert();
        }
        Insert();
        _copied = end;
        _quoted.Add((start, end));
    }

    private void Insert()
    {
        _inserted.Add(_text.Length);
        _text.Append('\'');
    }

    /// <summary>Just enough of YAML's lexis to know where a value begins and what is text, comment or block.</summary>
    private sealed class Scanner(string text, LenientText lenient)
    {
        private int _at;
        private int _flow;
        private int _entryColumn = -1; // of the innermost key or dash: a block of text is indented deeper
        private bool _valueMayBegin = true;
        private int _lineStart;
        private int _columnsKnownTo;

        public void Scan()
        {
            while (_at < text.Length)
            {
                switch (text[_at])
                {
                    case ' ' or '\t' or '\r' or '\n':
                        _at++;
                        break;
                    case '#':
                        _at = EndOfLine(_at);
                        break;
                    case '%' when Column(_at) == 0:
                        _at = EndOfLine(_at); // a directive
                        break;
                    case '-' when Column(_at) == 0 && text.AsSpan(_at).StartsWith("---") && IsBlank(_at + 3):
                        Begin(entryColumn: -1, length: 3);
                        break;
                    case '-' or '?' when _flow == 0 && IsBlank(_at + 1):
                        Begin(Column(_at), length: 1);
                        break;
                    case ':':
                        Begin(_entryColumn, length: 1);
                        break;
                    case '[' or '{':
                        _flow++;
                        Begin(_entryColumn, length: 1);
                        break;
                    case ']' or '}':
                        _flow = Math.Max(0, _flow - 1);
                        _valueMayBegin = false;
                        _at++;
                        break;
                    case ',' when _flow > 0:
                        Begin(_entryColumn, length: 1);
                        break;
                    case '"' or '\'':
                        SkipQuoted(text[_at]);
                        break;
                    case '&' or '!':
                        SkipToBlank(); // a property: the value is still to come
                        break;
                    case '>' or '|' when _flow == 0 && _valueMayBegin && IsBlockHeader(_at):
                        SkipBlock();
                        break;
                    case '>' or '%' or '@' when _valueMayBegin:
                        QuoteValue();
                        break;
                    default:
                        SkipPlain();
                        break;
                }
            }
        }

        private void Begin(int entryColumn, int length)
        {
            _entryColumn = entryColumn;
            _valueMayBegin = true;
            _at += length;
        }

        private void QuoteValue()
        {
            var end = _at;
            while (end < text.Length && !EndsQuotedValue(end))
                end++;
            var trimmed = text.AsSpan(_at, end - _at).TrimEnd().Length;
            lenient.Quote(_at, _at + trimmed);
            _at = end;
            _valueMayBegin = false;
        }

        private bool EndsQuotedValue(int at) =>
            text[at] is '\r' or '\n' || IsComment(at) || (_flow > 0 && text[at] is ',' or '}' or ']');

        private void SkipQuoted(char quote)
        {
            var column = Column(_at);
            for (_at++; _at < text.Length; _at++)
            {
                if (quote == '"' && text[_at] == '\\')
                    _at++;
                else if (text[_at] == quote && quote == '\'' && _at + 1 < text.Length && text[_at + 1] == quote)
                    _at++;
                else if (text[_at] == quote)
                    break;
            }
            _at = Math.Min(text.Length, _at + 1);
            EndScalar(column);
        }

        private void SkipPlain()
        {
            var column = Column(_at);
            while (_at < text.Length && text[_at] is not ('\r' or '\n') && !IsComment(_at) && !EndsPlain(_at))
                _at++;
            EndScalar(column);
        }

        private bool EndsPlain(int at) =>
            (text[at] == ':' && (IsBlank(at + 1) || (_flow > 0 && text[at + 1] is ',' or '[' or ']' or '{' or '}')))
            || (_flow > 0 && text[at] is ',' or '[' or ']' or '{' or '}');

        private void EndScalar(int column)
        {
            _valueMayBegin = false;
            if (_flow == 0 && _at < text.Length && text[_at] == ':')
                _entryColumn = column;
        }

        private void SkipBlock()
        {
            _valueMayBegin = false;
            for (_at = NextLine(_at); _at < text.Length; _at = NextLine(_at))
            {
                var content = _at;
                while (content < text.Length && text[content] == ' ')
                    content++;
                var blank = content == text.Length || text[content] is '\r' or '\n';
                if (!blank && content - _at <= _entryColumn)
                    return;
            }
        }

        private void SkipToBlank()
        {
            while (!IsBlank(_at))
                _at++;
        }

        // [>|] then at most one digit and one sign in either order, then nothing but a comment.
        private bool IsBlockHeader(int at)
        {
            var rest = text.AsSpan(at + 1, EndOfLine(at) - at - 1);
            var marks = 0;
            while (marks < 2 && marks < rest.Length && rest[marks] is '+' or '-' or (>= '1' and <= '9'))
                marks++;
            if (marks == 2 && char.IsAsciiDigit(rest[0]) == char.IsAsciiDigit(rest[1]))
                return false;
            var after = rest[marks..].TrimStart(" \t");
            return after.IsEmpty || (after[0] == '#' && after.Length < rest.Length - marks);
        }

        private bool IsComment(int at) => text[at] == '#' && at > 0 && text[at - 1] is ' ' or '\t';

        private bool IsBlank(int at) => at >= text.Length || text[at] is ' ' or '\t' or '\r' or '\n';

        // Asked for rising places only, so the whole text is looked at once, however long its lines are.
        private int Column(int at)
        {
            for (; _columnsKnownTo < at; _columnsKnownTo++)
            {
                if (text[_columnsKnownTo] is '\r' or '\n')
                    _lineStart = _columnsKnownTo + 1;
            }
            return at - _lineStart;
        }

        private int EndOfLine(int at)
        {
            var length = text.AsSpan(at).IndexOfAny('\r', '\n');
            return length < 0 ? text.Length : at + length;
        }

        private int NextLine(int at)
        {
            var end = EndOfLine(at);
            return end + 1 < text.Length && text[end] == '\r' && text[end + 1] == '\n' ? end + 2 : Math.Min(text.Length, end + 1);
        }
    }
}
