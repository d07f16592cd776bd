using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>A walk over the series of one selector, within the query's limits. What the source refuses, or had to leave out, is told at the selector's place.</summary>
internal sealed class SeriesWalk : IDisposable
{
    private readonly PromNode _selector;
    private readonly SeriesCursor _cursor;
    private readonly QueryContext _query;

    public SeriesWalk(QueryContext query, PromNode.Selector selector, Selection selection)
    {
        (_selector, _query) = (selector, query);
        try
        {
            _cursor = query.Source.Select(selection, query.Budget, query.Ct);
        }
        catch (QueryBudgetException spent)
        {
            throw Refused(spent);
        }
    }

    /// <summary>A walk over what a subquery came to.</summary>
    public SeriesWalk(QueryContext query, PromNode.Subquery subquery, SeriesCursor cursor) => (_selector, _query, _cursor) = (subquery, query, cursor);

    /// <summary>The series the walk stands on.</summary>
    public SeriesView Current
    {
        get
        {
            try
            {
                return _cursor.Current;
            }
            catch (QueryBudgetException spent)
            {
                throw Refused(spent);
            }
        }
    }

    public Labels Labels => _cursor.Labels;

    public Labels Project(LabelChoice choice) => _cursor.Project(choice);

    public bool MoveNext()
    {
        _query.Ct.ThrowIfCancellationRequested();
        try
        {
            if (!_cursor.MoveNext())
            {
                foreach (var leftOut in _cursor.Warnings)
                    _query.Notes.Warn(_selector.At, leftOut);
                return false;
            }
        }
        catch (QueryBudgetException spent)
        {
            throw Refused(spent);
        }
        return true;
    }

    public void Dispose() => _cursor.Dispose();

    private PromEvaluationException Refused(QueryBudgetException spent) => new(_selector.At, spent.Message, spent) { Limit = "sample_limit" };
}
