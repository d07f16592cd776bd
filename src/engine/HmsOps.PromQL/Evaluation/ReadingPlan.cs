namespace HmsOps.PromQL.Evaluation;

/// <summary>What becomes of the series that a place of an expression reads.</summary>
internal enum Reading
{
    /// <summary>Each is a column.</summary>
    Kept,

    /// <summary>They are folded into groups as they are read.</summary>
    Folded,

    /// <summary>Only whether there is one.</summary>
    Noticed,
}

/// <summary>A place of an expression at which series are read.</summary>
/// <param name="Node">The part whose value it is: the read itself, or what folds it.</param>
/// <param name="Read">The selector, or the function over a window.</param>
/// <param name="Reading">What becomes of the series.</param>
internal sealed record ReadingPlace(PromNode Node, PromNode Read, Reading Reading);

/// <summary>
/// How an expression is going to read: places that read the same series at the same shift are walked together, parts that read the same are worked out once.
/// Made before anything is evaluated; says nothing of subqueries' insides, which have plans of their own.
/// </summary>
internal sealed class ReadingPlan
{
    private readonly string _text;
    private readonly HashSet<string> _seen = [];
    private readonly HashSet<string> _repeated = [];
    private readonly Dictionary<string, List<ReadingPlace>> _walks = [];
    private readonly Dictionary<PromNode, List<ReadingPlace>> _walkOf = new(ReferenceEqualityComparer.Instance);

    private ReadingPlan(string text) => _text = text;

    public static ReadingPlan Of(string text, PromNode root)
    {
        var plan = new ReadingPlan(text);
        plan.Visit(root);
        return plan;
    }

    /// <summary>The places that are walked together with that of a part; null when the part reads nothing itself.</summary>
    public IReadOnlyList<ReadingPlace>? WalkOf(PromNode node) => _walkOf.GetValueOrDefault(node);

    /// <summary>A part's text, if it is there more than once; null when it is not.</summary>
    public string? Repeated(PromNode node)
    {
        if (_repeated.Count == 0)
            return null;
        var text = TextOf(node);
        return _repeated.Contains(text) ? text : null;
    }

    private string TextOf(PromNode node) => _text[node.At.Start..node.At.End];

    private void Visit(PromNode node)
    {
        if (node is PromNode.Number or PromNode.Text)
            return;
        if (!_seen.Add(TextOf(node)))
        {
            _repeated.Add(TextOf(node));
            return; // it will be there
        }
        switch (node)
        {
            case PromNode.Aggregate aggregate when Aggregation.Folds(aggregate) && SeriesRead.Is(aggregate.Operand):
                Place(node, aggregate.Operand, Reading.Folded, aggregate.Parameter is { } chosen && Reads(chosen));
                if (aggregate.Parameter is { } parameter)
                    Visit(parameter);
                break;
            case PromNode.Call { Function: "absent" } call when SeriesRead.Is(call.Arguments[0]):
                Place(node, call.Arguments[0], Reading.Noticed);
                break;
            case PromNode.Call { Function: "absent_over_time" }:
                Place(node, node, Reading.Noticed);
                break;
            case PromNode.Call { Function: "timestamp" or "start_timestamp" } call when SeriesRead.Unwrapped(call.Arguments[0]) is PromNode.Selector:
                break; // wants of the samples what no one else does
            case PromNode.Call { Function: "info" } call:
                Visit(call.Arguments[0]);
                break;
            case not PromNode.Paren when SeriesRead.Is(node):
                Place(node, node, Reading.Kept);
                break;
            default:
                foreach (var child in node.Children)
                    Visit(child);
                break;
        }
    }

    // What waits for numbers that are read themselves has a walk of its own: in one with these it would wait for itself.
    private void Place(PromNode node, PromNode read, Reading reading, bool waits = false)
    {
        var unwrapped = SeriesRead.Unwrapped(read);
        PromNode[] numbers = [.. (unwrapped as PromNode.Call)?.Arguments.Where(argument => argument.Type == PromType.Scalar) ?? []];
        waits |= Array.Exists(numbers, Reads);
        var window = (unwrapped as PromNode.Call)?.Arguments.FirstOrDefault(argument => argument.Type == PromType.Matrix);
        var key = (window is null ? unwrapped : SeriesRead.Unwrapped(window)) switch
        {
            PromNode.Selector selector when !waits => KeyOf(selector),
            PromNode.Window { Series: var selector } when !waits => KeyOf(selector),
            _ => $"{_walkOf.Count}", // no one else's, as a subquery's is
        };
        if (!_walks.TryGetValue(key, out var walk))
            _walks.Add(key, walk = []);
        walk.Add(new ReadingPlace(node, read, reading));
        _walkOf.Add(node, walk);
        foreach (var number in numbers)
            Visit(number);
    }

    private static bool Reads(PromNode node) => node is PromNode.Selector || node.Children.Any(Reads);

    private static string KeyOf(PromNode.Selector selector) =>
        $"{string.Join(',', selector.Matchers.Select(matcher => matcher.ToString()).Order(StringComparer.Ordinal))} {selector.OffsetMs} {selector.Moment?.Ms}";
}
