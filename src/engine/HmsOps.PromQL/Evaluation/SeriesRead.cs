using System.Diagnostics;

namespace HmsOps.PromQL.Evaluation;

/// <summary>A place in an expression at which series are read: a selector, or a function over a window. What it takes besides series is worked out beforehand.</summary>
internal sealed class SeriesRead
{
    private readonly Func<SeriesKernel> _kernel;

    private SeriesRead(PromNode origin, TimeGrid grid, long offset, long before, long after, Func<SeriesKernel> kernel)
    {
        Origin = origin;
        _kernel = kernel;
        From = grid.From - offset - before + 1;
        To = grid.Last - offset + after;
    }

    /// <summary>The selector or subquery whose series are read.</summary>
    public PromNode Origin { get; }

    /// <summary>The first millisecond that is wanted.</summary>
    public long From { get; }

    /// <summary>The last.</summary>
    public long To { get; }

    /// <summary>The selector; null where it is a subquery.</summary>
    public PromNode.Selector? Selector => Origin as PromNode.Selector;

    /// <summary>The series of a subquery, which are known.</summary>
    public SubqueryCursor? Subquery { get; private init; }

    /// <summary>Whether a node reads series, and makes a column of each.</summary>
    public static bool Is(PromNode node) => Unwrapped(node) switch
    {
        PromNode.Selector => true,
        PromNode.Call { Function: "absent_over_time" } => false,
        PromNode.Call call => WindowOf(call) is not null,
        _ => false,
    };

    /// <summary>The read that a node is.</summary>
    public static SeriesRead Of(EvaluationRun run, PromNode node) => Unwrapped(node) switch
    {
        PromNode.Selector { Edges: PromEdges.Smoothed } selector => Instant(run, selector, run.LookBackMs, () => new SmoothedKernel(run, selector)),
        PromNode.Selector selector => Instant(run, selector, 0, () => new InstantKernel(run, selector, SelectedPart.Sample)),
        PromNode.Call call => OfWindow(run, call, WindowOf(call)!), // Is has looked
        _ => throw new UnreachableException($"{node} reads no series."),
    };

    /// <summary>The read of a part of a selector's samples.</summary>
    public static SeriesRead Of(EvaluationRun run, PromNode.Selector selector, SelectedPart part) => Instant(run, selector, 0, () => new InstantKernel(run, selector, part));

    public SeriesKernel Kernel() => _kernel();

    public static PromNode Unwrapped(PromNode node)
    {
        while (node is PromNode.Paren paren)
            node = paren.Inner;
        return node;
    }

    private static PromNode? WindowOf(PromNode.Call call) => call.Arguments.FirstOrDefault(argument => argument.Type == PromType.Matrix) is { } window ? Unwrapped(window) : null;

    private static SeriesRead Instant(EvaluationRun run, PromNode.Selector selector, long after, Func<SeriesKernel> kernel) =>
        new(selector, run.Grid.Seen(selector.Moment), selector.OffsetMs, run.LookBackMs, after, kernel);

    private static SeriesRead OfWindow(EvaluationRun run, PromNode.Call call, PromNode window)
    {
        if (window is PromNode.Subquery subquery)
        {
            var seen = run.Grid.Seen(subquery.Moment);
            var cursor = SubqueryCursor.Of(run, subquery, seen);
            var function = WindowFunctionTable.Of(run, call, subquery.At, subquery.RangeMs);
            return new SeriesRead(subquery, seen, subquery.OffsetMs, subquery.RangeMs, 0, () => new WindowKernel(run.Context, function(), seen, subquery.OffsetMs, subquery.RangeMs, cursor)) { Subquery = cursor };
        }
        var plain = (PromNode.Window)window; // ranges are of one of the two kinds
        var series = plain.Series;
        var grid = run.Grid.Seen(series.Moment);
        var (before, after) = WindowEdges.Beyond(run, series);
        var make = series.Edges == PromEdges.Plain ? WindowFunctionTable.Of(run, call, plain.At, plain.RangeMs) : () => WindowEdges.Function(run, call, plain);
        return new SeriesRead(series, grid, series.OffsetMs, plain.RangeMs + before, after, () => new WindowKernel(run.Context, make(), grid, series.OffsetMs, plain.RangeMs, null));
    }
}
