using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary><c>absent</c> and <c>absent_over_time</c>: 1 where nothing is, under the labels that a selector's equalities say it would have.</summary>
internal static class Absence
{
    public static Column Of(EvaluationRun run, PromNode.Call call)
    {
        var present = new bool[run.Grid.Steps];
        if (SeriesFeed.Of(run, call.Arguments[0] is PromNode.Window ? call : call.Arguments[0], inAnyOrder: true) is { } feed)
        {
            using (feed)
            {
                var cells = new Cells(run.Grid.Steps);
                while (feed.MoveNext(cells))
                    Note(cells, present);
            }
        }
        else
        {
            foreach (var column in run.Evaluate(call.Arguments[0]))
                Note(column, present);
        }
        var absent = run.Column(LabelsOf(call.Arguments[0]), dropsName: false, call.At);
        for (var step = 0; step < present.Length; step++)
        {
            if (!present[step])
                absent.Set(step, 1);
        }
        return absent;
    }

    private static void Note(Cells cells, bool[] present)
    {
        for (var step = 0; step < present.Length; step++)
            present[step] |= cells.Has(step);
    }

    // A label that is named twice, or by more than an equality, could have had several values.
    private static Labels LabelsOf(PromNode argument)
    {
        while (argument is PromNode.Paren paren)
            argument = paren.Inner;
        var matchers = argument switch
        {
            PromNode.Selector selector => selector.Matchers,
            PromNode.Window window => window.Series.Matchers,
            _ => [],
        };
        var builder = new LabelsBuilder();
        foreach (var label in matchers.Where(matcher => matcher.Name != "__name__").GroupBy(matcher => matcher.Name))
        {
            if (label.ToArray() is [{ Op: MatchOp.Equal } only])
                builder.Set(only.Name, only.Value);
        }
        return builder.Build();
    }
}
