using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary><c>label_join</c> and <c>label_replace</c>.</summary>
internal static class LabelFunctions
{
    // Characters of one value. Calls in calls double what they are given, so without a limit a short expression makes a text of any length.
    private const int ValueMax = 1 << 16;

    public static List<Column> Join(EvaluationRun run, PromNode.Call call, List<Column> vector)
    {
        var (to, separator) = (NewLabel(call, 1), TextOf(call, 2));
        string[] from = [.. Enumerable.Range(3, call.Arguments.Count - 3).Select(argument => TextOf(call, argument))];
        return Relabelled(run, call, vector, to, labels =>
        {
            string[] parts = [.. from.Select(labels.Text)];
            RefuseLong(call, parts.Sum(part => (long)part.Length) + ((long)separator.Length * Math.Max(0, parts.Length - 1))); // before it is made
            return string.Join(separator, parts);
        });
    }

    public static List<Column> Replace(EvaluationRun run, PromNode.Call call, List<Column> vector)
    {
        var (to, template, from) = (NewLabel(call, 1), TextOf(call, 2), TextOf(call, 3));
        var pattern = PatternOf(call);
        var known = new Dictionary<string, string?>(); // few values make many series
        return Relabelled(run, call, vector, to, labels =>
        {
            var text = labels.Text(from);
            if (known.TryGetValue(text, out var value))
                return value;
            value = MatchOf(call, pattern, text)?.Expand(template, ValueMax);
            RefuseLong(call, value?.Length ?? 0);
            run.Context.HoldBytes(Weights.OfText(text) + Weights.OfText(value ?? ""), call.At);
            known.Add(text, value);
            return value;
        });
    }

    private static Captures? MatchOf(PromNode.Call call, CapturePattern pattern, string text)
    {
        try
        {
            return pattern.Match(text);
        }
        catch (QueryBudgetException slow)
        {
            throw new PromEvaluationException(call.Arguments[4].At, slow.Message, slow) { Limit = slow.Limit };
        }
    }

    private static void RefuseLong(PromNode.Call call, long length)
    {
        if (length > ValueMax)
            throw new PromEvaluationException(call.At, $"{call.Function} makes a label of more than {ValueMax} characters. Put less into it.") { Limit = "label_limit" };
    }

    // A value of null leaves the series as it is.
    private static List<Column> Relabelled(EvaluationRun run, PromNode.Call call, List<Column> vector, string to, Func<Labels, string?> valueOf)
    {
        var columns = new ColumnSet(run, call.At);
        foreach (var series in vector)
        {
            run.Check(); // a pattern takes its time
            if (valueOf(series.Labels) is not { } value)
            {
                columns.Add(series);
                continue;
            }
            var labels = LabelsBuilder.From(series.Labels).Set(to, value).Build();
            columns.Add(run.Renamed(series, labels, call.At, dropsName: series.DropsName && to != "__name__"));
        }
        return columns.Columns;
    }

    /// <summary>The name of a label that a function sets.</summary>
    public static string NewLabel(PromNode.Call call, int argument) => NewLabel(call.Arguments[argument], call.Function);

    /// <summary>The name of a label that is set.</summary>
    public static string NewLabel(PromNode name, string by) => TextOf(name) is { Length: > 0 } text
        ? text
        : throw new PromEvaluationException(name.At, $"invalid label name in {by}(): it is empty");

    /// <summary>What a text says that may stand in parentheses.</summary>
    public static string TextOf(PromNode node)
    {
        while (node is PromNode.Paren paren)
            node = paren.Inner;
        return ((PromNode.Text)node).Value; // the parser sees to the type
    }

    private static CapturePattern PatternOf(PromNode.Call call)
    {
        try
        {
            return CapturePattern.Whole(TextOf(call, 4), isQuick: true);
        }
        catch (ArgumentException wrong)
        {
            throw new PromEvaluationException(call.Arguments[4].At, $"invalid regular expression in label_replace(): {wrong.Message}", wrong);
        }
    }

    private static string TextOf(PromNode.Call call, int argument) => TextOf(call.Arguments[argument]);
}
