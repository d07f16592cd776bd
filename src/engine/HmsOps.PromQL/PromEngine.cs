using HmsOps.PromQL.Evaluation;
using HmsOps.Series;

namespace HmsOps.PromQL;

/// <summary>
/// Evaluates expressions over a source of series, as Prometheus 3.14 does. Holds no state between calls; safe for concurrent use when its
/// source is.
/// </summary>
/// <param name="source">Where series come from.</param>
/// <param name="limits">What one expression may use.</param>
/// <param name="workers">Who walks parts of a selector at the same time; null: the asker alone.</param>
/// <param name="pool">What all queries may hold together; null: no such limit.</param>
/// <param name="whole">Who is asked for the answer before it is worked out here; null: nobody.</param>
public sealed class PromEngine(ISeriesSource source, PromLimits limits, PromWorkers? workers = null, PromPool? pool = null, IWholeAnswers? whole = null)
{
    // Times beyond this (some 285,000 years either way) could overflow when a range is taken off them.
    private const long FarthestMs = 1L << 53;

    /// <summary>What one expression may use.</summary>
    public PromLimits Limits => limits;

    /// <summary>The same source under other limits.</summary>
    public PromEngine Within(PromLimits others) => new(source, others, workers, pool, whole);

    /// <summary>What the expression says at one time, and, where that is asked for, what it cost. On an account the answer is held until that is closed.</summary>
    /// <exception cref="PromEvaluationException">The data or the limits do not allow an answer.</exception>
    public PromVector Instant(PromExpression e, long atMs, CancellationToken ct, PromExplanation? explanation = null, PromAccount? account = null)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (explanation is null && whole?.Instant(e, InRange(atMs), limits, ct) is { } answer)
            return answer;
        using var query = Query(e, new QueryTimes(atMs, atMs, 0), TimeGrid.At(InRange(atMs)), ct, explanation, account);
        var run = EvaluationRun.Of(query);
        var columns = run.Answer();
        query.HoldAnswer(columns.Count * Weights.Point, e.Root.At);
        PromPoint[] points = [.. columns.Select(c => new PromPoint(c.Labels, atMs, c.Values[0], c.HistogramAt(0)))];
        Explain(run, explanation);
        return new PromVector(e.Type, points, run.Notes.Lines, run.Context.Usage);
    }

    /// <summary>The samples that a range vector has at one time, with their own times.</summary>
    /// <exception cref="PromEvaluationException">The data or the limits do not allow an answer.</exception>
    public PromMatrix Samples(PromExpression e, long atMs, CancellationToken ct, PromAccount? account = null)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (e.Type != PromType.Matrix)
            throw new ArgumentException($"{e} is no range vector.", nameof(e));
        using var query = Query(e, new QueryTimes(atMs, atMs, 0), TimeGrid.At(InRange(atMs)), ct, account: account);
        var run = EvaluationRun.Of(query);
        return new PromMatrix(RangeSamples.Of(run), run.Notes.Lines, run.Context.Usage);
    }

    /// <summary>What the expression says from a time to a time, both inclusive, in steps, and, where that is asked for, what it cost.</summary>
    /// <exception cref="PromEvaluationException">The data or the limits do not allow an answer.</exception>
    public PromMatrix Range(PromExpression e, long fromMs, long toMs, long stepMs, CancellationToken ct, PromExplanation? explanation = null, PromAccount? account = null)
    {
        ArgumentNullException.ThrowIfNull(e);
        var grid = new TimeGrid(fromMs, stepMs, CheckSteps(e, fromMs, toMs, stepMs));
        if (explanation is null && whole?.Range(e, fromMs, toMs, stepMs, limits, ct) is { } answer)
            return answer;
        using var query = Query(e, new QueryTimes(fromMs, toMs, stepMs), grid, ct, explanation, account);
        var run = EvaluationRun.Of(query);
        var columns = run.Answer();
        var series = new PromSeries[columns.Count];
        for (var i = 0; i < series.Length; i++)
        {
            query.HoldAnswer(Weights.OfSeries(columns[i].Count), e.Root.At);
            series[i] = columns[i].ToSeries(grid);
        }
        Explain(run, explanation);
        return new PromMatrix(series, run.Notes.Lines, run.Context.Usage);
    }

    /// <summary>How the expression would be worked out. Nothing is read.</summary>
    public PromPlan Plan(PromExpression e, long fromMs, long toMs, long stepMs)
    {
        ArgumentNullException.ThrowIfNull(e);
        using var query = Query(e, new QueryTimes(fromMs, toMs, stepMs), new TimeGrid(fromMs, stepMs, CheckSteps(e, fromMs, toMs, stepMs)), CancellationToken.None);
        return PlanWriter.Of(EvaluationRun.Of(query));
    }

    /// <summary>How many steps a range has; refused where they are too many.</summary>
    internal int CheckSteps(PromExpression e, long fromMs, long toMs, long stepMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stepMs);
        ArgumentOutOfRangeException.ThrowIfLessThan(toMs, fromMs);
        var steps = ((InRange(toMs) - InRange(fromMs)) / stepMs) + 1;
        if (steps > limits.PointsMax)
        {
            throw new PromEvaluationException(
                e.Root.At, $"the range asks for {steps} points a series; the limit is {limits.PointsMax}. Take a longer step or a shorter range.")
            {
                Limit = "point_limit",
            };
        }
        return (int)steps;
    }

    /// <summary>Pays for an answer that was put together of what is kept, until the account is closed.</summary>
    internal void HoldAnswer(PromExpression e, IReadOnlyList<PromMatrix> parts, PromAccount account)
    {
        using var holding = new QueryHolding(pool, account);
        var bytes = parts.SelectMany(part => part.Series).Sum(series => Weights.OfSeries(series.Times.Length) + (series.Histograms ?? []).Sum(histogram => histogram is null ? 0 : Weights.Of(histogram)));
        if (!holding.TryTake(bytes))
            throw new PromEvaluationException(e.Root.At, $"all queries together would hold more than {holding.BytesMax >> 20} MiB. Ask again when others have ended, or for less.") { Limit = "pool_limit" };
        holding.KeepForAnswer(bytes);
    }

    private QueryContext Query(PromExpression e, QueryTimes times, TimeGrid grid, CancellationToken ct, PromExplanation? explanation = null, PromAccount? account = null) =>
        new(source, limits, workers ?? PromWorkers.One, new QueryHolding(pool, account), e, times, grid, explanation?.Trace, ct);

    private static void Explain(EvaluationRun run, PromExplanation? explanation) => explanation?.Plan = PlanWriter.Of(run);

    private static long InRange(long timeMs)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeMs, FarthestMs);
        ArgumentOutOfRangeException.ThrowIfLessThan(timeMs, -FarthestMs);
        return timeMs;
    }
}
