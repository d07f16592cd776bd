using HmsOps.PromQL.Syntax;

namespace HmsOps.PromQL;

/// <summary>Reads PromQL, the language of Prometheus 3.14. What of it is not in this version is refused by name. Stateless.</summary>
public static class PromParser
{
    /// <summary>Reads one expression under the default limits. Never throws on any text: all errors are in the answer.</summary>
    public static PromParse Parse(string text) => Parse(text, PromLimits.Default);

    /// <summary>Reads one expression. Never throws on any text: all errors are in the answer.</summary>
    public static PromParse Parse(string text, PromLimits limits)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(limits);
        var problems = new Problems(text);
        if (text.Length > limits.TextMax)
        {
            problems.Add(new SourceRange(0, 0), $"the expression has {text.Length} characters; the limit is {limits.TextMax}");
            return new PromParse(null, problems.InOrder());
        }
        var root = new ExpressionReader(text, Lexer.ReadAll(text, problems), problems, limits).ReadWhole();
        return problems.Any
            ? new PromParse(null, problems.InOrder())
            : new PromParse(new PromExpression(text, root), []);
    }
}

/// <summary>What became of a text.</summary>
/// <param name="Expression">The expression; null when there are errors.</param>
/// <param name="Errors">All errors, in the order of their places.</param>
public sealed record PromParse(PromExpression? Expression, IReadOnlyList<PromError> Errors);

/// <summary>One thing wrong in a text.</summary>
/// <param name="Start">First character it is about, counted from 0.</param>
/// <param name="End">One past the last character it is about.</param>
/// <param name="Line">The line of <paramref name="Start"/>, counted from 1.</param>
/// <param name="Column">The column of <paramref name="Start"/>, in characters as an editor shows them, counted from 1.</param>
/// <param name="Message">What was found, and what was expected.</param>
/// <param name="Suggestion">What was probably meant, to be written between <paramref name="Start"/> and <paramref name="End"/>; null if nothing is near.</param>
public sealed record PromError(int Start, int End, int Line, int Column, string Message, string? Suggestion)
{
    /// <summary>Place, message and suggestion in one line.</summary>
    public override string ToString() => $"{Line}:{Column}: {Message}{(Suggestion is null ? "" : $"; did you mean {Suggestion}?")}";
}
