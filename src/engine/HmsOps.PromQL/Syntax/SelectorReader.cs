using System.Diagnostics.CodeAnalysis;
using HmsOps.Series;

namespace HmsOps.PromQL.Syntax;

/// <summary>The productions around selectors: matchers, label lists, ranges, offsets.</summary>
/// <param name="tokens">What is read.</param>
/// <param name="expression">Reads an expression that binds as a sum does.</param>
/// <param name="operand">Reads an operand: a call, or what is in parentheses.</param>
internal sealed class SelectorReader(TokenReader tokens, Func<PromNode> expression, Func<PromNode> operand)
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

    /// <summary><c>{…}</c> that choose labels rather than series.</summary>
    public PromNode Labels()
    {
        var start = tokens.Current.At.Start;
        var matchers = new List<Matcher>();
        if (tokens.Current.Kind != TokenKind.LeftBrace)
        {
            tokens.Unexpected("labels in braces, such as {cluster=~\".+\"}");
            tokens.SkipTo(TokenKind.Comma, TokenKind.RightParen);
            return new PromNode.Hole(new SourceRange(start, tokens.LastEnd));
        }
        var isWhole = Braces(matchers);
        var at = new SourceRange(start, tokens.LastEnd);
        return isWhole ? new PromNode.Selector(at, matchers, 0) { ChoosesLabels = true } : new PromNode.Hole(at);
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

    /// <summary><c>[5m]</c> behind a selector, <c>[1h:5m]</c> behind any expression that is an instant vector.</summary>
    public PromNode Range(PromNode of)
    {
        var open = tokens.Take();
        var range = Duration();
        var isSubquery = range is not null && tokens.TryTake(TokenKind.Colon);
        var step = isSubquery && tokens.Current.Kind != TokenKind.RightBracket ? Duration() : new ReadDuration(0, null);
        var isWhole = range is not null && step is not null && tokens.Current.Kind == TokenKind.RightBracket;
        if (range is not null && step is not null && !isWhole)
            tokens.Unexpected("]");
        if (!isWhole)
            tokens.SkipTo(TokenKind.RightBracket, TokenKind.RightParen); // rate(x[5m): better to lose the bracket than the rest
        tokens.TryTake(TokenKind.RightBracket);

        var brackets = new SourceRange(open.At.Start, tokens.LastEnd);
        var at = SourceRange.Over(of.At, brackets);
        if (!isWhole || of is PromNode.Hole)
            return new PromNode.Hole(at);
        if (range!.Value is { By: null, Ms: <= 0 }) // it is whole
            return Refused(brackets, $"found a range of {Literals.Duration(range.Value.Ms)}, expected at least 1ms");
        return isSubquery ? Subquery(of, at, brackets, range.Value, step!.Value) : Window(of, at, brackets, range.Value);
    }

    /// <summary><c>offset 5m</c>, also <c>offset -5m</c> and <c>offset (2 * step())</c>, behind a selector, its range or a subquery.</summary>
    public PromNode Offset(PromNode of)
    {
        var word = tokens.Take();
        var sign = tokens.Current.Kind is TokenKind.Minus or TokenKind.Plus ? tokens.Take().Kind : TokenKind.Plus;
        // Without parentheses one duration: x offset 5m + y is a sum.
        if (ShortDuration() is not { } read)
            return new PromNode.Hole(new SourceRange(of.At.Start, tokens.LastEnd));
        var at = new SourceRange(of.At.Start, tokens.LastEnd);
        var offset = sign == TokenKind.Minus ? -read.Ms : read.Ms;
        var by = read.By is { } expression && sign == TokenKind.Minus ? new PromNode.Unary(expression.At, IsMinus: true, expression) : read.By;
        return of switch
        {
            PromNode.Hole => new PromNode.Hole(at),
            PromNode.Selector { OffsetMs: 0, OffsetBy: null } s => new PromNode.Selector(at, s.Matchers, offset) { OffsetBy = by, Moment = s.Moment, Edges = s.Edges },
            PromNode.Window { Series: { OffsetMs: 0, OffsetBy: null } series } w => new PromNode.Window(at, series with { OffsetMs = offset, OffsetBy = by }, w.RangeMs) { RangeBy = w.RangeBy },
            PromNode.Subquery { OffsetMs: 0, OffsetBy: null } q => new PromNode.Subquery(at, q.Operand, q.RangeMs, q.StepMs) { RangeBy = q.RangeBy, StepBy = q.StepBy, Moment = q.Moment, OffsetMs = offset, OffsetBy = by },
            PromNode.Selector or PromNode.Window or PromNode.Subquery => Refused(word.At, "found a second offset, expected one"),
            _ => Refused(word.At, $"found offset behind {ExpressionReader.Kind(of)}, expected it right behind a selector, its range or a subquery"),
        };
    }

    /// <summary><c>@ 1609746000</c>, <c>@ start()</c>, <c>@ end()</c>, behind a selector, its range or a subquery.</summary>
    public PromNode AtModifier(PromNode of)
    {
        var sign = tokens.Take();
        if (ReadMoment() is not { } moment)
            return new PromNode.Hole(new SourceRange(of.At.Start, tokens.LastEnd));
        var at = new SourceRange(of.At.Start, tokens.LastEnd);
        return of switch
        {
            PromNode.Hole => new PromNode.Hole(at),
            PromNode.Selector { Moment: null } s => new PromNode.Selector(at, s.Matchers, s.OffsetMs) { OffsetBy = s.OffsetBy, Moment = moment, Edges = s.Edges },
            PromNode.Window { Series: { Moment: null } series } w => new PromNode.Window(at, series with { Moment = moment }, w.RangeMs) { RangeBy = w.RangeBy },
            PromNode.Subquery { Moment: null } q => new PromNode.Subquery(at, q.Operand, q.RangeMs, q.StepMs) { RangeBy = q.RangeBy, StepBy = q.StepBy, OffsetMs = q.OffsetMs, OffsetBy = q.OffsetBy, Moment = moment },
            PromNode.Selector or PromNode.Window or PromNode.Subquery => Refused(sign.At, "found a second @, expected one"),
            _ => Refused(sign.At, $"found @ behind {ExpressionReader.Kind(of)}, expected it right behind a selector, its range or a subquery"),
        };
    }

    /// <summary><c>anchored</c>, <c>smoothed</c>, behind a selector or its range.</summary>
    public PromNode EdgeModifier(PromNode of)
    {
        var word = tokens.Take();
        var edges = tokens.IsWord(word, "anchored") ? PromEdges.Anchored : PromEdges.Smoothed;
        var at = new SourceRange(of.At.Start, tokens.LastEnd);
        return of switch
        {
            PromNode.Hole => new PromNode.Hole(at),
            PromNode.Selector { Edges: PromEdges.Plain } when edges == PromEdges.Anchored => Refused(word.At, "found anchored behind a selector, expected it behind a range"),
            PromNode.Selector { Edges: PromEdges.Plain } s => new PromNode.Selector(at, s.Matchers, s.OffsetMs) { OffsetBy = s.OffsetBy, Moment = s.Moment, Edges = edges },
            PromNode.Window { Series: { Edges: PromEdges.Plain } series } w => new PromNode.Window(at, series with { Edges = edges }, w.RangeMs) { RangeBy = w.RangeBy },
            PromNode.Selector or PromNode.Window => Refused(word.At, "found a second word about the ends of the range, expected one of anchored and smoothed"),
            _ => Refused(word.At, $"found {tokens.Found(word)} behind {ExpressionReader.Kind(of)}, expected it right behind a selector or its range"),
        };
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

    private PromNode Window(PromNode of, SourceRange at, SourceRange brackets, ReadDuration range) => of switch
    {
        PromNode.Selector { OffsetMs: 0, OffsetBy: null, Moment: null } selector => new PromNode.Window(at, selector, range.Ms) { RangeBy = range.By },
        PromNode.Selector selector => Refused(brackets, $"found a range behind an offset or @, expected the range first: {selector with { OffsetMs = 0, OffsetBy = null, Moment = null }}[{range}]"),
        PromNode.Window or PromNode.Subquery => Refused(brackets, $"found a range behind {ExpressionReader.Kind(of)}, expected it right behind a selector"),
        _ => Refused(brackets, $"found a range behind {ExpressionReader.Kind(of)}{(of is PromNode.Paren ? " in parentheses" : "")}, expected it right behind a selector; a subquery over its last {range} is written [{range}:]"),
    };

    private PromNode Subquery(PromNode of, SourceRange at, SourceRange brackets, ReadDuration range, ReadDuration step)
    {
        if (of.Type != PromType.Vector)
            return Refused(brackets, $"found a subquery of {ExpressionReader.Kind(of)}, expected an instant vector before it");
        if (step is { By: null, Ms: < 0 })
            return Refused(brackets, $"found a step of {step}, expected at least 1ms");
        return new PromNode.Subquery(at, of, range.Ms, step.Ms) { RangeBy = range.By, StepBy = step.By };
    }

    private PromMoment? ReadMoment()
    {
        if (tokens.Ahead.Kind == TokenKind.LeftParen && (tokens.IsWord("start") || tokens.IsWord("end")))
        {
            var kind = tokens.IsWord("start") ? PromMomentKind.Start : PromMomentKind.End;
            tokens.Take();
            tokens.Take();
            tokens.Close(TokenKind.RightParen, ")");
            return new PromMoment(kind);
        }
        var first = tokens.Current;
        var isMinus = first.Kind == TokenKind.Minus;
        if (first.Kind is TokenKind.Minus or TokenKind.Plus)
            tokens.Take();
        if (Seconds() is not { } seconds)
        {
            tokens.Unexpected("a time in seconds since 1970, start() or end()");
            return null;
        }
        if (Literals.TryMilliseconds(isMinus ? -seconds : seconds, out var milliseconds))
            return new PromMoment(PromMomentKind.Written, milliseconds);
        tokens.Report(new SourceRange(first.At.Start, tokens.LastEnd), "found a time that is out of range, expected seconds since 1970");
        return null;
    }

    // An expression of durations; null when something was wrong, and reported.
    private ReadDuration? Duration()
    {
        var first = tokens.Current;
        if (first.Kind is TokenKind.RightBracket or TokenKind.Colon or TokenKind.RightParen or TokenKind.End or TokenKind.Quoted)
        {
            tokens.Unexpected("a duration such as 5m");
            return null;
        }
        return Checked(expression());
    }

    private ReadDuration? ShortDuration()
    {
        if (Seconds() is { } seconds)
            return Checked(new PromNode.Number(tokens.Previous.At, seconds, IsDuration: tokens.Previous.Kind == TokenKind.Duration));
        if (tokens.Current.Kind == TokenKind.LeftParen || IsDurationFunction())
            return Checked(operand());
        tokens.Unexpected("a duration such as 5m");
        return null;
    }

    private ReadDuration? Checked(PromNode node)
    {
        if (node is PromNode.Hole)
            return null;
        if (DurationExpression.Stranger(node) is { } stranger)
        {
            tokens.Report(stranger.At, $"found {ExpressionReader.Kind(stranger)} in a duration, expected durations, numbers, + - * / % ^, step(), range(), min_of() and max_of()");
            return null;
        }
        if (DurationExpression.IsOfQuery(node))
            return new ReadDuration(0, node);
        if (Literals.TryMilliseconds(DurationExpression.Seconds(node, 0, 0), out var milliseconds))
            return new ReadDuration(milliseconds, null);
        tokens.Report(node.At, $"found a duration that is out of range, expected at most 292y");
        return null;
    }

    private double? Seconds()
    {
        var token = tokens.Current;
        var text = tokens.TextOf(token);
        switch (token.Kind)
        {
            case TokenKind.Duration when Literals.TryDuration(text, out var milliseconds, out _):
                tokens.Take();
                return milliseconds / 1000.0;
            case TokenKind.Number when Literals.TryNumber(text, out var seconds):
                tokens.Take();
                return seconds;
            default:
                return null;
        }
    }

    private bool IsDurationFunction() =>
        tokens.Ahead.Kind == TokenKind.LeftParen && (tokens.IsWord("step") || tokens.IsWord("range") || tokens.IsWord("min_of") || tokens.IsWord("max_of"));

    private PromNode.Hole Refused(SourceRange at, string why)
    {
        tokens.Report(at, why);
        return new PromNode.Hole(at);
    }

    /// <summary>A duration: milliseconds, or an expression that only the query makes such.</summary>
    private readonly record struct ReadDuration(long Ms, PromNode? By)
    {
        public override string ToString() => By?.ToString() ?? Literals.Duration(Ms);
    }
}
