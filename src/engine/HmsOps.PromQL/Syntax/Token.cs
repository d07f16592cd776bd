namespace HmsOps.PromQL.Syntax;

internal enum TokenKind
{
    End,

    /// <summary>Something the lexer has already reported.</summary>
    Bad,

    /// <summary>A name or a word of the language; which of the two depends on where it stands.</summary>
    Word,
    Number,
    Duration,
    Quoted,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    At,
    Assign,
    Matches,
    MatchesNot,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Caret,
    TrimUpper,
    TrimLower,
}

internal readonly record struct Token(TokenKind Kind, SourceRange At);
