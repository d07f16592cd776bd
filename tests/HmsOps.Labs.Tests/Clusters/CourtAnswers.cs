using System.Globalization;
using HmsOps.PromQL;

namespace HmsOps.Labs.Tests.Clusters;

/// <summary>Puts the same questions to two engines, at one time and over a range.</summary>
internal sealed class CourtAnswers(CourtSeries court, PromEngine own, PromEngine other)
{
    private const double Near = 1e-9;
    private const long StepMs = 60_000;

    // Half a second off whole seconds, and so off the samples. The last steps lie behind all of them.
    private readonly long _from = court.FromMs - 217 + 500 + (10 * StepMs);
    private readonly long _to = court.ToMs - 217 + 500 + StepMs;

    /// <summary>Numbers that were compared.</summary>
    public long Compared { get; private set; }

    /// <summary>What is otherwise, a line a question.</summary>
    public IReadOnlyList<string> Differences(IEnumerable<string> questions) => [.. questions.Select(Difference).OfType<string>()];

    private string? Difference(string question)
    {
        var parse = PromParser.Parse(question);
        Assert.True(parse.Expression is not null, $"{question}: {string.Join(' ', parse.Errors)}");
        return Difference(question, "at one time", Points(own, parse.Expression, isRange: false), Points(other, parse.Expression, isRange: false))
            ?? Difference(question, "over a range", Points(own, parse.Expression, isRange: true), Points(other, parse.Expression, isRange: true));
    }

    private string? Difference(string question, string when, List<(string Place, double Value)> mine, List<(string Place, double Value)> theirs)
    {
        Compared += mine.Count;
        if (mine.Count != theirs.Count)
            return $"{question} {when}: {mine.Count} numbers of the own store, {theirs.Count} of the cluster; the first: {mine.Select(point => point.Place).Except(theirs.Select(point => point.Place)).Concat(theirs.Select(point => point.Place).Except(mine.Select(point => point.Place))).FirstOrDefault()}";
        foreach (var ((place, value), (otherPlace, otherValue)) in mine.Zip(theirs))
        {
            if (place != otherPlace)
                return $"{question} {when}: {place} of the own store where the cluster has {otherPlace}";
            if (!IsNear(value, otherValue))
                return string.Create(CultureInfo.InvariantCulture, $"{question} {when}: {place} is {value:R} of the own store, {otherValue:R} of the cluster");
        }
        return null;
    }

    // In their order, and what is to be known about them first.
    private List<(string, double)> Points(PromEngine engine, PromExpression e, bool isRange)
    {
        if (!isRange)
        {
            var vector = engine.Instant(e, _to - (2 * StepMs), CancellationToken.None);
            return [.. vector.Annotations.Select(line => (line, 0.0)), .. vector.Points.Select(point => ($"{point.Labels}{(point.Histogram is null ? "" : " a histogram")}", point.Histogram?.Sum ?? point.Value))];
        }
        var matrix = engine.Range(e, _from, _to, StepMs, CancellationToken.None);
        return [.. matrix.Annotations.Select(line => (line, 0.0)), .. matrix.Series.SelectMany(series => series.Times.Select((time, i) => ($"{series.Labels} @{time}", series.Histograms?[i]?.Sum ?? series.Values[i])))];
    }

    private static bool IsNear(double a, double b) => a.Equals(b) || Math.Abs(a - b) <= Near * Math.Max(Math.Abs(a), Math.Abs(b));
}
