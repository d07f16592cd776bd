using System.Diagnostics.CodeAnalysis;
using HmsOps.Series;

namespace HmsOps.PromQL.Syntax;

/// <summary>The productions around selectors: matchers, label lists, ranges, offsets.</summary>
internal sealed class SelectorReader(TokenReader tokens)
{
    /// <summary><c>name</c>, <c>name{…}</c> or <c>{…}</c>.</summary>
    public PromNode Selector()
    {
        var start = tokens.Current.At.Start;
        var matchers = new List<Matcher>();
        var isWhole = true;
        if (tokens.Current.Kind == TokenKind.Word)
            matchers.Add(new Matcher("__name__", MatchOp.Equal, tokens.TextOf(tokens.Take()).ToString()));
        if (tokens.Current.Kind == TokenKind.LeftBrace)
            isWhole = Braces(matchers);
        var at = new SourceRange(start, tokens.LastEnd);
        if (!isWhole)
            return new PromNode.Hole(at);
        if (matchers.Where(m => m is { Name: "__name__", Op: MatchOp.Equal }).Skip(1).FirstOrDefault() is { } second)
            return Refused(at, $"found a second name {LabelNames.Quote(second.Value)}, expected one name in a selector");
        if (!matchers.Any(m => !m.Matches(ReadOnlySpan<byte>.Empty)))
            return Refused(at, "found a selector that would match every series, expected a name or at least one matcher that the empty text does not satisfy");
        return new PromNode.Selector(at, matchers, 0);
    }

    /// <summary><c>(a, "b c", by)</c>: every word may be a label here.</summary>
    public IReadOnlyList<string> LabelList()
    {
        var labels = new List<string>();
        if (!tokens.TryTake(TokenKind.LeftParen))
        {
            tokens.Unexpected("( and names of labels");
            if (tokens.Current.Kind == TokenKind.Word && tokens.Ahead.Kind == TokenKind.LeftParen) // sum by a (b)
                tokens.Take();
            return labels;
        }
        while (tokens.Current.Kind is not (TokenKind.RightParen or TokenKind.End))
        {
            if (TryLabelName(out var label))
                labels.Add(label);
            else
                tokens.SkipTo(TokenKind.Comma, TokenKind.RightParen);
            if (!tokens.TryTake(TokenKind.Comma) && tokens.Current.Kind is not (TokenKind.RightParen or TokenKind.End))
            {
                tokens.Unexpected("a comma or )");
                tokens.SkipTo(TokenKind.Comma, TokenKind.RightParen);
                tokens.TryTake(TokenKind.Comma);
            }
        }
        if (!tokens.TryTake(TokenKind.RightParen))
            tokens.Unexpected("a comma or )");
        return labels;
    }

    /// <summary><c>[5m]</c> behind a selector; refuses <c>[5m:1m]</c> and sums of durations by name.</summary>
    public PromNode Range(PromNode of)
    {
        var open = tokens.Take();
        var hasDuration = TryDuration(out var milliseconds);
        var isPlain = tokens.Current.Kind == TokenKind.RightBracket;
        if (isPlain && !hasDuration)
            tokens.Unexpected("a duration such as 5m");
        if (tokens.Current.Kind == TokenKind.Colon)
            NotYet(new SourceRange(open.At.Start, tokens.Current.At.End), "a subquery");
        else if (!isPlain && LooksLikeDurationArithmetic())
            NotYet(tokens.Current.At, "arithmetic on durations");
        else if (!isPlain)
            tokens.Unexpected(hasDuration ? "]" : "a duration such as 5m");
        if (!isPlain)
            tokens.SkipTo(TokenKind.RightBracket, TokenKind.RightParen); // rate(x[5m): better to lose the bracket than the rest
        tokens.TryTake(TokenKind.RightBracket);

        var brackets = new SourceRange(open.At.Start, tokens.LastEnd);
        var at = SourceRange.Over(of.At, brackets);
        if (!isPlain || !hasDuration || of is PromNode.Hole)
            return new PromNode.Hole(at);
        if (of is not PromNode.Selector selector)
            return Refused(brackets, $"found a range behind {ExpressionReader.Kind(of)}{(of is PromNode.Paren ? " in parentheses" : "")}, expected it right behind a selector");
        if (selector.OffsetMs != 0)
            return Refused(brackets, $"found a range behind an offset, expected the range first: {selector with { OffsetMs = 0 }}[{Literals.Duration(milliseconds)}] offset {Literals.Duration(selector.OffsetMs)}");
        if (milliseconds <= 0)
            return Refused(brackets, $"found a range of {Literals.Duration(milliseconds)}, expected at least 1ms");
        return new PromNode.Window(at, selector, milliseconds);
    }

    /// <summary><c>offset 5m</c>, also <c>offset -5m</c>, behind a selector or its range.</summary>
    public PromNode Offset(PromNode of)
    {
        var word = tokens.Take();
        var isMinus = tokens.Current.Kind == TokenKind.Minus;
        if (isMinus || tokens.Current.Kind == TokenKind.Plus)
            tokens.Take();
        if (!TryDuration(out var milliseconds))
        {
            if (tokens.Current.Kind == TokenKind.LeftParen || IsDurationFunction())
            {
                NotYet(tokens.Current.At, "arithmetic on durations");
                if (tokens.Current.Kind == TokenKind.Word)
                    tokens.Take();
                tokens.Take();
                tokens.SkipTo(TokenKind.RightParen);
                tokens.TryTake(TokenKind.RightParen);
            }
            else
            {
                tokens.Unexpected("a duration such as 5m");
            }
            return new PromNode.Hole(new SourceRange(of.At.Start, tokens.LastEnd));
        }
        var at = new SourceRange(of.At.Start, tokens.LastEnd);
        var offset = isMinus ? -milliseconds : milliseconds;
        return of switch
        {
            PromNode.Hole => new PromNode.Hole(at),
            PromNode.Selector { OffsetMs: 0 } s => new PromNode.Selector(at, s.Matchers, offset),
            PromNode.Window { Series.OffsetMs: 0 } w => new PromNode.Window(at, w.Series with { OffsetMs = offset }, w.RangeMs),
            PromNode.Selector or PromNode.Window => Refused(word.At, "found a second offset, expected one"),
            _ => Refused(word.At, $"found offset behind {ExpressionReader.Kind(of)}, expected it right behind a selector or its range"),
        };
    }

    /// <summary><c>@ 1609746000</c>, <c>@ start()</c>: read and refused.</summary>
    public PromNode AtModifier(PromNode of)
    {
        NotYet(tokens.Take().At, "the @ modifier");
        if (tokens.Current.Kind is TokenKind.Minus or TokenKind.Plus)
            tokens.Take();
        if (tokens.Current.Kind is TokenKind.Number or TokenKind.Duration)
        {
            tokens.Take();
        }
        else if (tokens.IsWord("start") || tokens.IsWord("end"))
        {
            tokens.Take();
            if (tokens.TryTake(TokenKind.LeftParen))
                tokens.TryTake(TokenKind.RightParen);
        }
        return new PromNode.Hole(new SourceRange(of.At.Start, tokens.LastEnd));
    }

    /// <summary>What a quoted token says; reports what is wrong in it.</summary>
    public bool TryQuoted(Token token, out string value)
    {
        if (Literals.TryUnquote(tokens.TextOf(token), out value, out var at, out var why))
            return true;
        tokens.Report(new SourceRange(token.At.Start + at.Start, token.At.Start + at.End), why);
        return false;
    }

    // Answers false when something was wrong; it is reported.
    private bool Braces(List<Matcher> into)
    {
        tokens.Take();
        var isWhole = true;
        while (tokens.Current.Kind is not (TokenKind.RightBrace or TokenKind.End))
        {
            if (TryMatcher(out var matcher))
            {
                into.Add(matcher);
            }
            else
            {
                isWhole = false;
                tokens.SkipTo(TokenKind.Comma, TokenKind.RightBrace);
            }
            if (tokens.TryTake(TokenKind.Comma) || tokens.Current.Kind is TokenKind.RightBrace or TokenKind.End)
                continue;
            tokens.Unexpected("a comma or }");
            isWhole = false;
            tokens.SkipTo(TokenKind.Comma, TokenKind.RightBrace);
            tokens.TryTake(TokenKind.Comma);
        }
        if (tokens.TryTake(TokenKind.RightBrace))
            return isWhole;
        tokens.Unexpected("a comma or }");
        return false;
    }

    private bool TryMatcher([NotNullWhen(true)] out Matcher? matcher)
    {
        matcher = null;
        var isQuoted = tokens.Current.Kind == TokenKind.Quoted;
        if (!TryLabelName(out var name))
            return false;
        MatchOp? op = tokens.Current.Kind switch
        {
            TokenKind.Assign => MatchOp.Equal,
            TokenKind.NotEqual => MatchOp.NotEqual,
            TokenKind.Matches => MatchOp.Regex,
            TokenKind.MatchesNot => MatchOp.NotRegex,
            _ => null,
        };
        if (op is null && isQuoted && tokens.Current.Kind is TokenKind.Comma or TokenKind.RightBrace)
        {
            matcher = new Matcher("__name__", MatchOp.Equal, name);
            return true;
        }
        if (op is null)
        {
            tokens.Unexpected("= != =~ or !~");
            return false;
        }
        tokens.Take();
        if (tokens.Current.Kind != TokenKind.Quoted)
        {
            tokens.Unexpected("a text in quotes");
            return false;
        }
        var text = tokens.Take();
        return TryQuoted(text, out var value) && TryMatcher(name, op.Value, value, text.At, out matcher);
    }

    private bool TryMatcher(string name, MatchOp op, string value, SourceRange at, [NotNullWhen(true)] out Matcher? matcher)
    {
        matcher = null;
        try
        {
            matcher = new Matcher(name, op, value);
            return true;
        }
        catch (ArgumentException wrong) // the pattern is not one
        {
            tokens.Report(at, $"found a regular expression that cannot be read: {wrong.Message}");
        }
        return false;
    }

    private bool TryLabelName(out string name)
    {
        name = "";
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Quoted when TryQuoted(tokens.Take(), out name):
                if (name.Length > 0)
                    return true;
                tokens.Report(token.At, "found an empty name");
                return false;
            case TokenKind.Quoted:
                return false;
            case TokenKind.Word:
                name = tokens.TextOf(tokens.Take()).ToString();
                if (LabelNames.IsLegacyLabelName(name))
                    return true;
                tokens.Report(token.At, $"found the label {tokens.Found(token)}, expected letters, digits and _; other names are written in quotes");
                return false;
            default:
                tokens.Unexpected("the name of a label");
                return false;
        }
    }

    private bool TryDuration(out long milliseconds)
    {
        milliseconds = 0;
        var token = tokens.Current;
        var text = tokens.TextOf(token);
        switch (token.Kind)
        {
            case TokenKind.Duration:
                tokens.Take();
                return Literals.TryDuration(text, out milliseconds, out _);
            case TokenKind.Number when Literals.TryNumber(text, out var seconds):
                tokens.Take();
                if (!Literals.TryMilliseconds(seconds, out milliseconds))
                    tokens.Report(token.At, $"found {tokens.Found(token)} seconds, expected a duration of at most 292y");
                return true;
            default:
                return false;
        }
    }

    private bool LooksLikeDurationArithmetic() =>
        tokens.Current.Kind is TokenKind.Plus or TokenKind.Minus or TokenKind.Star or TokenKind.Slash or TokenKind.Percent or TokenKind.Caret or TokenKind.LeftParen
        || IsDurationFunction();

    private bool IsDurationFunction() =>
        tokens.Ahead.Kind == TokenKind.LeftParen && (tokens.IsWord("step") || tokens.IsWord("range") || tokens.IsWord("min_of") || tokens.IsWord("max_of"));

    private void NotYet(SourceRange at, string what) => tokens.Report(at, $"{what} is PromQL, but not in this version");

    private PromNode.Hole Refused(SourceRange at, string why)
    {
        tokens.Report(at, why);
        return new PromNode.Hole(at);
    }
}
