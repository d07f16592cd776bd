using System.Globalization;
using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>Says how an expression is worked out, part by part, and what each part cost where that was traced.</summary>
internal sealed class PlanWriter
{
    private readonly string _text;
    private readonly ReadingPlan _plan;
    private readonly QueryTrace? _trace;
    private readonly HashSet<string> _told = [];

    private PlanWriter(string text, ReadingPlan plan, QueryTrace? trace) => (_text, _plan, _trace) = (text, plan, trace);

    public static PromPlan Of(EvaluationRun run) => new PlanWriter(run.Context.Expression.Text, run.Plan, run.Context.Trace).Of(run.Root);

    private PromPlan Of(PromNode node)
    {
        var repeated = _plan.Repeated(node);
        if (repeated is not null && !_told.Add(repeated))
            return Part(node, "as above: it reads the same, and is worked out once", []);
        if (node is PromNode.Paren paren)
            return Of(paren.Inner);
        return _plan.WalkOf(node) is { } walk ? Reading(node, walk) : Part(node, How(node), [.. Parts(node).Select(Of)]);
    }

    private PromPlan Part(PromNode node, string how, IReadOnlyList<PromPlan> parts) => new(node.ToString(), how, _trace?.Of(node), parts);

    private PromPlan Reading(PromNode node, IReadOnlyList<ReadingPlace> walk)
    {
        var place = walk.First(one => ReferenceEquals(one.Node, node));
        var read = SeriesRead.Unwrapped(place.Read);
        var call = read as PromNode.Call;
        var window = call?.Arguments.FirstOrDefault(argument => argument.Type == PromType.Matrix) is { } range ? SeriesRead.Unwrapped(range) : null;
        var parts = new List<PromPlan>();
        if (place.Reading == Evaluation.Reading.Folded && ((PromNode.Aggregate)node).Parameter is { } parameter)
            parts.Add(Of(parameter));
        parts.AddRange((call?.Arguments.Where(argument => argument.Type == PromType.Scalar) ?? []).Select(Of));
        if (window is PromNode.Subquery subquery)
            parts.Add(new PlanWriter(_text, ReadingPlan.Of(_text, subquery.Operand), _trace).Of(subquery.Operand));
        return Part(node, $"{Made(place, call, window)}{Together(node, walk)}{Found(window is PromNode.Window w ? w.Series : read as PromNode.Selector)}", parts);
    }

    // What is made of each series, and what becomes of that.
    private static string Made(ReadingPlace place, PromNode.Call? call, PromNode? window)
    {
        var kernel = (call, window) switch
        {
            (null, _) => "the newest sample at each step",
            (_, PromNode.Subquery subquery) => $"{call.Function} over the last {Literals.Duration(subquery.RangeMs)} of a subquery's steps",
            (_, PromNode.Window range) => $"{call.Function} over the last {Literals.Duration(range.RangeMs)}, each series once for all steps",
            _ => call.Function,
        };
        return place.Reading switch
        {
            Evaluation.Reading.Folded => $"folds {Printer.Head((PromNode.Aggregate)place.Node).TrimEnd()} as it reads, and keeps no series: {kernel}",
            Evaluation.Reading.Noticed => $"notices what is there, and keeps no series: {kernel}",
            _ => $"reads {kernel}",
        };
    }

    private static string Together(PromNode node, IReadOnlyList<ReadingPlace> walk) => walk.Count == 1
        ? ""
        : $"; one walk with {string.Join(" and ", walk.Where(other => !ReferenceEquals(other.Node, node)).Select(other => other.Node.ToString()))}";

    // How the index finds the series.
    private static string Found(PromNode.Selector? selector) => selector is null ? "" : $"; found by {string.Join(", ", selector.Matchers.Select(How))}";

    private static string How(Matcher matcher) => matcher.Op switch
    {
        MatchOp.Equal => $"{matcher}",
        MatchOp.Regex when matcher.Alternatives is { } values => $"{matcher} ({values.Count.ToString(CultureInfo.InvariantCulture)} values looked up)",
        MatchOp.Regex => $"{matcher} (the label's values tried)",
        _ => $"{matcher} (taken out)",
    };

    private static string How(PromNode node) => node switch
    {
        PromNode.Number or PromNode.Text => "is written",
        PromNode.Unary => "each sample",
        PromNode.Binary { Matching: null, Type: PromType.Scalar } => "two numbers, step by step",
        PromNode.Binary { Matching: null } => "each series with a number, step by step",
        PromNode.Binary { Op: PromOperator.And or PromOperator.Or or PromOperator.Unless } binary => $"keeps series by whether the other side has {By(binary.Matching!)}",
        PromNode.Binary binary => $"joins {(binary.Matching!.Many == PromMany.None ? "one to one" : "many to one")} by {By(binary.Matching)}, keys once a series",
        PromNode.Aggregate { Op: PromAggregation.CountValues } => "counts values, step by step",
        PromNode.Aggregate aggregate => Aggregation.Folds(aggregate) ? "folds the series below" : "chooses among the series below, step by step",
        PromNode.Call { Arguments.Count: 0 } => "a number of the query",
        PromNode.Call { Function: "timestamp" or "start_timestamp" } => "reads times of samples alone",
        _ => "each series",
    };

    private static string By(PromMatching matching) => matching.Labels.Count == 0
        ? matching.On ? "no label" : "all labels but the name"
        : $"{(matching.On ? "" : "all labels but ")}{string.Join(", ", matching.Labels)}";

    private static IEnumerable<PromNode> Parts(PromNode node) => node switch
    {
        PromNode.Call { Function: "timestamp" or "start_timestamp" } => [],
        PromNode.Call { Function: "info" } call => call.Arguments.Take(1),
        _ => node.Children.Where(child => child is not (PromNode.Number or PromNode.Text)),
    };
}
