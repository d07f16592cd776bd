using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>What all parts of one evaluation share, subqueries included: where series come from, what may be used, what was used, and what the asker is told. Its workers share it too.</summary>
internal sealed class QueryContext(ISeriesSource source, PromLimits limits, PromWorkers workers, PromExpression expression, TimeGrid grid, QueryTrace? trace, CancellationToken ct)
{
    private long _points;

    /// <summary>The times the asker asked for.</summary>
    public TimeGrid Grid { get; } = grid;

    public ISeriesSource Source { get; } = source;

    public PromLimits Limits { get; } = limits;

    public PromWorkers Workers { get; } = workers;

    public PromExpression Expression { get; } = expression;

    public QueryBudget Budget { get; } = new(limits.SamplesMax);

    public Notes Notes { get; } = new(expression.Text);

    /// <summary>Where what each part costs is written down; null when nobody wants to know.</summary>
    public QueryTrace? Trace { get; } = trace;

    public CancellationToken Ct { get; } = ct;

    /// <summary>What it has cost so far.</summary>
    public PromUsage Usage => new(Budget.Samples, Volatile.Read(ref _points));

    /// <summary>Pays for numbers that are held.</summary>
    public void Hold(long numbers, SourceRange at)
    {
        Ct.ThrowIfCancellationRequested();
        if (Interlocked.Add(ref _points, numbers) > Limits.SamplesMax)
            throw new PromEvaluationException(at, $"the query holds more than {Limits.SamplesMax} points while it runs. Select fewer series, or take a longer step.") { Limit = "point_limit" };
    }
}
