using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// Series as a source has them, one after the other, and what a selector or a function over a window makes of each. Who folds them keeps none; who needs
/// them all drains the feed.
/// </summary>
internal abstract class SeriesFeed(EvaluationRun run, PromNode origin, SeriesWalk walk) : IDisposable
{
    /// <summary>The metric of the series the feed stands on is no longer what its name says.</summary>
    public abstract bool DropsName { get; }

    protected EvaluationRun Run { get; } = run;

    /// <summary>The feed that a node is, or null when it is another kind of node. Who folds its series takes them in any order.</summary>
    public static SeriesFeed? Of(EvaluationRun run, PromNode node, bool inAnyOrder) => node switch
    {
        PromNode.Paren paren => Of(run, paren.Inner, inAnyOrder),
        PromNode.Selector { Edges: PromEdges.Smoothed } selector => new SmoothedSelection(run, selector, inAnyOrder),
        PromNode.Selector selector => new InstantSelection(run, selector, inAnyOrder),
        PromNode.Call call when call.Arguments.FirstOrDefault(argument => argument.Type == PromType.Matrix) is { } window => WindowSelection.Of(run, call, window, inAnyOrder),
        _ => null,
    };

    /// <summary>Some labels of the series the feed stands on.</summary>
    public Labels Project(LabelChoice choice) => walk.Project(choice);

    /// <summary>Goes to the next series that is present at any step, and fills cells with what is made of it.</summary>
    public bool MoveNext(Cells cells)
    {
        while (walk.MoveNext())
        {
            cells.Clear();
            Fill(walk.Current, cells);
            if (!cells.IsEmpty)
                return true;
        }
        return false;
    }

    /// <summary>All of them.</summary>
    public List<Column> Drain(SourceRange at)
    {
        var columns = new ColumnSet(Run, at);
        while (walk.MoveNext())
        {
            if (columns.Columns.Count == Run.SeriesMax)
                throw new PromEvaluationException(origin.At, $"{origin} finds more than {Run.SeriesMax} series. Add matchers that narrow it, or aggregate it.") { Limit = "series_limit" };
            var column = Run.Column(walk.Labels, DropsName, at);
            Fill(walk.Current, column);
            columns.Add(column);
        }
        return columns.Columns;
    }

    public void Dispose() => walk.Dispose();

    protected abstract void Fill(SeriesView samples, Cells into);
}
