using HmsOps.Series;
using static HmsOps.PromQL.Syntax.Operators;

namespace HmsOps.PromQL.Syntax;

/// <summary>
/// The Pratt parser: one method a production. Where something cannot be read it reports, leaves a hole, and goes on; checks pass over
/// holes, so one mistake is one error.
/// </summary>
internal sealed class ExpressionReader
{
    private const int ChainFactor = 4; // a chain of operators is as deep a tree as it is long, but reads as flat

    private readonly TokenReader _tokens;
    private readonly SelectorReader _selectors;
    private readonly PromLimits _limits;
    private int _depth;
    private bool _isTooDeep;

    public ExpressionReader(string text, List<Token> tokens, Problems problems, PromLimits limits)
    {
        _tokens = new TokenReader(text, tokens, problems);
        _selectors = new SelectorReader(_tokens, () => Expression(SumBinds), Primary);
        _limits = limits;
    }

    public PromNode ReadWhole()
    {
        if (_tokens.Current.Kind == TokenKind.End)
        {
            _tokens.Report(_tokens.Current.At, "found nothing, expected an expression such as rate(requests_total[5m])");
            return Hole(_tokens.Current.At);
        }
        var root = Expression(OrBinds);
        var complained = false;
        while (_tokens.Current.Kind != TokenKind.End)
        {
            root = Hole(root.At);
            Leftover(ref complained);
        }
        return root;
    }

    // What follows a whole expression is an error once; what it holds is still read for errors of its own.
    private void Leftover(ref bool complained)
    {
        var token = _tokens.Current;
        if (token.Kind is TokenKind.RightParen or TokenKind.RightBrace or TokenKind.RightBracket)
            _tokens.Report(token.At, $"found {_tokens.Found(token)}, which closes nothing");
        else if (!complained && token.Kind != TokenKind.Bad)
            _tokens.Unexpected("an operator or the end");
        complained = true;
        if (token.Kind is TokenKind.Word or TokenKind.Number or TokenKind.Duration or TokenKind.Quoted or TokenKind.LeftParen or TokenKind.LeftBrace)
        {
            Expression(OrBinds);
            return;
        }
        _tokens.Take();
        if (CurrentOperator() is not null)
        {
            _tokens.Take();
            if (_tokens.Current.Kind != TokenKind.End)
                Expression(OrBinds);
        }
    }

    private PromNode Expression(int binds)
    {
        if (!Enter())
            return Hole(_tokens.Current.At);
        var left = Prefix();
        while (CurrentOperator() is { } op && op.Binds() >= binds)
            left = Binary(left, op);
        _depth--;
        return left;
    }

    // Recursion is bounded here, and the tree's height in Limited: both would otherwise be the caller's stack.
    private bool Enter()
    {
        if (_isTooDeep)
            return false;
        if (++_depth <= _limits.DepthMax)
            return true;
        _isTooDeep = true;
        _tokens.GiveUp(_tokens.Current.At, $"the expression nests deeper than {_limits.DepthMax} levels, which is the limit");
        return false;
    }

    private PromNode Limited(PromNode node)
    {
        if (node.Height <= _limits.DepthMax * ChainFactor)
            return node;
        _isTooDeep = true;
        _tokens.GiveUp(node.At, $"the expression chains more than {_limits.DepthMax * ChainFactor} operators, which is the limit");
        return Hole(node.At);
    }

    private PromOperator? CurrentOperator()
    {
        var token = _tokens.Current;
        return Of(token.Kind, _tokens.TextOf(token));
    }

    private PromNode Prefix()
    {
        if (_tokens.Current.Kind is not (TokenKind.Minus or TokenKind.Plus))
            return Postfix();
        var sign = _tokens.Take();
        var isMinus = sign.Kind == TokenKind.Minus;
        var operand = Expression(PowerBinds); // binds as a product does: -a ^ b is -(a ^ b), and -a * b is (-a) * b
        var at = SourceRange.Over(sign.At, operand.At);
        if (operand is PromNode.Hole)
            return Hole(at);
        if (operand is PromNode.Number number)
            return new PromNode.Number(at, isMinus ? -number.Value : number.Value, number.IsDuration);
        if (operand.Type is PromType.Scalar or PromType.Vector)
            return Limited(new PromNode.Unary(at, isMinus, operand));
        _tokens.Report(operand.At, $"found {Kind(operand)} behind the sign, expected a number or an instant vector");
        return Hole(at);
    }

    private PromNode Postfix()
    {
        var node = Primary();
        while (true)
        {
            if (_tokens.Current.Kind == TokenKind.LeftBracket)
                node = _selectors.Range(node);
            else if (_tokens.IsWord("offset"))
                node = _selectors.Offset(node);
            else if (_tokens.Current.Kind == TokenKind.At)
                node = _selectors.AtModifier(node);
            else if (_tokens.IsWord("anchored") || _tokens.IsWord("smoothed"))
                node = _selectors.EdgeModifier(node);
            else
                return node;
        }
    }

    private PromNode Primary()
    {
        var token = _tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Number or TokenKind.Duration:
                return Number(_tokens.Take());
            case TokenKind.Quoted:
                return _selectors.TryQuoted(_tokens.Take(), out var value) ? new PromNode.Text(token.At, value) : Hole(token.At);
            case TokenKind.LeftParen:
                return Parenthesised();
            case TokenKind.LeftBrace:
                return _selectors.Selector();
            case TokenKind.Word:
                return Word(token);
            case TokenKind.Bad:
                _tokens.Take();
                return Hole(token.At);
            default:
                _tokens.Unexpected("a number, a metric, a function or (");
                if (token.Kind is TokenKind.Assign or TokenKind.Matches or TokenKind.MatchesNot or TokenKind.Colon)
                    _tokens.Take();
                return Hole(token.At);
        }
    }

    private PromNode.Number Number(Token token)
    {
        var text = _tokens.TextOf(token);
        if (token.Kind == TokenKind.Number)
        {
            Literals.TryNumber(text, out var number); // the lexer has tried it
            return new PromNode.Number(token.At, number, IsDuration: false);
        }
        Literals.TryDuration(text, out var milliseconds, out _); // likewise
        return new PromNode.Number(token.At, milliseconds / 1000.0, IsDuration: true);
    }

    private PromNode Parenthesised()
    {
        var open = _tokens.Take();
        var inner = Expression(OrBinds);
        _tokens.Close(TokenKind.RightParen, "an operator or )");
        var at = new SourceRange(open.At.Start, _tokens.LastEnd);
        return inner is PromNode.Hole ? Hole(at) : Limited(new PromNode.Paren(at, inner));
    }

    private PromNode Word(Token word)
    {
        var text = _tokens.TextOf(word).ToString();
        var lower = text.ToLowerInvariant();
        if (lower is "inf" or "nan")
            return new PromNode.Number(_tokens.Take().At, lower == "inf" ? double.PositiveInfinity : double.NaN, IsDuration: false);
        var isCall = _tokens.Ahead.Kind == TokenKind.LeftParen;
        var isAggregation = Functions.Aggregations.ContainsKey(lower);
        if (isAggregation && (isCall || _tokens.IsWord(_tokens.Ahead, "by") || _tokens.IsWord(_tokens.Ahead, "without")))
            return Aggregate(lower);
        if (isCall)
            return Call(text);
        if (!Functions.Reserved.Contains(lower))
            return _selectors.Selector();
        _tokens.Report(word.At, $"found {_tokens.Found(word)}, a word of the language, expected an expression; a metric of this name is written {{\"{text}\"}}");
        _tokens.Take();
        return Hole(word.At);
    }

    private PromNode Call(string name)
    {
        var word = _tokens.Take();
        var arguments = Arguments(isInfo: name == "info");
        if (Functions.AnyCase.Contains(name.ToLowerInvariant()))
            name = name.ToLowerInvariant();
        var at = new SourceRange(word.At.Start, _tokens.LastEnd);
        if (!Functions.Evaluated.TryGetValue(name, out var signature))
            return Unknown(word, name, at);
        if (!signature.TakesAsMany(arguments.Count))
        {
            _tokens.Report(at, $"found {Counted(arguments.Count)}, expected {Expected(signature)}: {Usage(name, signature)}");
            return Hole(at);
        }
        var fits = true;
        for (var i = 0; i < arguments.Count; i++)
            fits &= Takes(name, signature.TypeOf(i), arguments[i]) && KnowsEdges(name, arguments[i]);
        return fits ? Limited(new PromNode.Call(at, name, arguments)) : Hole(at);
    }

    private PromNode.Hole Unknown(Token word, string name, SourceRange at)
    {
        if (name == "holt_winters")
            _tokens.Report(word.At, "found 'holt_winters', which today's PromQL calls double_exponential_smoothing", "double_exponential_smoothing");
        else
            _tokens.Report(word.At, $"found {_tokens.Found(word)}, which is no function of PromQL", Functions.Nearest(name));
        return Hole(at);
    }

    private bool KnowsEdges(string function, PromNode argument)
    {
        while (argument is PromNode.Paren paren)
            argument = paren.Inner;
        if (argument is not PromNode.Window { Series.Edges: not PromEdges.Plain and var edges } window || Functions.OfEdges[edges].Contains(function))
            return true;
        _tokens.Report(window.At, $"found {(edges == PromEdges.Anchored ? "anchored" : "smoothed")} in {function}, expected it in {string.Join(", ", Functions.OfEdges[edges][..^1])} or {Functions.OfEdges[edges][^1]} only");
        return false;
    }

    // The second argument of info is labels, not series: it may be any.
    private List<PromNode> Arguments(bool isInfo = false)
    {
        _tokens.Take(); // the parenthesis that told us this is a call
        var arguments = new List<PromNode>();
        if (_tokens.TryTake(TokenKind.RightParen))
            return arguments;
        do
        {
            if (arguments.Count > 0 && _tokens.Current.Kind == TokenKind.RightParen) // sum(x,) is allowed nowhere
                _tokens.Unexpected("another argument");
            else if (isInfo && arguments.Count == 1)
                arguments.Add(_selectors.Labels());
            else
                arguments.Add(Expression(OrBinds));
            if (_tokens.Current.Kind is TokenKind.Comma or TokenKind.RightParen)
                continue;
            _tokens.Unexpected("an operator, a comma or )");
            _tokens.SkipTo(TokenKind.Comma, TokenKind.RightParen);
        }
        while (_tokens.TryTake(TokenKind.Comma));
        _tokens.TryTake(TokenKind.RightParen);
        return arguments;
    }

    private bool Takes(string name, PromType type, PromNode argument)
    {
        if (argument is PromNode.Hole)
            return false;
        if (argument.Type == type)
            return true;
        var hint = (type, argument) switch
        {
            (PromType.Matrix, PromNode.Selector s) => $"; a range is written {s}[5m]",
            (PromType.Vector, PromNode.Window w) => $"; without a range it is {w.Series}",
            _ => "",
        };
        _tokens.Report(argument.At, $"found {Kind(argument)}, expected {Kind(type)} for {name}{hint}");
        return false;
    }

    private PromNode Aggregate(string name)
    {
        var word = _tokens.Take();
        var grouping = Grouping();
        if (_tokens.Current.Kind != TokenKind.LeftParen)
        {
            _tokens.Unexpected($"( and what to take the {name} of");
            return Hole(new SourceRange(word.At.Start, _tokens.LastEnd));
        }
        var arguments = Arguments();
        grouping ??= Grouping();
        var at = new SourceRange(word.At.Start, _tokens.LastEnd);
        var (op, takes) = Functions.Aggregations[name]; // whoever calls has looked
        if (arguments.Count != (takes is null ? 1 : 2))
        {
            _tokens.Report(at, $"found {Counted(arguments.Count)}, expected {Counted(takes is null ? 1 : 2)}: {name}({(takes is { } type ? $"{Kind(type).Split(' ', 2)[1]}, " : "")}instant vector)");
            return Hole(at);
        }
        var (isWithout, labels) = grouping ?? (false, []);
        var fits = (takes is null || Takes(name, takes.Value, arguments[0])) & Takes(name, PromType.Vector, arguments[^1]);
        return fits ? Limited(new PromNode.Aggregate(at, op, isWithout, labels, arguments[^1], takes is null ? null : arguments[0])) : Hole(at);
    }

    private (bool Without, IReadOnlyList<string> Labels)? Grouping()
    {
        var isWithout = _tokens.IsWord("without");
        if (!isWithout && !_tokens.IsWord("by"))
            return null;
        _tokens.Take();
        return (isWithout, _selectors.LabelList());
    }

    private PromNode Binary(PromNode left, PromOperator op)
    {
        var sign = _tokens.Take();
        var isBool = _tokens.IsWord("bool") && _tokens.Take().Kind == TokenKind.Word;
        if (isBool && !op.IsComparison())
            _tokens.Report(_tokens.Previous.At, $"found 'bool' behind {op.Sign()}, expected it behind a comparison only");
        var matching = Matching();
        var right = Expression(op == PromOperator.Power ? PowerBinds : op.Binds() + 1); // ^ groups from the right, all others from the left
        var at = SourceRange.Over(left.At, right.At);
        if (left is PromNode.Hole || right is PromNode.Hole || !Fits(left, op, sign, right, isBool, matching))
            return Hole(at);
        var areVectors = left.Type == PromType.Vector && right.Type == PromType.Vector;
        return Limited(new PromNode.Binary(at, op, left, right, isBool, areVectors ? matching ?? new PromMatching(On: false, []) : null));
    }

    private PromMatching? Matching()
    {
        var isOn = _tokens.IsWord("on");
        if (!isOn && !_tokens.IsWord("ignoring"))
            return Filled(null);
        _tokens.Take();
        var matching = new PromMatching(isOn, _selectors.LabelList());
        if (_tokens.IsWord("group_left") || _tokens.IsWord("group_right"))
        {
            var many = _tokens.IsWord("group_left") ? PromMany.Left : PromMany.Right;
            var at = _tokens.Take().At;
            var include = _tokens.Current.Kind == TokenKind.LeftParen ? _selectors.LabelList() : [];
            if (isOn && include.Intersect(matching.Labels).FirstOrDefault() is { } twice)
                _tokens.Report(at, $"found the label {LabelNames.Quote(twice)} in on and in {(many == PromMany.Left ? "group_left" : "group_right")}, expected it in one of them");
            matching = matching with { Many = many, Include = include };
        }
        return Filled(matching);
    }

    // fill(0) and its kin are modifiers only in front of a parenthesis; else they are names.
    private PromMatching? Filled(PromMatching? matching)
    {
        while (_tokens.Ahead.Kind == TokenKind.LeftParen && (_tokens.IsWord("fill") || _tokens.IsWord("fill_left") || _tokens.IsWord("fill_right")))
        {
            var (isLeft, isRight) = (!_tokens.IsWord("fill_right"), !_tokens.IsWord("fill_left"));
            var word = _tokens.Take();
            _tokens.Take();
            var value = Expression(SumBinds);
            _tokens.Close(TokenKind.RightParen, ")");
            var number = value is PromNode.Number plain ? plain.Value : double.NaN;
            if (value is not (PromNode.Number or PromNode.Hole))
                _tokens.Report(value.At, $"found {Kind(value)}, expected a number for {_tokens.TextOf(word)}");
            matching ??= new PromMatching(On: false, []);
            matching = matching with { FillLeft = isLeft ? number : matching.FillLeft, FillRight = isRight ? number : matching.FillRight };
        }
        return matching;
    }

    private bool Fits(PromNode left, PromOperator op, Token sign, PromNode right, bool isBool, PromMatching? matching)
    {
        var fits = true;
        foreach (var side in (ReadOnlySpan<PromNode>)[left, right])
        {
            if (side.Type is PromType.Scalar or PromType.Vector)
                continue;
            _tokens.Report(side.At, $"found {Kind(side)} beside {op.Sign()}, expected a number or an instant vector");
            fits = false;
        }
        if (!fits)
            return false;
        var vectors = (left.Type == PromType.Vector ? 1 : 0) + (right.Type == PromType.Vector ? 1 : 0);
        var wrong = (op.IsSet(), op.IsComparison(), vectors) switch
        {
            (true, _, < 2) => $"found a number beside {op.Sign()}, expected instant vectors on both sides",
            (_, true, 0) when !isBool => $"found {op.Sign()} between two numbers, expected {op.Sign()} bool: there is no series to keep or drop",
            (true, _, _) when matching is { FillLeft: not null } or { FillRight: not null } => $"found fill beside {op.Sign()}, expected it beside arithmetic and comparisons only",
            (true, _, _) when matching is { Many: not PromMany.None } => $"found a grouping beside {op.Sign()}, expected it beside arithmetic and comparisons only",
            _ when matching is not null && vectors < 2 => $"found {(matching.On ? "on" : "ignoring")} where a side is a number, expected it between instant vectors only",
            _ => null,
        };
        if (wrong is null)
            return !isBool || op.IsComparison(); // reported where bool was read
        _tokens.Report(sign.At, wrong);
        return false;
    }

    internal static string Kind(PromNode node) => node is PromNode.Number ? $"the number {node}" : Kind(node.Type);

    private static string Kind(PromType type) => type switch
    {
        PromType.Scalar => "a number",
        PromType.Vector => "an instant vector",
        PromType.Matrix => "a range vector",
        _ => "a text",
    };

    private static string Counted(int arguments) => arguments switch { 0 => "no argument", 1 => "1 argument", _ => $"{arguments} arguments" };

    private static string Expected(FunctionSignature signature) =>
        signature.Repeats ? $"at least {Counted(signature.Least)}"
        : signature.Optional > 0 ? $"{signature.Least} or {Counted(signature.Takes.Length)}"
        : Counted(signature.Takes.Length);

    private static string Usage(string name, FunctionSignature signature)
    {
        var takes = signature.Takes.Select((type, i) => i < signature.Least ? Kind(type).Split(' ', 2)[1] : $"[{Kind(type).Split(' ', 2)[1]}{(signature.Repeats ? ", …" : "")}]");
        return $"{name}({string.Join(", ", takes)})";
    }

    private static PromNode.Hole Hole(SourceRange at) => new(at);
}
