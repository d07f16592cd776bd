using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>A walk over the series of one selector, within the query's limits. What the source refuses, or had to leave out, is told at the selector's place.</summary>
internal sealed class SeriesWalk : IDisposable
{
    private readonly PromNode.Selector _selector;
    private readonly SeriesCursor _cursor;
    private readonly Notes _notes;
    private readonly CancellationToken _ct;

    public SeriesWalk(ISeriesSource source, PromNode.Selector selector, Selection selection, QueryBudget budget, Notes notes, CancellationToken ct)
    {
        (_selector, _notes, _ct) = (selector, notes, ct);
        try
        {
            _cursor = source.Select(selection, budget, ct);
        }
        catch (QueryBudgetException spent)
        {
            throw Refused(spent);
        }
    }

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
        _ct.ThrowIfCancellationRequested();
        try
        {
            if (!_cursor.MoveNext())
            {
                foreach (var leftOut in _cursor.Warnings)
                    _notes.Warn(_selector.At, leftOut);
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
