namespace HmsOps.PromQL.Syntax;

/// <summary>How tightly operators bind, and how they are written.</summary>
internal static class Operators
{
    public const int OrBinds = 1;
    public const int AndBinds = 2;
    public const int ComparisonBinds = 3;
    public const int SumBinds = 4;
    public const int ProductBinds = 5;
    public const int PowerBinds = 6;

    public static int Binds(this PromOperator op) => op switch
    {
        PromOperator.Or => OrBinds,
        PromOperator.And or PromOperator.Unless => AndBinds,
        PromOperator.Add or PromOperator.Subtract => SumBinds,
        PromOperator.Multiply or PromOperator.Divide or PromOperator.Modulo or PromOperator.Atan2 => ProductBinds,
        PromOperator.Power => PowerBinds,
        _ => ComparisonBinds,
    };

    public static string Sign(this PromOperator op) => op switch
    {
        PromOperator.Add => "+",
        PromOperator.Subtract => "-",
        PromOperator.Multiply => "*",
        PromOperator.Divide => "/",
        PromOperator.Modulo => "%",
        PromOperator.Power => "^",
        PromOperator.Atan2 => "atan2",
        PromOperator.Equal => "==",
        PromOperator.NotEqual => "!=",
        PromOperator.Less => "<",
        PromOperator.LessOrEqual => "<=",
        PromOperator.Greater => ">",
        PromOperator.GreaterOrEqual => ">=",
        PromOperator.TrimUpper => "</",
        PromOperator.TrimLower => ">/",
        PromOperator.And => "and",
        PromOperator.Or => "or",
        _ => "unless",
    };

    public static bool IsComparison(this PromOperator op) => op.Binds() == ComparisonBinds && !op.IsTrim();

    public static bool IsTrim(this PromOperator op) => op is PromOperator.TrimLower or PromOperator.TrimUpper;

    /// <summary>Filters samples, or parts of them, rather than making new ones: the metric stays what its name says.</summary>
    public static bool KeepsName(this PromOperator op) => op.IsComparison() || op.IsTrim();

    public static bool IsSet(this PromOperator op) => op is PromOperator.And or PromOperator.Or or PromOperator.Unless;

    /// <summary>The operator a token is; a word in any case.</summary>
    public static PromOperator? Of(TokenKind kind, ReadOnlySpan<char> text) => kind switch
    {
        TokenKind.Plus => PromOperator.Add,
        TokenKind.Minus => PromOperator.Subtract,
        TokenKind.Star => PromOperator.Multiply,
        TokenKind.Slash => PromOperator.Divide,
        TokenKind.Percent => PromOperator.Modulo,
        TokenKind.Caret => PromOperator.Power,
        TokenKind.Equal => PromOperator.Equal,
        TokenKind.NotEqual => PromOperator.NotEqual,
        TokenKind.Less => PromOperator.Less,
        TokenKind.LessOrEqual => PromOperator.LessOrEqual,
        TokenKind.Greater => PromOperator.Greater,
        TokenKind.GreaterOrEqual => PromOperator.GreaterOrEqual,
        TokenKind.TrimLower => PromOperator.TrimLower,
        TokenKind.TrimUpper => PromOperator.TrimUpper,
        TokenKind.Word when text.Equals("and", StringComparison.OrdinalIgnoreCase) => PromOperator.And,
        TokenKind.Word when text.Equals("or", StringComparison.OrdinalIgnoreCase) => PromOperator.Or,
        TokenKind.Word when text.Equals("unless", StringComparison.OrdinalIgnoreCase) => PromOperator.Unless,
        TokenKind.Word when text.Equals("atan2", StringComparison.OrdinalIgnoreCase) => PromOperator.Atan2,
        _ => null,
    };
}
