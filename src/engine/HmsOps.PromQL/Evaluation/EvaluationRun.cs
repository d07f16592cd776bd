using System.Diagnostics;
using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// One evaluation of one expression: series by series over all its steps. Each selector reads its series once, folds them into columns as
/// they pass, and every node above turns columns into columns.
/// </summary>
internal sealed class EvaluationRun(QueryContext query, TimeGrid grid)
{
    public QueryContext Context => query;

    /// <summary>Of a whole expression.</summary>
    public static EvaluationRun Of(ISeriesSource source, PromLimits limits, PromExpression expression, TimeGrid grid, CancellationToken ct) =>
        new(new QueryContext(source, limits, expression, grid, ct), grid);

    /// <summary>The times the asker asked for; those of a subquery are others.</summary>
    public TimeGrid Query => query.Grid;

    public TimeGrid Grid { get; } = grid;

    public Notes Notes => query.Notes;

    /// <summary>Series of one selector, or groups of one aggregation, that may be held at a time.</summary>
    public int SeriesMax => query.Limits.SeriesMax;

    public long LookBackMs { get; } = (long)query.Limits.LookBack.TotalMilliseconds;

    /// <summary>The answer's series, sorted by labels, or as the expression sorts them.</summary>
    public List<Column> Answer()
    {
        var root = TimeResolver.Of(query.Expression.Root, Grid);
        if (root.Type == PromType.Text)
            throw new PromEvaluationException(root.At, "the expression is a text, which has no value over time");
        if (root.Type == PromType.Matrix)
            throw new PromEvaluationException(root.At, $"the expression is a range vector, which has no value at a time; put it in a function, such as last_over_time({root})");
        var named = new ColumnSet(this, root.At);
        foreach (var column in Evaluate(root))
            named.Add(column.DropsName ? Renamed(column, MetricLabels.Nameless.Of(column.Labels), root.At) : column);
        if (Grid.Steps > 1 || !IsOrdered(root))
            named.Columns.Sort(static (a, b) => Labels.Compare(a.Labels, b.Labels));
        return named.Columns;
    }

    /// <summary>The columns of one node. A scalar is one column without labels, present at every step.</summary>
    public List<Column> Evaluate(PromNode node)
    {
        query.Ct.ThrowIfCancellationRequested();
        return node.Match(
            number: Number,
            text: t => throw new UnreachableException($"No function takes the text {t}."),
            selector: s => Drained(s, s.At),
            window: w => throw new UnreachableException($"The function around {w} reads it."),
            subquery: q => throw new UnreachableException($"The function around {q} reads it."),
            paren: p => Evaluate(p.Inner),
            unary: Unary,
            binary: Binary,
            aggregate: a => Aggregation.Evaluate(this, a),
            call: Call);
    }

    /// <summary>A new column, paid for.</summary>
    public Column Column(Labels labels, bool dropsName, SourceRange at)
    {
        Hold(at);
        return new Column(labels, dropsName, Grid.Steps);
    }

    /// <summary>Pays for a cell at every step.</summary>
    public void Hold(SourceRange at) => query.Hold(Grid.Steps, at);

    /// <summary>Pays for numbers that are held.</summary>
    public void HoldNumbers(int numbers, SourceRange at) => query.Hold(numbers, at);

    /// <summary>The same cells under other labels.</summary>
    public Column Renamed(Column column, Labels labels, SourceRange at, bool dropsName = false)
    {
        var renamed = Column(labels, dropsName, at);
        for (var step = 0; step < Grid.Steps; step++)
        {
            if (column.Has(step))
                renamed.Copy(column, step);
        }
        return renamed;
    }

    /// <summary>Opens a walk over a selector's samples in a range of times.</summary>
    public SeriesWalk Walk(PromNode.Selector selector, long from, long to, bool inAnyOrder) =>
        new(query, selector, new Selection(selector.Matchers, from, to) { InAnyOrder = inAnyOrder });

    private List<Column> Drained(PromNode node, SourceRange at)
    {
        using var feed = SeriesFeed.Of(this, node, inAnyOrder: false) ?? throw new UnreachableException($"{node} reads no series.");
        return feed.Drain(at);
    }

    private List<Column> Number(PromNode.Number number)
    {
        var column = Column(Labels.Empty, dropsName: false, number.At);
        for (var step = 0; step < Grid.Steps; step++)
            column.Set(step, number.Value);
        return [column];
    }

    private List<Column> Unary(PromNode.Unary node)
    {
        var operand = Evaluate(node.Operand);
        if (!node.IsMinus)
            return operand;
        var minusOne = Number(new PromNode.Number(node.At, -1, IsDuration: false))[0];
        return [.. operand.Select(c => PairwiseOperation.OfColumns(this, node.At, PromOperator.Multiply, c, minusOne, c))];
    }

    private List<Column> Binary(PromNode.Binary node)
    {
        var left = Evaluate(node.Left);
        var right = Evaluate(node.Right);
        if (node.Matching is null)
            return PairwiseOperation.WithScalar(this, node, left, right);
        return node.Op.IsSet() ? SetOperation.Evaluate(this, node, node.Matching, left, right) : VectorMatch.Evaluate(this, node, node.Matching, left, right);
    }

    private List<Column> Call(PromNode.Call call) => call.Function switch
    {
        "absent" or "absent_over_time" => [Absence.Of(this, call)],
        "info" => InfoJoin.Evaluate(this, call),
        _ when call.Arguments.Any(argument => argument.Type == PromType.Matrix) => Drained(call, call.At),
        _ => InstantFunctions.Evaluate(this, call),
    };

    // What has an order of its own keeps it through parentheses alone.
    private static bool IsOrdered(PromNode root) => root switch
    {
        PromNode.Paren paren => IsOrdered(paren.Inner),
        PromNode.Call { Function: "sort" or "sort_desc" or "sort_by_label" or "sort_by_label_desc" } => true,
        PromNode.Aggregate { Op: PromAggregation.TopK or PromAggregation.BottomK } => true,
        _ => false,
    };
}
