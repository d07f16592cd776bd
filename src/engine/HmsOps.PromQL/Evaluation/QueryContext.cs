using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>What all parts of one evaluation share, subqueries included: where series come from, what may be used, what was used, and what the asker is told. Its workers share it too.</summary>
internal sealed class QueryContext : IDisposable
{
    // Of a loop whose turns cost nanoseconds: so many are a fraction of a millisecond.
    private const int TurnsBetweenChecks = 1 << 16;

    private readonly QueryHolding _holding;
    private readonly Dictionary<PromNode, SeriesTally> _met = new(ReferenceEqualityComparer.Instance);
    private long _points;

    public QueryContext(ISeriesSource source, PromLimits limits, PromWorkers workers, QueryHolding holding, PromExpression expression, QueryTimes times, TimeGrid grid, QueryTrace? trace, CancellationToken ct)
    {
        (Source, Limits, Workers, _holding, Expression, Times, Grid, Trace, Ct) = (source, limits, workers, holding, expression, times, grid, trace, ct);
        Budget = new QueryBudget(limits.SamplesMax);
        Notes = new Notes(expression.Text);
        holding.Account?.Reads(Budget, Costliest);
    }

    /// <summary>The times the asker asked for.</summary>
    public QueryTimes Times { get; }

    /// <summary>The steps among them; those of a subquery are others.</summary>
    public TimeGrid Grid { get; }

    public ISeriesSource Source { get; }

    public PromLimits Limits { get; }

    public PromWorkers Workers { get; }

    public PromExpression Expression { get; }

    public QueryBudget Budget { get; }

    public Notes Notes { get; }

    /// <summary>Where what each part costs is written down; null when nobody wants to know.</summary>
    public QueryTrace? Trace { get; }

    public CancellationToken Ct { get; }

    /// <summary>What it has cost so far.</summary>
    public PromUsage Usage => new(Budget.Samples, Volatile.Read(ref _points));

    /// <summary>Ends a query that nobody waits for any more. For loops of short turns: it looks now and then.</summary>
    public void CheckAt(int turn)
    {
        if (turn % TurnsBetweenChecks == 0)
            Ct.ThrowIfCancellationRequested();
    }

    /// <summary>Pays for numbers that are held, out of what the query may have.</summary>
    public void Hold(long numbers, SourceRange at)
    {
        Ct.ThrowIfCancellationRequested();
        if (Interlocked.Add(ref _points, numbers) > Limits.SamplesMax)
            throw new PromEvaluationException(at, $"the query holds more than {Limits.SamplesMax} points while it runs{Found()}. Select fewer series, aggregate them, or take a longer step.") { Limit = "point_limit" };
    }

    /// <summary>Pays for memory: out of what the query may have, and out of what all queries may have together.</summary>
    public void HoldBytes(long bytes, SourceRange at)
    {
        if (_holding.Bytes + bytes > Limits.BytesMax)
            throw new PromEvaluationException(at, $"the query would hold more than {ByteText(Limits.BytesMax)} while it runs{Found()}. Select fewer series, aggregate them, or take a longer step.") { Limit = "memory_limit" };
        if (!_holding.TryTake(bytes))
            throw new PromEvaluationException(at, $"all queries together would hold more than {ByteText(_holding.BytesMax)}{Found()}. Ask again when others have ended, or for less.") { Limit = "pool_limit" };
    }

    /// <summary>Pays for a part of the answer, which is held until the asker has it.</summary>
    public void HoldAnswer(long bytes, SourceRange at)
    {
        Ct.ThrowIfCancellationRequested();
        HoldBytes(bytes, at);
        _holding.KeepForAnswer(bytes);
    }

    /// <summary>Counts the series of a selector, so that a refusal can say which is the costliest.</summary>
    public SeriesTally TallyOf(PromNode selector)
    {
        lock (_met)
        {
            if (!_met.TryGetValue(selector, out var tally))
                _met.Add(selector, tally = new SeriesTally());
            return tally;
        }
    }

    /// <summary>Gives back what it took from all, but for the answer.</summary>
    public void Dispose() => _holding.Dispose();

    /// <summary>What to narrow, to be put behind what a refusal says; empty as long as nothing was looked for.</summary>
    public string Found() => Costliest() is { } costliest ? $"; {costliest}" : "";

    // What to narrow, in words; null as long as nothing was looked for.
    private string? Costliest()
    {
        lock (_met)
        {
            if (_met.Count == 0)
                return null;
            var (selector, tally) = _met.MaxBy(met => met.Value.Found);
            return tally.Found > 0 ? $"{selector} has found {tally.Found} series so far" : $"the series of {_met.Keys.Last()} are still looked for";
        }
    }

    private static string ByteText(long? bytes) => bytes is null or >= 1 << 20 ? $"{bytes >> 20} MiB" : $"{bytes} bytes";
}

/// <summary>How many series of a selector were found, and how many of them are held.</summary>
internal sealed class SeriesTally
{
    private int _found;
    private int _held;

    public int Found => Volatile.Read(ref _found);

    public int Held => Volatile.Read(ref _held);

    public void CountFound() => Interlocked.Increment(ref _found);

    public void CountHeld() => Interlocked.Increment(ref _held);
}
