using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>A walk over series of one selector, within the query's limits. What the source refuses, or had to leave out, is told at the selector's place.</summary>
internal sealed class SeriesWalk : IDisposable
{
    // A worker has so many series before the next one has some: what one costs evens out.
    private const int MorselSeries = 64;

    private readonly PromNode _selector;
    private readonly SeriesCursor _cursor;
    private readonly QueryContext _query;
    private readonly int _part;
    private readonly int _parts;

    /// <summary>A walk over what a subquery came to.</summary>
    public SeriesWalk(QueryContext query, PromNode origin, SeriesCursor cursor)
        : this(query, origin, cursor, 0, 1)
    {
    }

    private SeriesWalk(QueryContext query, PromNode origin, SeriesCursor cursor, int part, int parts) =>
        (_selector, _query, _cursor, _part, _parts) = (origin, query, cursor, part, parts);

    /// <summary>The place of the series among all that match, in the order of the walk.</summary>
    public long Row { get; private set; } = -1;

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
                throw Refused(_selector, spent);
            }
        }
    }

    public Labels Labels => _cursor.Labels;

    /// <summary>Opens a walk over all series of a selection.</summary>
    public static SeriesWalk Of(QueryContext query, PromNode origin, Selection selection)
    {
        try
        {
            return new SeriesWalk(query, origin, query.Source.Select(selection, query.Budget, query.Ct));
        }
        catch (QueryBudgetException spent)
        {
            throw Refused(origin, spent);
        }
    }

    /// <summary>Opens a walk, or, where there are many series and several workers, a walk for each: they see the same series, and each stands on its own share of them.</summary>
    public static IReadOnlyList<SeriesWalk> Open(QueryContext query, PromNode origin, Selection selection)
    {
        try
        {
            var cursors = query.Source.SelectParts(selection, query.Workers.Count, query.Budget, query.Ct);
            return [.. cursors.Select((cursor, part) => new SeriesWalk(query, origin, cursor, part, cursors.Count))];
        }
        catch (QueryBudgetException spent)
        {
            throw Refused(origin, spent);
        }
    }

    public Labels Project(LabelChoice choice) => _cursor.Project(choice);

    /// <summary>Goes to the next series of its share.</summary>
    public bool MoveNext()
    {
        do
        {
            _query.Ct.ThrowIfCancellationRequested();
            if (!TryMove())
                return false;
            Row++;
        }
        while (_parts > 1 && Row / MorselSeries % _parts != _part);
        return true;
    }

    public void Dispose() => _cursor.Dispose();

    private bool TryMove()
    {
        try
        {
            if (_cursor.MoveNext())
                return true;
            foreach (var leftOut in _cursor.Warnings)
                _query.Notes.Warn(_selector.At, leftOut);
            return false;
        }
        catch (QueryBudgetException spent)
        {
            throw Refused(_selector, spent);
        }
    }

    private static PromEvaluationException Refused(PromNode origin, QueryBudgetException spent) => new(origin.At, spent.Message, spent) { Limit = "sample_limit" };
}
