using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary><c>absent</c> and <c>absent_over_time</c>: 1 where nothing is, under the labels that a selector's equalities say it would have.</summary>
internal static class Absence
{
    /// <summary>Of what is there in columns.</summary>
    public static Column Of(EvaluationRun run, PromNode.Call call)
    {
        var present = new bool[run.Grid.Steps];
        foreach (var column in run.Evaluate(call.Arguments[0]))
            Note(column, present);
        return Of(run, call, present);
    }

    public static void Note(Cells cells, bool[] present)
    {
        for (var step = 0; step < present.Length; step++)
            present[step] |= cells.Has(step);
    }

    public static Column Of(EvaluationRun run, PromNode.Call call, bool[] present)
    {
        var absent = run.Column(LabelsOf(call.Arguments[0]), dropsName: false, call.At);
        for (var step = 0; step < present.Length; step++)
        {
            if (!present[step])
                absent.Set(step, 1);
        }
        return absent;
    }

    // A label that is named twice, or by more than an equality, could have had several values.
    private static Labels LabelsOf(PromNode argument)
    {
        var matchers = SeriesRead.Unwrapped(argument) switch
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

/// <summary>Notices at which steps any series is there, and keeps none.</summary>
internal sealed class AbsenceTaker(EvaluationRun run, PromNode.Call call) : SeriesTaker
{
    private readonly bool[] _present = new bool[run.Grid.Steps];
    private readonly Cells _cells = new(run.Grid.Steps);

    public override bool InAnyOrder => true;

    public override Cells Begin(SeriesWalk walk, bool dropsName)
    {
        _cells.Clear();
        return _cells;
    }

    public override void End(SeriesWalk walk, bool dropsName) => Absence.Note(_cells, _present);

    public override void Join(SeriesTaker other)
    {
        for (var step = 0; step < _present.Length; step++)
            _present[step] |= ((AbsenceTaker)other)._present[step];
    }

    public override List<Column> Result()
    {
        var absent = Absence.Of(run, call, _present);
        return absent.IsEmpty ? [] : [absent];
    }
}
