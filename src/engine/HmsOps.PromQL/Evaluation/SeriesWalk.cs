using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>A walk over series of one selector, within the query's limits. What the source refuses, or had to leave out, is told at the selector's place.</summary>
internal sealed class SeriesWalk : IDisposable
{
    private readonly PromNode _selector;
    private readonly SeriesCursor _cursor;
    private readonly QueryContext _query;
    private readonly SeriesTally _tally;

    /// <summary>A walk over what a source, or a subquery, came to.</summary>
    public SeriesWalk(QueryContext query, PromNode origin, SeriesCursor cursor) => (_selector, _query, _cursor, _tally) = (origin, query, cursor, query.TallyOf(origin));

    /// <summary>The series the walk stands on.</summary>
    public SeriesView Current
    {
        get
        {
            try
            {
                return _cursor.Current;
            }
            catch (Exception e) when (e is QueryBudgetException or SourceUnavailableException)
            {
                throw Refused(_selector, e);
            }
        }
    }

    public Labels Labels => _cursor.Labels;

    /// <summary>Opens a walk over all series of a selection.</summary>
    public static SeriesWalk Of(QueryContext query, PromNode origin, Selection selection)
    {
        query.TallyOf(origin); // it may be long before one is found, or that may be all there is time for
        try
        {
            return new SeriesWalk(query, origin, query.Source.Select(selection, query.Budget, query.Ct));
        }
        catch (Exception e) when (e is QueryBudgetException or SourceUnavailableException)
        {
            throw Refused(origin, e);
        }
    }

    /// <summary>Opens a walk, or, where there are many series and several workers, a walk for each over its share of them, one share after the other.</summary>
    public static IReadOnlyList<SeriesWalk> Open(QueryContext query, PromNode origin, Selection selection)
    {
        query.TallyOf(origin);
        try
        {
            var cursors = query.Source.SelectParts(selection, query.Workers.Count, query.Budget, query.Ct);
            return [.. cursors.Select(cursor => new SeriesWalk(query, origin, cursor))];
        }
        catch (Exception e) when (e is QueryBudgetException or SourceUnavailableException)
        {
            throw Refused(origin, e);
        }
    }

    public Labels Project(LabelChoice choice) => _cursor.Project(choice);

    public void Dispose() => _cursor.Dispose();

    /// <summary>Goes to the next series.</summary>
    public bool MoveNext()
    {
        _query.Ct.ThrowIfCancellationRequested();
        try
        {
            if (_cursor.MoveNext())
            {
                _tally.CountFound();
                return true;
            }
            foreach (var leftOut in _cursor.Warnings)
                _query.Notes.Warn(_selector.At, leftOut);
            return false;
        }
        catch (Exception e) when (e is QueryBudgetException or SourceUnavailableException)
        {
            throw Refused(_selector, e);
        }
    }

    // Two words a source has for a question it does not answer; all else is no answer of it and goes its own way.
    private static PromEvaluationException Refused(PromNode origin, Exception said) =>
        new(origin.At, said.Message, said) { Limit = (said as QueryBudgetException)?.Limit };
}
