namespace HmsOps.PromQL.Evaluation;

/// <summary>Who takes what a kernel makes of one series after another: keeps the series, or folds them. Each worker has its own; they are joined in order.</summary>
internal abstract class SeriesTaker
{
    /// <summary>It is no matter in which order series come.</summary>
    public abstract bool InAnyOrder { get; }

    /// <summary>The cells of the next series, to be filled in; they are empty.</summary>
    public abstract Cells Begin(SeriesWalk walk, bool dropsName);

    /// <summary>They are filled in.</summary>
    public abstract void End(SeriesWalk walk, bool dropsName);

    /// <summary>Takes over what the next worker took, of series that come after its own.</summary>
    public abstract void Join(SeriesTaker other);

    /// <summary>What it came to.</summary>
    public abstract List<Column> Result();
}

/// <summary>Keeps each series as a column.</summary>
internal sealed class ColumnTaker(EvaluationRun run, PromNode origin, SourceRange at) : SeriesTaker
{
    private readonly List<Column> _columns = [];
    private readonly SeriesTally _tally = run.Context.TallyOf(origin);
    private Column? _next;

    public override bool InAnyOrder => false;

    public override Cells Begin(SeriesWalk walk, bool dropsName)
    {
        if (_tally.Held >= run.SeriesMax)
            throw new PromEvaluationException(origin.At, $"{origin} finds more than {run.SeriesMax} series. Add matchers that narrow it, or aggregate it.") { Limit = "series_limit" };
        return _next = run.Column(walk.Labels, dropsName, at);
    }

    public override void End(SeriesWalk walk, bool dropsName)
    {
        if (_next is not { IsEmpty: false })
            return;
        _columns.Add(_next);
        _tally.CountHeld();
    }

    public override void Join(SeriesTaker other) => _columns.AddRange(((ColumnTaker)other)._columns);

    public override List<Column> Result()
    {
        var set = new ColumnSet(run, at);
        foreach (var column in _columns)
            set.Add(column);
        return set.Columns;
    }
}
