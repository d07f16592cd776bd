namespace HmsOps.PromQL.Syntax;

/// <summary>The tokens of one text, looked at one by one, and the common ways to complain and to carry on.</summary>
internal sealed class TokenReader(string text, List<Token> tokens, Problems problems)
{
    private int _at;
    private int _complainedAt = -1; // one complaint a token: the second would only say what the first led to
    private bool _isMute;

    public Token Current => tokens[_at];

    public Token Ahead => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    /// <summary>The token taken last.</summary>
    public Token Previous => tokens[_at - 1];

    /// <summary>The end of the last token taken.</summary>
    public int LastEnd => _at == 0 ? 0 : tokens[_at - 1].At.End;

    public ReadOnlySpan<char> TextOf(Token token) => text.AsSpan(token.At.Start, token.At.End - token.At.Start);

    public Token Take()
    {
        var token = tokens[_at];
        if (token.Kind != TokenKind.End)
            _at++;
        return token;
    }

    public bool TryTake(TokenKind kind)
    {
        if (Current.Kind != kind)
            return false;
        Take();
        return true;
    }

    public bool IsWord(string word) => IsWord(Current, word);

    public bool IsWord(Token token, string word) =>
        token.Kind == TokenKind.Word && TextOf(token).Equals(word, StringComparison.OrdinalIgnoreCase);

    public void Report(SourceRange at, string message, string? suggestion = null)
    {
        if (!_isMute)
            problems.Add(at, message, suggestion);
    }

    /// <summary>Reports for the last time, and goes to the end.</summary>
    public void GiveUp(SourceRange at, string message)
    {
        Report(at, message);
        _isMute = true;
        _at = tokens.Count - 1;
    }

    /// <summary>Complains about the current token. What the lexer has complained about already is passed over.</summary>
    public void Unexpected(string expected)
    {
        if (Current.Kind != TokenKind.Bad && _complainedAt != _at)
            Report(Current.At, $"found {Found(Current)}, expected {expected}");
        _complainedAt = _at;
    }

    public string Found(Token token) => token.Kind == TokenKind.End ? "the end" : Lexer.Describe(TextOf(token));

    /// <summary>Takes the closing sign, or complains and skips to behind it.</summary>
    public void Close(TokenKind close, string expected)
    {
        if (TryTake(close))
            return;
        Unexpected(expected);
        SkipTo(close);
        TryTake(close);
    }

    /// <summary>Skips to the first token of one of the kinds that is not inside brackets opened on the way, or to the end.</summary>
    public void SkipTo(params ReadOnlySpan<TokenKind> kinds)
    {
        var open = 0;
        while (Current.Kind != TokenKind.End)
        {
            if (open == 0 && kinds.Contains(Current.Kind))
                return;
            open += Current.Kind switch
            {
                TokenKind.LeftParen or TokenKind.LeftBrace or TokenKind.LeftBracket => 1,
                TokenKind.RightParen or TokenKind.RightBrace or TokenKind.RightBracket => open > 0 ? -1 : 0,
                _ => 0,
            };
            Take();
        }
    }
}
