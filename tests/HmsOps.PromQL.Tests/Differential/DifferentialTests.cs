using HmsOps.PromQL.Tests.Notation;
using HmsOps.PromQL.Tests.Oracle;

namespace HmsOps.PromQL.Tests.Differential;

/// <summary>
/// The engine beside Prometheus 2.42 over the same numbers. Times of evaluation lie 7 s off the samples, as 2.42's windows are closed at
/// both ends; the other known differences are kept clear of where the series and the expressions are drawn.
/// </summary>
public sealed class DifferentialTests(PrometheusServer prometheus) : IClassFixture<PrometheusServer>
{
    private const long FromMs = PrometheusServer.StartMs + 607_000;
    private const long ToMs = FromMs + 1_500_000;
    private const long StepMs = 75_000;

    [Fact]
    public async Task Ranges_are_answered_as_Prometheus_answers_them()
    {
        var random = new Random(7);
        var points = 0;
        for (var i = 0; i < 400; i++)
        {
            var text = new ExpressionWriter(random, likePrometheus242: true).Vector(3);
            var expected = await prometheus.RangeAsync(text, FromMs, ToMs, StepMs);
            points += Compare(text, expected, OurRange(text));
        }
        Assert.InRange(points, 5_000, int.MaxValue);
    }

    [Fact]
    public async Task Instants_are_answered_as_Prometheus_answers_them()
    {
        var random = new Random(8);
        for (var i = 0; i < 100; i++)
        {
            var writer = new ExpressionWriter(random, likePrometheus242: true);
            var text = i % 5 == 0 ? writer.Scalar(3) : writer.Vector(3);
            var at = FromMs + random.Next(100) * 15_000;
            Compare(text, await prometheus.InstantAsync(text, at), OurInstant(text, at));
        }
    }

    private Dictionary<string, Dictionary<long, double>>? OurRange(string text)
    {
        try
        {
            var matrix = new PromEngine(new LiteralSource(prometheus.Lines), PromLimits.Default).Range(Answers.Parsed(text), FromMs, ToMs, StepMs, CancellationToken.None);
            return matrix.Series.ToDictionary(s => s.Labels.ToString(), s => s.Times.Zip(s.Values).ToDictionary());
        }
        catch (PromEvaluationException)
        {
            return null;
        }
    }

    private Dictionary<string, Dictionary<long, double>>? OurInstant(string text, long at)
    {
        try
        {
            return Answers.Ask(new LiteralSource(prometheus.Lines), text, at).Points
                .ToDictionary(p => p.Labels.ToString(), p => new Dictionary<long, double> { [p.Time] = p.Value });
        }
        catch (PromEvaluationException)
        {
            return null;
        }
    }

    private static int Compare(string text, Dictionary<string, Dictionary<long, double>>? expected, Dictionary<string, Dictionary<long, double>>? actual)
    {
        Assert.True(expected is null == actual is null, $"{text} is {(expected is null ? "refused by Prometheus, answered here" : "answered by Prometheus, refused here")}");
        if (expected is null || actual is null)
            return 0;
        Assert.True(expected.Keys.ToHashSet().SetEquals(actual.Keys), $"{text} gives {string.Join(" ", actual.Keys)}, expected {string.Join(" ", expected.Keys)}");
        foreach (var (labels, points) in expected)
        {
            Assert.True(points.Keys.ToHashSet().SetEquals(actual[labels].Keys), $"{text}: {labels} is present at other times");
            foreach (var (time, value) in points)
                Assert.True(Answers.Near(actual[labels][time], value), $"{text} at {time}: {labels} is {actual[labels][time]:R}, expected {value:R}");
        }
        return expected.Values.Sum(p => p.Count);
    }
}
