using System.Diagnostics;
using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// One evaluation of one expression: series by series over all its steps. Each selector reads its series once, folds them into columns as
/// they pass, and every node above turns columns into columns.
/// </summary>
internal sealed class EvaluationRun
{
    private readonly QueryContext _query;
    private readonly PromNode _root;
    private readonly ReadingPlan _plan;
    private readonly Dictionary<PromNode, List<Column>> _read = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, (SourceRange At, List<Column> Columns)> _known = [];

    private EvaluationRun(QueryContext query, TimeGrid grid, PromNode root)
    {
        (_query, Grid, _root) = (query, grid, root);
        _plan = ReadingPlan.Of(query.Expression.Text, root);
    }

    public QueryContext Context => _query;

    /// <summary>What is evaluated, with the query's own times in it.</summary>
    public PromNode Root => _root;

    /// <summary>How it reads.</summary>
    public ReadingPlan Plan => _plan;

    /// <summary>The times the asker asked for.</summary>
    public QueryTimes Query => _query.Times;

    public TimeGrid Grid { get; }

    public Notes Notes => _query.Notes;

    /// <summary>Series of one selector, or groups of one aggregation, that may be held at a time.</summary>
    public int SeriesMax => _query.Limits.SeriesMax;

    public long LookBackMs => (long)_query.Limits.LookBack.TotalMilliseconds;

    /// <summary>Of a whole expression.</summary>
    public static EvaluationRun Of(QueryContext query) => new(query, query.Grid, TimeResolver.Of(query.Expression.Root, query.Times));

    /// <summary>Of a part, whose times are known, at other times.</summary>
    public EvaluationRun At(TimeGrid grid, PromNode part) => new(_query, grid, part);

    /// <summary>The answer's series, sorted by labels, or as the expression sorts them.</summary>
    public List<Column> Answer()
    {
        if (_root.Type == PromType.Text)
            throw new PromEvaluationException(_root.At, "the expression is a text, which has no value over time");
        if (_root.Type == PromType.Matrix)
            throw new PromEvaluationException(_root.At, $"the expression is a range vector, which has no value at a time; put it in a function, such as last_over_time({_root})");
        var named = new ColumnSet(this, _root.At);
        foreach (var column in Evaluate(_root))
            named.Add(column.DropsName ? Renamed(column, MetricLabels.Nameless.Of(column.Labels), _root.At) : column);
        if (Grid.Steps > 1 || !IsOrdered(_root))
            named.Columns.Sort(static (a, b) => Labels.Compare(a.Labels, b.Labels));
        return named.Columns;
    }

    /// <summary>The columns of one node. A scalar is one column without labels, present at every step.</summary>
    public List<Column> Evaluate(PromNode node)
    {
        _query.Ct.ThrowIfCancellationRequested();
        var repeated = _plan.Repeated(node);
        if (repeated is not null && _known.TryGetValue(repeated, out var known))
        {
            Notes.Repeat(known.At, node.At);
            _query.Trace?.Reused(node, known.Columns.Count);
            return known.Columns;
        }
        var columns = _query.Trace is { } trace ? Traced(trace, node) : Worked(node);
        if (repeated is not null)
            _known.Add(repeated, (node.At, columns));
        return columns;
    }

    private List<Column> Traced(QueryTrace trace, PromNode node)
    {
        var (since, before) = (trace.Now, _query.Usage);
        var columns = Worked(node);
        trace.Came(node, since, columns.Count, _query.Usage.Samples - before.Samples, _query.Usage.Points - before.Points);
        return columns;
    }

    private List<Column> Worked(PromNode node)
    {
        if (_plan.WalkOf(node) is { } walk)
        {
            if (!_read.ContainsKey(node))
                Read(walk);
            return _read[node];
        }
        return node.Match(
            number: Number,
            text: t => throw new UnreachableException($"No function takes the text {t}."),
            selector: s => throw new UnreachableException($"{s} is in no plan."),
            window: w => throw new UnreachableException($"The function around {w} reads it."),
            subquery: q => throw new UnreachableException($"The function around {q} reads it."),
            paren: p => Evaluate(p.Inner),
            unary: Unary,
            binary: Binary,
            aggregate: a => Aggregation.Evaluate(this, a),
            call: c => InstantFunctions.Evaluate(this, c));
    }

    // One walk for all that read the same series.
    private void Read(IReadOnlyList<ReadingPlace> places)
    {
        var scan = new SeriesScan(this);
        foreach (var place in places)
        {
            var read = SeriesRead.Of(this, place.Read);
            scan.Add(read, Taker(place, read));
        }
        var taken = scan.Run();
        for (var i = 0; i < places.Count; i++)
            _read.Add(places[i].Node, taken[i].Result());
    }

    private Func<SeriesTaker> Taker(ReadingPlace place, SeriesRead read)
    {
        switch (place.Reading)
        {
            case Reading.Folded:
                var aggregate = (PromNode.Aggregate)place.Node; // nothing else folds
                var parameter = aggregate.Parameter is null ? null : Evaluate(aggregate.Parameter)[0];
                return () => new GroupTaker(this, aggregate, parameter);
            case Reading.Noticed:
                return () => new AbsenceTaker(this, (PromNode.Call)place.Node); // nothing else notices
            default:
                return () => new ColumnTaker(this, read.Origin, place.Node.At);
        }
    }

    /// <summary>The series that a read of its own makes.</summary>
    public List<Column> Scanned(SeriesRead read, SourceRange at)
    {
        var scan = new SeriesScan(this);
        scan.Add(read, () => new ColumnTaker(this, read.Origin, at));
        return scan.Run()[0].Result();
    }

    /// <summary>A new column, paid for.</summary>
    public Column Column(Labels labels, bool dropsName, SourceRange at)
    {
        _query.Hold(Grid.Steps, at);
        _query.HoldBytes(Weights.OfColumn(Grid.Steps, labels), at);
        return new Column(_query, at, labels, dropsName, Grid.Steps);
    }

    /// <summary>Pays for a cell at every step, of so many bytes.</summary>
    public void HoldCells(int bytes, SourceRange at)
    {
        _query.Hold(Grid.Steps, at);
        _query.HoldBytes((long)Grid.Steps * bytes, at);
    }

    /// <summary>Pays for numbers that are held.</summary>
    public void HoldNumbers(int numbers, SourceRange at)
    {
        _query.Hold(numbers, at);
        _query.HoldBytes((long)numbers * sizeof(double), at);
    }

    /// <summary>Pays for a histogram that is held.</summary>
    public void Hold(NativeHistogram histogram, SourceRange at) => _query.HoldBytes(Weights.Of(histogram), at);

    /// <summary>Ends a query that nobody waits for any more.</summary>
    public void Check() => _query.Ct.ThrowIfCancellationRequested();

    /// <summary>Likewise, in loops over steps that cost little each.</summary>
    public void CheckAt(int step) => _query.CheckAt(step);

    /// <summary>The same cells under other labels.</summary>
    public Column Renamed(Column column, Labels labels, SourceRange at, bool dropsName = false)
    {
        var renamed = Column(labels, dropsName, at);
        for (var step = 0; step < Grid.Steps; step++)
        {
            CheckAt(step);
            if (column.Has(step))
                renamed.Copy(column, step);
        }
        return renamed;
    }

    private List<Column> Number(PromNode.Number number)
    {
        var column = Column(Labels.Empty, dropsName: false, number.At);
        for (var step = 0; step < Grid.Steps; step++)
        {
            CheckAt(step);
            column.Set(step, number.Value);
        }
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

    // What has an order of its own keeps it through parentheses alone.
    private static bool IsOrdered(PromNode root) => root switch
    {
        PromNode.Paren paren => IsOrdered(paren.Inner),
        PromNode.Call { Function: "sort" or "sort_desc" or "sort_by_label" or "sort_by_label_desc" } => true,
        PromNode.Aggregate { Op: PromAggregation.TopK or PromAggregation.BottomK } => true,
        _ => false,
    };
}
