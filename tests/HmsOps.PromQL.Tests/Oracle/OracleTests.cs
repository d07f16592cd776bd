using FsCheck.Fluent;
using HmsOps.PromQL.Tests.Notation;

namespace HmsOps.PromQL.Tests.Oracle;

// The draw is fixed: expressions can cancel until only rounding is left, and a test must not fail by chance.
public sealed class OracleTests
{
    [Fact]
    public void The_engine_says_what_the_obvious_evaluator_says()
    {
        var refusals = 0;
        var points = 0;
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var lines = RandomSeries.Make(random);
            var source = new LiteralSource(lines);
            var text = new ExpressionWriter(random).Vector(3);
            var expression = Answers.Parsed(text);
            long from = random.Next(0, 1_500_000), step = random.Next(1, 4) * 15_000 + (random.Next(2) * 7), to = from + 12 * step;
            if (TryRange(source, expression, from, to, step) is { } matrix)
                points += Compare(matrix, lines, expression, from, to, step);
            else
                refusals += AssertRefused(lines, expression, from, to, step);
        }).Holds(cases: 150);
        Assert.InRange(refusals, 1, 75); // both ways are walked
        Assert.InRange(points, 1_000, int.MaxValue);
    }

    [Fact]
    public void A_range_is_its_instants()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var source = new LiteralSource(RandomSeries.Make(random));
            var expression = Answers.Parsed(new ExpressionWriter(random).Vector(2));
            if (TryRange(source, expression, 600_000, 900_000, 60_000) is not { } matrix)
                return;
            for (var time = 600_000L; time <= 900_000; time += 60_000)
            {
                var instant = new PromEngine(source, PromLimits.Default).Instant(expression, time, CancellationToken.None);
                var slice = matrix.Series.SelectMany(s => s.Times.Index().Where(t => t.Item == time).Select(t => (s.Labels, s.Values[t.Index]))).ToArray();
                Assert.Equal(slice, instant.Points.Select(p => (p.Labels, p.Value)));
            }
        }).Holds(cases: 40);
    }

    private static PromMatrix? TryRange(LiteralSource source, PromExpression expression, long from, long to, long step)
    {
        try
        {
            return new PromEngine(source, PromLimits.Default).Range(expression, from, to, step, CancellationToken.None);
        }
        catch (PromEvaluationException)
        {
            return null;
        }
    }

    private static int Compare(PromMatrix matrix, IReadOnlyList<SeriesNotation.Line> lines, PromExpression expression, long from, long to, long step)
    {
        var points = 0;
        for (var time = from; time <= to; time += step)
        {
            var expected = new NaiveEvaluator(lines, time).Answer(expression.Root);
            var actual = matrix.Series
                .SelectMany(s => s.Times.Index().Where(t => t.Item == time).Select(t => (Labels: s.Labels.ToString(), Value: s.Values[t.Index])))
                .ToDictionary(p => p.Labels, p => p.Value);
            Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
            Assert.All(expected, e => Assert.True(Answers.Near(e.Value, actual[e.Key]), $"{expression} at {time}: {e.Key} is {actual[e.Key]:R}, expected {e.Value:R}"));
            points += expected.Count;
        }
        return points;
    }

    private static int AssertRefused(IReadOnlyList<SeriesNotation.Line> lines, PromExpression expression, long from, long to, long step)
    {
        for (var time = from; time <= to; time += step)
        {
            try
            {
                new NaiveEvaluator(lines, time).Answer(expression.Root);
            }
            catch (NaiveRefusalException)
            {
                return 1;
            }
        }
        throw new Xunit.Sdk.XunitException($"{expression} was refused, but the obvious evaluator answers it.");
    }
}
