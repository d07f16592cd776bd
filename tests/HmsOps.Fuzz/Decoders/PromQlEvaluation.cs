using HmsOps.Fuzz.Harness;
using HmsOps.PromQL;
using HmsOps.Series;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>
/// Expressions worked out over <see cref="HostileSeries"/>: planned, explained, at one time and over a range, within limits. What a range says at a step is what an instant says there; a range
/// that is refused is refused at one of its steps; what is held is given back.
/// </summary>
static class PromQlEvaluation
{
    const long From = 150_000;
    const long To = 510_000;
    const long Step = 45_000;
    const long PoolBytes = 4 << 20;
    const double Near = 1e-12; // relative

    // The product of what is held and what is looked at bounds the time.
    static readonly PromLimits Limits = PromLimits.Default with { SamplesMax = 4_000, SeriesMax = 500 };

    /// <summary>Works it out; answers in words what came of it.</summary>
    public static string Run(PromExpression expression, ref Digest digest)
    {
        var pool = new PromPool(PoolBytes);
        var engine = new PromEngine(HostileSeries.Source(), Limits, pool: pool);
        var outcome = expression.Type == PromType.Matrix ? Samples(engine, expression, ref digest) : Steps(engine, expression, ref digest);
        Unless(pool.Bytes == 0, $"{pool.Bytes} bytes are still held");
        return outcome;
    }

    static string Samples(PromEngine engine, PromExpression expression, ref Digest digest)
    {
        try
        {
            var matrix = engine.Samples(expression, To, CancellationToken.None);
            foreach (var series in matrix.Series)
                Add(series, ref digest);
            return $"range of {Some(matrix.Series.Count)}";
        }
        catch (PromEvaluationException refused)
        {
            return Refusal(refused, expression);
        }
    }

    static string Steps(PromEngine engine, PromExpression expression, ref Digest digest)
    {
        var range = TryRange(engine, expression, out var refused);
        _ = refused is null ? engine.Plan(expression, From, To, Step) : null;
        if (range is not null)
        {
            foreach (var series in range.Series)
                Add(series, ref digest);
        }
        var isOfTheQuery = IsOfTheQuery(expression.Root);
        var (answered, refusedAtSteps, overLimit) = (0, 0, refused?.Limit is not null);
        for (var time = From; time <= To; time += Step)
        {
            try
            {
                var vector = engine.Instant(expression, time, CancellationToken.None);
                answered++;
                if (range is not null && !isOfTheQuery)
                    Compare(vector, range, time);
            }
            catch (PromEvaluationException at)
            {
                _ = Refusal(at, expression);
                refusedAtSteps++;
                overLimit |= at.Limit is not null;
            }
        }
        if (isOfTheQuery || overLimit)
            return refused is null ? "of its query" : Refusal(refused, expression);
        Unless(range is null || refusedAtSteps == 0, $"a range is answered whose steps are refused {refusedAtSteps} times");
        Unless(refused is null || refusedAtSteps > 0, $"a range is refused, and none of its steps: {refused?.Message}");
        return refused is null ? $"{Some(range!.Series.Count)} with {Some(range.Annotations.Count)} notes" : Refusal(refused, expression); // there is one of both
    }

    static PromMatrix? TryRange(PromEngine engine, PromExpression expression, out PromEvaluationException? refused)
    {
        refused = null;
        try
        {
            var explanation = new PromExplanation(TimeProvider.System);
            using var account = new PromAccount();
            var range = engine.Range(expression, From, To, Step, CancellationToken.None, explanation, account);
            Unless(explanation.Plan is not null, "an answer is not explained");
            return range;
        }
        catch (PromEvaluationException no)
        {
            _ = Refusal(no, expression);
            refused = no;
            return null;
        }
    }

    static string Refusal(PromEvaluationException refused, PromExpression expression)
    {
        Unless(refused.Position.Start >= 0 && refused.Position.Start <= refused.Position.End && refused.Position.End <= expression.Text.Length && refused.Message.Length > 0, $"a refusal without a place: {refused.Message}");
        return $"refused: {refused.Limit ?? refused.Message[..Math.Min(24, refused.Message.Length)]}";
    }

    static void Compare(PromVector vector, PromMatrix range, long time)
    {
        var there = range.Series.Select(series => (series, At: Array.BinarySearch(series.Times, time))).Where(found => found.At >= 0).ToDictionary(found => found.series.Labels);
        Unless(there.Count == vector.Points.Count, $"at {time} ms the range has {there.Count} series, the instant {vector.Points.Count}");
        foreach (var point in vector.Points)
        {
            Unless(there.TryGetValue(point.Labels, out var found), $"at {time} ms only the instant has {point.Labels}");
            var histogram = found.series.Histograms?[found.At];
            Unless(Alike(point.Histogram, histogram) && (histogram is not null || Alike(point.Value, found.series.Values[found.At])),
                $"at {time} ms {point.Labels} is {point.Value:R} {point.Histogram}, in the range {found.series.Values[found.At]:R} {histogram}");
        }
    }

    static bool Alike(double a, double b) => a.Equals(b) || Math.Abs(a - b) <= Near * Math.Max(Math.Abs(a), Math.Abs(b));

    static bool Alike(NativeHistogram? a, NativeHistogram? b) => (a is null && b is null)
        || (a is not null && b is not null && a.Schema == b.Schema && Alike(a.Count, b.Count) && Alike(a.Sum, b.Sum) && Alike(a.ZeroCount, b.ZeroCount) && Alike(a.ZeroThreshold, b.ZeroThreshold)
            && a.Bounds.SequenceEqual(b.Bounds) && Alike(a.Positive, b.Positive) && Alike(a.Negative, b.Negative));

    static bool Alike(IReadOnlyList<HistogramBucket> a, IReadOnlyList<HistogramBucket> b) => a.Count == b.Count && a.Zip(b).All(pair => pair.First.Index == pair.Second.Index && Alike(pair.First.Count, pair.Second.Count));

    // Another query's step is another one; and of equals, which are chosen is a matter of the order in which groups were met.
    static bool IsOfTheQuery(PromNode node) => node switch
    {
        PromNode.Call { Function: "start" or "end" or "range" or "step" } => true,
        PromNode.Selector { OffsetBy: not null } or PromNode.Window { RangeBy: not null } => true,
        PromNode.Subquery { OffsetBy: not null } or PromNode.Subquery { RangeBy: not null } or PromNode.Subquery { StepBy: not null } => true,
        PromNode.Selector { Moment.Kind: not PromMomentKind.Written } or PromNode.Subquery { Moment.Kind: not PromMomentKind.Written } => true,
        PromNode.Aggregate { Op: PromAggregation.TopK or PromAggregation.BottomK or PromAggregation.LimitK, Operand: not PromNode.Selector } => true,
        _ => node.Children.Any(IsOfTheQuery),
    };

    static void Add(PromSeries series, ref Digest digest)
    {
        digest.Add(series.Labels.Bytes);
        for (var i = 0; i < series.Times.Length; i++)
        {
            digest.Add(series.Times[i]);
            digest.Add(series.Values[i]);
            digest.Add(series.Histograms?[i]?.Sum ?? 0);
        }
    }

    static string Some(int count) => count switch { 0 => "none", 1 => "one", < 8 => "few", _ => "many" };
}
