using HmsOps.PromQL.Tests.Notation;
using HmsOps.Series;

namespace HmsOps.PromQL.Tests.Oracle;

/// <summary>An answer that the naive evaluator holds to be impossible, as the engine must.</summary>
public sealed class NaiveRefusalException(string why) : Exception(why);

/// <summary>
/// The obvious evaluator: numbers only, one time after another, everything looked up again at each, labels as sorted dictionaries, plain
/// sums. Slow, and short enough to be seen right. It follows the language's documentation, not the engine.
/// </summary>
public sealed class NaiveEvaluator(IReadOnlyList<SeriesNotation.Line> lines, long time)
{
    private const long LookBackMs = 300_000;

    private sealed record Item(SortedDictionary<string, string> Labels, bool DropsName, double Value)
    {
        public string Key(IEnumerable<string> names, bool on) => string.Join('\n', Labels.Where(l => names.Contains(l.Key) == on).Select(l => $"{l.Key}={l.Value}"));
    }

    /// <summary>The answer, by label set as text.</summary>
    public SortedDictionary<string, double> Answer(PromNode root)
    {
        var answer = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var item in Of(root))
        {
            var labels = item.Labels.Where(l => !item.DropsName || l.Key != "__name__").Select(l => (l.Key, l.Value)).ToArray();
            if (!answer.TryAdd(Labels.From(labels).ToString(), item.Value))
                throw new NaiveRefusalException("two series with one label set");
        }
        return answer;
    }

    private List<Item> Of(PromNode node) => node.Match<List<Item>>(
        number: n => [new([], false, n.Value)],
        text: _ => throw new NotSupportedException("The obvious evaluator knows numbers only: keep texts out of what it is asked."),
        selector: s =>
        [
            .. from line in lines
               where s.Matchers.All(m => m.Matches(line.Labels))
               let newest = line.Samples.LastOrDefault(x => x.Time <= time - s.OffsetMs)
               where newest is not null && newest.Time > time - s.OffsetMs - LookBackMs && !StaleMarker.Is(newest.Value)
               select new Item(Dictionary(line.Labels), false, newest.Value),
        ],
        window: _ => throw new NotSupportedException("The obvious evaluator takes a window only as the argument of a function: no expression ends with one."),
        subquery: _ => throw new NotSupportedException("The obvious evaluator knows no subqueries: keep them out of what it is asked."),
        paren: p => Of(p.Inner),
        unary: u => [.. Of(u.Operand).Select(i => i with { Value = u.IsMinus ? -i.Value : i.Value, DropsName = u.IsMinus || i.DropsName })],
        binary: Binary,
        aggregate: Aggregate,
        call: Call);

    private List<Item> Binary(PromNode.Binary node)
    {
        var (left, right) = (Of(node.Left), Of(node.Right));
        return node.Matching is { } m
            ? Vectors(node, m, left, right)
            : node.Type == PromType.Scalar
                ? [new([], false, IsComparison(node.Op) ? (Holds(node.Op, left[0].Value, right[0].Value) ? 1 : 0) : Compute(node.Op, left[0].Value, right[0].Value))]
                : node.Left.Type == PromType.Scalar
                    ? [.. right.SelectMany(r => Pair(node, left[0].Value, r.Value, r, r.Value))]
                    : [.. left.SelectMany(l => Pair(node, l.Value, right[0].Value, l, l.Value))];
    }

    private static IEnumerable<Item> Pair(PromNode.Binary node, double x, double y, Item labelled, double kept)
    {
        if (!IsComparison(node.Op))
            yield return labelled with { Value = Compute(node.Op, x, y), DropsName = true };
        else if (node.ReturnsBool)
            yield return labelled with { Value = Holds(node.Op, x, y) ? 1 : 0, DropsName = true };
        else if (Holds(node.Op, x, y))
            yield return labelled with { Value = kept };
    }

    private static List<Item> Vectors(PromNode.Binary node, PromMatching matching, List<Item> left, List<Item> right)
    {
        var names = matching.On ? matching.Labels : [.. matching.Labels, "__name__"];
        string Key(Item i) => i.Key(names, matching.On);
        switch (node.Op)
        {
            case PromOperator.And: return [.. left.Where(l => right.Exists(r => Key(r) == Key(l)))];
            case PromOperator.Unless: return [.. left.Where(l => !right.Exists(r => Key(r) == Key(l)))];
            case PromOperator.Or: return [.. left, .. right.Where(r => !left.Exists(l => Key(r) == Key(l)))];
        }
        if (left.Count == 0 || right.Count == 0)
            return [];
        if (right.GroupBy(Key).Any(g => g.Count() > 1))
            throw new NaiveRefusalException("two partners on the right");
        var matched = left.Where(l => right.Exists(r => Key(r) == Key(l))).ToList();
        if (matched.GroupBy(Key).Any(g => g.Count() > 1))
            throw new NaiveRefusalException("two partners on the left");
        return [.. matched.SelectMany(l => Pair(node, l.Value, right.Single(r => Key(r) == Key(l)).Value, Kept(l), l.Value))];

        Item Kept(Item l)
        {
            var labels = l.Labels.Where(x => matching.Labels.Contains(x.Key) == matching.On && (x.Key != "__name__" || IsComparison(node.Op)));
            return l with { Labels = new(labels.ToDictionary(), StringComparer.Ordinal) };
        }
    }

    private List<Item> Aggregate(PromNode.Aggregate node)
    {
        var names = node.Without ? [.. node.Grouping, "__name__"] : node.Grouping;
        return
        [
            .. from item in Of(node.Operand)
               group item by item.Key(names, !node.Without) into g
               let labels = g.First().Labels.Where(l => names.Contains(l.Key) != node.Without)
               select new Item(new(labels.ToDictionary(), StringComparer.Ordinal), g.Any(i => i.DropsName), Fold(node.Op, [.. g.Select(i => i.Value)])),
        ];
    }

    private static double Fold(PromAggregation op, double[] values) => op switch
    {
        PromAggregation.Sum => values.Sum(),
        PromAggregation.Avg => values.Sum() / values.Length,
        PromAggregation.Count => values.Length,
        PromAggregation.Min => values.Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Min(),
        _ => values.Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Max(),
    };

    private List<Item> Call(PromNode.Call call)
    {
        if (call.Arguments.OfType<PromNode.Window>().FirstOrDefault() is { } w)
            return Over(call, w);
        var arguments = call.Arguments.Select(Of).ToArray();
        return call.Function switch
        {
            "time" => [new([], false, time / 1000.0)],
            "vector" => arguments[0],
            "scalar" => [new([], false, arguments[0].Count == 1 ? arguments[0][0].Value : double.NaN)],
            "abs" => [.. arguments[0].Select(i => i with { Value = Math.Abs(i.Value), DropsName = true })],
            "clamp_min" => [.. arguments[0].Select(i => i with { Value = Math.Max(i.Value, arguments[1][0].Value), DropsName = true })],
            "clamp_max" => [.. arguments[0].Select(i => i with { Value = Math.Min(i.Value, arguments[1][0].Value), DropsName = true })],
            "histogram_quantile" => ClassicQuantile(arguments[0][0].Value, arguments[1]),
            _ => throw new NotSupportedException($"The obvious evaluator does not know {call.Function}(): add it here, as the documentation says, before ExpressionWriter writes it."),
        };
    }

    private List<Item> Over(PromNode.Call call, PromNode.Window window)
    {
        var end = time - window.Series.OffsetMs;
        var items = new List<Item>();
        foreach (var line in lines.Where(l => window.Series.Matchers.All(m => m.Matches(l.Labels))))
        {
            var samples = line.Samples.Where(s => s.Time > end - window.RangeMs && s.Time <= end && !StaleMarker.Is(s.Value)).ToArray();
            if (samples.Length == 0)
                continue;
            var values = samples.Select(s => s.Value).ToArray();
            double? value = call.Function switch
            {
                "count_over_time" => values.Length,
                "last_over_time" => values[^1],
                "sum_over_time" => Fold(PromAggregation.Sum, values),
                "avg_over_time" => Fold(PromAggregation.Avg, values),
                "min_over_time" => Fold(PromAggregation.Min, values),
                "max_over_time" => Fold(PromAggregation.Max, values),
                "quantile_over_time" => Rank(Of(call.Arguments[0])[0].Value, values),
                _ => Extrapolated(call.Function, samples, end - window.RangeMs, end),
            };
            if (value is not null)
                items.Add(new(Dictionary(line.Labels), call.Function != "last_over_time", value.Value));
        }
        return items;
    }

    private static double? Extrapolated(string function, SeriesNotation.Sample[] samples, long from, long to)
    {
        if (samples.Length < 2)
            return null;
        var isCounter = function != "delta";
        var difference = samples[^1].Value - samples[0].Value;
        for (var i = 1; i < samples.Length && isCounter; i++)
            difference += samples[i].Value < samples[i - 1].Value ? samples[i - 1].Value : 0;
        var covered = (samples[^1].Time - samples[0].Time) / 1000.0;
        var interval = covered / (samples.Length - 1);
        var before = (samples[0].Time - from) / 1000.0;
        var after = (to - samples[^1].Time) / 1000.0;
        before = before < 1.1 * interval ? before : interval / 2;
        after = after < 1.1 * interval ? after : interval / 2;
        if (isCounter && difference > 0 && samples[0].Value >= 0)
            before = Math.Min(before, covered * samples[0].Value / difference);
        var stretched = difference * (covered + before + after) / covered;
        return function == "rate" ? stretched / ((to - from) / 1000.0) : stretched;
    }

    private static double Rank(double q, double[] values)
    {
        Array.Sort(values);
        var rank = q * (values.Length - 1);
        var below = (int)Math.Floor(rank);
        return values[below] * (1 - (rank - below)) + values[Math.Min(below + 1, values.Length - 1)] * (rank - below);
    }

    private static List<Item> ClassicQuantile(double q, List<Item> buckets)
    {
        var answers = new List<Item>();
        foreach (var group in buckets.GroupBy(b => b.Key(["le"], on: false)))
        {
            var sorted = group.Select(b => (Bound: b.Labels["le"] == "+Inf" ? double.PositiveInfinity : double.Parse(b.Labels["le"]), b.Value)).OrderBy(b => b.Bound).ToArray();
            var labels = new SortedDictionary<string, string>(group.First().Labels.Where(l => l.Key != "le").ToDictionary(), StringComparer.Ordinal);
            answers.Add(new(labels, true, Quantile(q, sorted)));
        }
        return answers;
    }

    private static double Quantile(double q, (double Bound, double Count)[] buckets)
    {
        if (!double.IsPositiveInfinity(buckets[^1].Bound) || buckets.Length < 2 || buckets[^1].Count == 0)
            return double.NaN;
        var rank = q * buckets[^1].Count;
        var at = Array.FindIndex(buckets, b => b.Count >= rank);
        if (at < 0 || at == buckets.Length - 1)
            return buckets[^2].Bound;
        var (lower, below) = at == 0 ? (0, 0) : buckets[at - 1];
        return lower + (buckets[at].Bound - lower) * (rank - below) / (buckets[at].Count - below);
    }

    private static bool IsComparison(PromOperator op) =>
        op is PromOperator.Equal or PromOperator.NotEqual or PromOperator.Less or PromOperator.LessOrEqual or PromOperator.Greater or PromOperator.GreaterOrEqual;

    private static bool Holds(PromOperator op, double x, double y) => op switch
    {
        PromOperator.Equal => x == y,
        PromOperator.NotEqual => x != y,
        PromOperator.Less => x < y,
        PromOperator.LessOrEqual => x <= y,
        PromOperator.Greater => x > y,
        _ => x >= y,
    };

    private static double Compute(PromOperator op, double x, double y) => op switch
    {
        PromOperator.Add => x + y,
        PromOperator.Subtract => x - y,
        PromOperator.Multiply => x * y,
        PromOperator.Divide => x / y,
        PromOperator.Modulo => x % y,
        PromOperator.Power => Math.Pow(x, y),
        _ => Math.Atan2(x, y),
    };

    private static SortedDictionary<string, string> Dictionary(Labels labels)
    {
        var dictionary = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in labels)
            dictionary.Add(System.Text.Encoding.UTF8.GetString(label.Name), System.Text.Encoding.UTF8.GetString(label.Value));
        return dictionary;
    }
}
