using HmsOps.Decide.Alerts;
using HmsOps.PromQL;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;
using HmsOps.Workspace.Rules;

namespace HmsOps.Decide.Rules;

/// <summary>Evaluates one rule at one instant: a reading for each label set that has a value, and for each active alert that has none.</summary>
public sealed class RuleReader(PromEngine engine)
{
    private const int SparklinePoints = 60;

    /// <summary>The readings of a rule, in the order of their labels.</summary>
    /// <exception cref="PromEvaluationException">The expression cannot be evaluated; the rule's state is then held.</exception>
    public IReadOnlyList<RuleReading> Read(Rule rule, RecordState state, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var readings = new SortedDictionary<string, RuleReading>(StringComparer.Ordinal);
        foreach (var point in engine.Instant(rule.Value, at.ToUnixTimeMilliseconds(), cancellationToken).Points)
        {
            var alert = AlertLabels.RefOf(rule, point.Labels);
            readings[alert.Key] = new RuleReading(alert, new AlertReading(point.Value, Resolve: null, at));
        }
        if (rule.Resolve is not null)
        {
            foreach (var point in engine.Instant(rule.Resolve, at.ToUnixTimeMilliseconds(), cancellationToken).Points)
            {
                var alert = AlertLabels.RefOf(rule, point.Labels);
                var value = readings.TryGetValue(alert.Key, out var known) ? known.Reading.Value : null;
                readings[alert.Key] = new RuleReading(alert, new AlertReading(value, point.Value, at));
            }
        }
        foreach (var (key, alert) in state.Alerts)
        {
            if (alert.IsActive && alert.Alert.RuleId == rule.Id && !readings.ContainsKey(key))
                readings[key] = new RuleReading(alert.Alert, new AlertReading(null, null, at));
        }
        return [.. readings.Values];
    }

    /// <summary>The picture of a verdict: the value over twice the rule's reach before the instant, in at most 60 points.</summary>
    public AlertEvidence Evidence(Rule rule, AlertRef alert, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var to = at.ToUnixTimeMilliseconds();
        var step = Math.Max(1_000, (long)rule.Value.Reach.TotalMilliseconds * 2 / SparklinePoints / 1_000 * 1_000);
        var from = to - (step * (SparklinePoints - 1));
        var points = new List<double>();
        foreach (var series in engine.Range(rule.Value, from, to, step, cancellationToken).Series)
        {
            if (AlertLabels.RefOf(rule, series.Labels).Key == alert.Key)
                points.AddRange(series.Values.ToArray().Select(Rounded));
        }
        return new AlertEvidence(DateTimeOffset.FromUnixTimeMilliseconds(from), at, points);
    }

    // A sparkline is looked at, not calculated with: six digits keep the entry small.
    private static double Rounded(double value) => double.IsFinite(value) && value != 0 ? double.Parse(value.ToString("G6")) : value;
}

/// <summary>One alert's reading.</summary>
public sealed record RuleReading(AlertRef Alert, AlertReading Reading);
