using System.Globalization;
using HmsOps.PromQL.Tests.Notation;
using HmsOps.PromQL.Tests.Scripts;
using Xunit.Abstractions;

namespace HmsOps.PromQL.Tests.Differential;

/// <summary>
/// The engine beside Prometheus 2.42 over the same numbers: what both answer is the same to 1e-9, but for the differences that <see cref="NamedDifference"/> has by the rule of the newer
/// language that makes them. Times of evaluation lie half a second off whole seconds, and samples 217 ms: no window ends on a sample.
/// </summary>
public sealed class DifferentialTests(ITestOutputHelper output)
{
    private const int Seed = 7;
    private const int Generated = 10_000;
    private const int AtOnce = 16; // below what Prometheus evaluates at a time
    private const int Shown = 20;

    private const long FromMs = 1_600_000_800_500;
    private const long StepMs = 75_000;
    private const long ToMs = FromMs + (20 * StepMs);

    [Fact]
    public async Task The_language_is_answered_as_Prometheus_answers_it()
    {
        var random = new Random(Seed);
        var source = new LiteralSource(DifferentialSeries.Make(random));
        var questions = Questions(random);
        await using var prometheus = await PrometheusServer.OfAsync(source.Lines);
        var (points, refusals, empty) = (0, 0, 0);
        var applied = NamedDifference.All.ToDictionary(named => named.Rule, _ => 0);
        var unnamed = new List<string>();
        foreach (var batch in questions.Chunk(AtOnce))
        {
            var theirs = await Task.WhenAll(batch.Select(question => prometheus.AskAsync(question.Text, question.Times)));
            foreach (var (question, answer) in batch.Zip(theirs))
            {
                points += answer.Rows.Sum(row => row.Cells.Count);
                refusals += answer.Fails is null ? 0 : 1;
                empty += answer.Fails is null && answer.Rows.Count == 0 ? 1 : 0;
                var ours = ScriptAnswer.Of(Asked(question, source));
                if (answer.DifferenceFrom(ours, isInOrder: false, comparesWords: false) is not { } difference)
                    continue;
                var disagreement = new Disagreement(question.Text, answer, ours);
                if (NamedDifference.All.FirstOrDefault(named => named.Explains(disagreement)) is { } rule)
                    applied[rule.Rule]++;
                else
                    unnamed.Add(string.Create(CultureInfo.InvariantCulture, $"{question.Text}\n  ({question.Times}; expected is Prometheus)\n{difference}"));
            }
        }
        output.WriteLine($"{questions.Count} questions, {points} samples, {refusals} refused by Prometheus, {empty} without a series, {unnamed.Count} differences without a name");
        foreach (var (rule, count) in applied)
            output.WriteLine($"{count,6}  {rule}");
        Assert.True(unnamed.Count == 0, $"{unnamed.Count} of {questions.Count} differ:\n{string.Join('\n', unnamed.OrderBy(text => text.Length).Take(Shown))}");
        Assert.DoesNotContain(applied, rule => rule.Value == 0); // what does not occur any more is no difference
        Assert.InRange(points, 100_000, int.MaxValue);
        Assert.InRange(refusals, 1, questions.Count / 3); // both ways are walked
    }

    private static List<(string Text, ScriptTimes Times)> Questions(Random random)
    {
        var writer = new WholeLanguageWriter(random);
        var texts = HandWrittenQueries.All.Concat(Enumerable.Range(0, Generated).Select(_ => writer.Expression()));
        return [.. texts.Select((text, i) => (text, i % 5 == 0 && i >= HandWrittenQueries.All.Count ? new ScriptTimes(FromMs + (random.Next(100) * 15_000), null, 1) : new ScriptTimes(FromMs, ToMs, StepMs)))];
    }

    // 2.42 calls double exponential smoothing by another name.
    private static ScriptCase Asked((string Text, ScriptTimes Times) question, LiteralSource source) => new(
        "", 0, "", question.Text.Replace("holt_winters", "double_exponential_smoothing", StringComparison.Ordinal), question.Times, source, new ScriptAnswer([], [], null), false, null);
}
