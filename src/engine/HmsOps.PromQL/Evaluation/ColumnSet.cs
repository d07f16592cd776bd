using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// Gathers columns of one result. Columns with the same labels are parts of one series, present at different steps; where two are present
/// at the same step, the result would hold a label set twice, which is an error.
/// </summary>
internal sealed class ColumnSet(EvaluationRun run, SourceRange at)
{
    private readonly Dictionary<(Labels, bool), int> _indexes = [];
    private readonly List<Column> _columns = [];

    public List<Column> Columns => _columns;

    public void Add(Column column)
    {
        if (column.IsEmpty)
            return;
        if (_indexes.TryAdd((column.Labels, column.DropsName), _columns.Count))
            _columns.Add(column);
        else
            Merge(_indexes[(column.Labels, column.DropsName)], column);
    }

    private void Merge(int index, Column more)
    {
        var there = _columns[index];
        var shared = there.FirstStepShared(more);
        if (shared >= 0)
        {
            throw new PromEvaluationException(
                at,
                $"vector cannot contain metrics with the same labelset: {more.Labels} comes twice at {run.Grid[shared]} ms; "
                + "keep a label that tells the series apart, or aggregate");
        }
        var merged = run.Column(there.Labels, there.DropsName, at);
        foreach (var part in (ReadOnlySpan<Column>)[there, more])
        {
            for (var step = 0; step < part.Steps; step++)
            {
                if (part.Has(step))
                    merged.Copy(part, step);
            }
        }
        _columns[index] = merged;
    }
}
