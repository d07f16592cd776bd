using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>What all parts of one evaluation share, subqueries included: where series come from, what may be used, what was used, and what the asker is told. Its workers share it too.</summary>
internal sealed class QueryContext(ISeriesSource source, PromLimits limits, PromWorkers workers, PromPool? pool, PromExpression expression, QueryTimes times, TimeGrid grid, QueryTrace? trace, CancellationToken ct)
    : IDisposable
{
    private readonly Dictionary<PromNode, SeriesTally> _met = new(ReferenceEqualityComparer.Instance);
    private long _points;
    private long _pooled;

    /// <summary>The times the asker asked for.</summary>
    public QueryTimes Times { get; } = times;

    /// <summary>The steps among them; those of a subquery are others.</summary>
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

    /// <summary>Pays for numbers that are held: out of what the query may have, and out of what all queries may have together.</summary>
    public void Hold(long numbers, SourceRange at)
    {
        Ct.ThrowIfCancellationRequested();
        if (Interlocked.Add(ref _points, numbers) > Limits.SamplesMax)
            throw new PromEvaluationException(at, $"the query holds more than {Limits.SamplesMax} points while it runs{Costliest()}. Select fewer series, aggregate them, or take a longer step.") { Limit = "point_limit" };
        if (pool is null)
            return;
        if (!pool.TryTake(numbers))
            throw new PromEvaluationException(at, $"all queries together hold more than {pool.PointsMax} points while they run{Costliest()}. Ask again when others have ended, or for less.") { Limit = "memory_limit" };
        Interlocked.Add(ref _pooled, numbers);
    }

    /// <summary>Counts the series of a selector that are held, so that a refusal can say which is the costliest.</summary>
    public SeriesTally TallyOf(PromNode selector)
    {
        lock (_met)
        {
            if (!_met.TryGetValue(selector, out var tally))
                _met.Add(selector, tally = new SeriesTally());
            return tally;
        }
    }

    /// <summary>Gives back what it took from all.</summary>
    public void Dispose() => pool?.Give(Interlocked.Exchange(ref _pooled, 0));

    private string Costliest()
    {
        lock (_met)
        {
            if (_met.Count == 0)
                return "";
            var (selector, tally) = _met.MaxBy(met => met.Value.Series);
            return tally.Series > 0 ? $"; {selector} has found {tally.Series} series so far" : "";
        }
    }
}

/// <summary>How many series of a selector are held.</summary>
internal sealed class SeriesTally
{
    private int _series;

    public int Series => Volatile.Read(ref _series);

    public int Count() => Interlocked.Increment(ref _series);
}
