using System.Text;
using HmsOps.PromQL;
using HmsOps.Series;
using HmsOps.Workspace.Rules;

namespace HmsOps.Present.Readings;

/// <summary>Asks the store what a page shows of a metric. Stateless; what cannot be answered is said in the reading, never thrown.</summary>
public sealed class MetricReader(PromEngine engine)
{
    private const int SendersMax = 12;

    /// <summary>Average, highest, percentiles and senders over a range.</summary>
    public MetricReading Read(string metric, DateTimeOffset from, DateTimeOffset to, TimeSpan step, CancellationToken cancellationToken)
    {
        var reading = Empty(metric, from, to, step);
        try
        {
            var window = MetricQueries.WindowOf(step);
            var lines = new List<Line>();
            AddLine(lines, MainName(metric), MetricQueries.Average(metric, window), LineWeight.Solid, reading, cancellationToken);
            if (!MetricQueries.IsCounter(metric))
            {
                AddLine(lines, "highest", MetricQueries.Highest(metric, window), LineWeight.Edge, reading, cancellationToken);
                AddLine(lines, "p95", MetricQueries.Quantile(0.95, metric, window), LineWeight.Dashed, reading, cancellationToken);
                AddLine(lines, "p99", MetricQueries.Quantile(0.99, metric, window), LineWeight.Dotted, reading, cancellationToken);
            }
            return reading with { Lines = lines, Senders = Senders(metric, to, cancellationToken) };
        }
        catch (Exception refused) when (refused is PromEvaluationException or QueryBudgetException)
        {
            return reading with { Problem = refused.Message };
        }
    }

    /// <summary>The average alone, for a tile.</summary>
    public MetricReading ReadBriefly(string metric, DateTimeOffset from, DateTimeOffset to, TimeSpan step, CancellationToken cancellationToken)
    {
        var reading = Empty(metric, from, to, step);
        try
        {
            var lines = new List<Line>();
            AddLine(lines, MainName(metric), MetricQueries.Average(metric, MetricQueries.WindowOf(step)), LineWeight.Solid, reading, cancellationToken);
            return reading with { Lines = lines };
        }
        catch (Exception refused) when (refused is PromEvaluationException or QueryBudgetException)
        {
            return reading with { Problem = refused.Message };
        }
    }

    /// <summary>What a rule's left side says now.</summary>
    public RuleReading Read(Rule rule, DateTimeOffset at, CancellationToken cancellationToken)
    {
        try
        {
            var answer = engine.Instant(rule.Value, at.ToUnixTimeMilliseconds(), cancellationToken);
            return new RuleReading(rule.Id, [.. answer.Points.Where(p => p.Histogram is null).Select(p => new RuleValue(AsText(p.Labels), p.Value))], Problem: null);
        }
        catch (Exception refused) when (refused is PromEvaluationException or QueryBudgetException)
        {
            return new RuleReading(rule.Id, [], refused.Message);
        }
    }

    private static MetricReading Empty(string metric, DateTimeOffset from, DateTimeOffset to, TimeSpan step)
    {
        // Points stand on multiples of the step, so that a point does not wander when the page is asked for again.
        var stepMs = (long)step.TotalMilliseconds;
        return new MetricReading
        {
            Metric = metric,
            Unit = MetricQueries.UnitOf(metric),
            From = DateTimeOffset.FromUnixTimeMilliseconds(from.ToUnixTimeMilliseconds() / stepMs * stepMs),
            To = DateTimeOffset.FromUnixTimeMilliseconds(to.ToUnixTimeMilliseconds() / stepMs * stepMs),
            Step = step,
        };
    }

    private static string MainName(string metric) => MetricQueries.IsCounter(metric) ? "per second" : "average";

    private void AddLine(List<Line> lines, string name, string query, LineWeight weight, MetricReading over, CancellationToken cancellationToken)
    {
        if (PromParser.Parse(query).Expression is not { } expression)
            throw new InvalidOperationException($"A page asked in words that are no PromQL: {query}");
        var matrix = engine.Range(
            expression, over.From.ToUnixTimeMilliseconds(), over.To.ToUnixTimeMilliseconds(), (long)over.Step.TotalMilliseconds, cancellationToken);
        var times = new List<long>();
        var values = new List<double>();
        // The queries aggregate all labels away; an `or` of two kinds of series still gives one, because their labels are equal.
        foreach (var series in matrix.Series.Take(1))
        {
            for (var i = 0; i < series.Times.Length; i++)
            {
                if (series.Histograms?[i] is not null || !double.IsFinite(series.Values[i]))
                    continue;
                times.Add(series.Times[i]);
                values.Add(series.Values[i]);
            }
        }
        if (times.Count > 0)
            lines.Add(new Line(name, query, weight, times, values));
    }

    private Sender[] Senders(string metric, DateTimeOffset at, CancellationToken cancellationToken)
    {
        if (PromParser.Parse(MetricQueries.PerMinute(metric)).Expression is not { } expression)
            throw new InvalidOperationException($"The name '{metric}' does not make a selector.");
        return [.. engine.Instant(expression, at.ToUnixTimeMilliseconds(), cancellationToken).Points
            .Where(p => double.IsFinite(p.Value))
            .Select(p => new Sender(p.Labels, p.Value))
            .OrderByDescending(s => s.PerMinute).ThenBy(s => s.Labels.ToString(), StringComparer.Ordinal)
            .Take(SendersMax)];
    }

    private static SortedDictionary<string, string> AsText(Labels labels)
    {
        var text = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in labels)
            text[Encoding.UTF8.GetString(label.Name)] = Encoding.UTF8.GetString(label.Value);
        return text;
    }
}
