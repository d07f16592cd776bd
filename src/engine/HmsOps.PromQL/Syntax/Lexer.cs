using System.Buffers;

namespace HmsOps.PromQL.Syntax;

/// <summary>
/// Cuts a text into tokens, and reports what is no token. The one thing that depends on context is the colon: part of a metric's name,
/// except inside <c>[ ]</c>, where it parts range and step.
/// </summary>
internal ref struct Lexer
{
    private static readonly SearchValues<char> Space = SearchValues.Create(" \t\r\n");
    private static readonly SearchValues<char> Mantissa = SearchValues.Create("0123456789._");

    private readonly ReadOnlySpan<char> _text;
    private readonly Problems _problems;
    private int _at;
    private bool _inBrackets;
    private int _parensInBrackets;

    private Lexer(ReadOnlySpan<char> text, Problems problems)
    {
        _text = text;
        _problems = problems;
    }

    /// <summary>All tokens, the last of kind <see cref="TokenKind.End"/>.</summary>
    public static List<Token> ReadAll(string text, Problems problems)
    {
        var lexer = new Lexer(text, problems);
        var tokens = new List<Token>();
        do
            tokens.Add(lexer.Next());
        while (tokens[^1].Kind != TokenKind.End);
        return tokens;
    }

    private Token Next()
    {
        SkipSpaceAndComments();
        if (_at == _text.Length)
            return new Token(TokenKind.End, new SourceRange(_at, _at));
        var c = _text[_at];
        if (c is '"' or '\'' or '`')
            return Quoted(c);
        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1))))
            return NumberOrDuration();
        if (IsWordStart(c) && !(c == ':' && _inBrackets))
            return Word();
        return Sign(c);
    }

    private void SkipSpaceAndComments()
    {
        while (true)
        {
            var more = _text[_at..].IndexOfAnyExcept(Space);
            if (more < 0)
            {
                _at = _text.Length;
                return;
            }
            _at += more;
            if (_text[_at] != '#')
                return;
            var line = _text[_at..].IndexOf('\n');
            _at = line < 0 ? _text.Length : _at + line;
        }
    }

    private Token Quoted(char quote)
    {
        var start = _at++;
        while (_at < _text.Length && _text[_at] != quote && (quote == '`' || _text[_at] != '\n'))
            _at += quote != '`' && _text[_at] == '\\' && _at + 1 < _text.Length ? 2 : 1;
        if (_at >= _text.Length || _text[_at] != quote)
        {
            var open = new SourceRange(start, Math.Min(_at, _text.Length));
            _problems.Add(open, $"found a text that does not end, expected {quote} {(quote == '`' ? "at its end" : "before the end of the line")}");
            return new Token(TokenKind.Bad, open);
        }
        _at++;
        return new Token(TokenKind.Quoted, new SourceRange(start, _at));
    }

    private Token NumberOrDuration()
    {
        var start = _at;
        while (_at < _text.Length && (IsWordPart(_text[_at]) || _text[_at] == '.' || IsSignOfExponent(start)))
            _at++;
        var at = new SourceRange(start, _at);
        var text = _text[start.._at];
        if (Literals.TryNumber(text, out _))
            return new Token(TokenKind.Number, at);
        if (Literals.LooksLikeDuration(text))
        {
            if (!Literals.TryDuration(text, out _, out var why))
            {
                _problems.Add(at, why);
                return new Token(TokenKind.Bad, at);
            }
            return new Token(TokenKind.Duration, at);
        }
        _problems.Add(at, $"found {Describe(text)}, expected a number such as 0.5 or 1e6, or a duration such as 1h30m");
        return new Token(TokenKind.Bad, at);
    }

    // A sign belongs to a number only right behind the e of its exponent: 1e-3, but not 0x1e-3 and not 5m-3.
    private readonly bool IsSignOfExponent(int start) =>
        _text[_at] is '+' or '-'
        && _text[_at - 1] is 'e' or 'E'
        && _text[start..(_at - 1)].IndexOfAnyExcept(Mantissa) < 0
        && _at > start + 1;

    private Token Word()
    {
        var start = _at;
        while (_at < _text.Length && (IsWordPart(_text[_at]) || (_text[_at] == ':' && !_inBrackets)))
            _at++;
        return new Token(TokenKind.Word, new SourceRange(start, _at));
    }

    private Token Sign(char c)
    {
        var start = _at;
        var (kind, length) = (c, Peek(1)) switch
        {
            ('=', '=') => (TokenKind.Equal, 2),
            ('=', '~') => (TokenKind.Matches, 2),
            ('=', _) => (TokenKind.Assign, 1),
            ('!', '=') => (TokenKind.NotEqual, 2),
            ('!', '~') => (TokenKind.MatchesNot, 2),
            ('<', '=') => (TokenKind.LessOrEqual, 2),
            ('<', '/') => (TokenKind.TrimUpper, 2),
            ('<', _) => (TokenKind.Less, 1),
            ('>', '=') => (TokenKind.GreaterOrEqual, 2),
            ('>', '/') => (TokenKind.TrimLower, 2),
            ('>', _) => (TokenKind.Greater, 1),
            ('+', _) => (TokenKind.Plus, 1),
            ('-', _) => (TokenKind.Minus, 1),
            ('*', _) => (TokenKind.Star, 1),
            ('/', _) => (TokenKind.Slash, 1),
            ('%', _) => (TokenKind.Percent, 1),
            ('^', _) => (TokenKind.Caret, 1),
            ('@', _) => (TokenKind.At, 1),
            (',', _) => (TokenKind.Comma, 1),
            (':', _) => (TokenKind.Colon, 1),
            ('(', _) => (TokenKind.LeftParen, 1),
            (')', _) => (TokenKind.RightParen, 1),
            ('{', _) => (TokenKind.LeftBrace, 1),
            ('}', _) => (TokenKind.RightBrace, 1),
            ('[', _) => (TokenKind.LeftBracket, 1),
            (']', _) => (TokenKind.RightBracket, 1),
            _ => (TokenKind.Bad, 0),
        };
        if (kind == TokenKind.Bad)
            return Unknown();
        _at += length;
        FollowBrackets(kind);
        return new Token(kind, new SourceRange(start, _at));
    }

    private void FollowBrackets(TokenKind kind)
    {
        switch (kind)
        {
            case TokenKind.LeftBracket:
                (_inBrackets, _parensInBrackets) = (true, 0);
                break;
            case TokenKind.RightBracket:
                _inBrackets = false;
                break;
            case TokenKind.LeftParen:
                _parensInBrackets++;
                break;
            case TokenKind.RightParen when --_parensInBrackets < 0: // rate(x[5m): the bracket was forgotten, not the parenthesis
                _inBrackets = false;
                break;
        }
    }

    // A run of strange characters is one mistake.
    private Token Unknown()
    {
        var start = _at++;
        while (_at < _text.Length && IsStrange(_text[_at]))
            _at++;
        var at = new SourceRange(start, _at);
        var text = _text[start.._at];
        _problems.Add(at, text is "!" or "|" or "||" or "&" or "&&"
            ? $"found {Describe(text)}, expected an operator; PromQL writes and, or, unless, !="
            : $"found {Describe(text)}, which is not part of PromQL; a name with other characters than letters, digits and _ is written {{\"name\"}}");
        return new Token(TokenKind.Bad, at);
    }

    private readonly char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private static bool IsWordStart(char c) => char.IsAsciiLetter(c) || c is '_' or ':';

    private static bool IsWordPart(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static bool IsStrange(char c) => !IsWordPart(c) && !Space.Contains(c) && !"\"'`=!<>+-*/%^@,:(){}[]#.".Contains(c);

    /// <summary>A piece of text as an error quotes it: short, and without line breaks.</summary>
    public static string Describe(ReadOnlySpan<char> text)
    {
        const int longest = 24;
        var cut = text.Length > longest ? string.Concat(text[..(longest - 1)], "…") : text.ToString();
        return $"'{cut.ReplaceLineEndings(" ")}'";
    }
}
