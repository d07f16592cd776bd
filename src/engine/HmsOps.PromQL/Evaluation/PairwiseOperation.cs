using HmsOps.PromQL.Histograms;
using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>Arithmetic and comparison of two cells, step by step.</summary>
internal static class PairwiseOperation
{
    /// <summary>Where at least one side is a scalar. A comparison that filters keeps the vector's sample, on whichever side it stands.</summary>
    public static List<Column> WithScalar(EvaluationRun run, PromNode.Binary node, List<Column> left, List<Column> right)
    {
        if (node.Type == PromType.Scalar)
        {
            var result = run.Column(Labels.Empty, dropsName: false, node.At);
            Fill(run, node, left[0], right[0], keeps: left[0], result);
            return [result];
        }
        var scalarIsLeft = node.Left.Type == PromType.Scalar;
        var columns = new ColumnSet(run, node.At);
        foreach (var series in scalarIsLeft ? right : left)
        {
            var dropsName = series.DropsName || node.ReturnsBool || !node.Op.KeepsName();
            var result = run.Column(series.Labels, dropsName, node.At);
            Fill(run, node, scalarIsLeft ? left[0] : series, scalarIsLeft ? series : right[0], keeps: series, result);
            columns.Add(result);
        }
        return columns.Columns;
    }

    /// <summary>Arithmetic of two columns, under the labels of one of them.</summary>
    public static Column OfColumns(EvaluationRun run, SourceRange at, PromOperator op, Column left, Column right, Column labelled)
    {
        var result = run.Column(labelled.Labels, dropsName: !labelled.Labels.IsEmpty, at);
        for (var step = 0; step < run.Grid.Steps; step++)
        {
            run.CheckAt(step);
            TryAt(run, at, op, returnsBool: false, left, right, keeps: left, result, step);
        }
        return result;
    }

    /// <summary>
    /// One step of one pair. Answers false where a side is absent or the operator does not take such samples; then nothing is set, and the
    /// pair counts as not matched. A filter that drops the sample answers true.
    /// </summary>
    public static bool TryAt(EvaluationRun run, SourceRange at, PromOperator op, bool returnsBool, Column left, Column right, Column keeps, Column into, int step)
    {
        if (!left.Has(step) || !right.Has(step))
            return false;
        var (leftHistogram, rightHistogram) = (left.HistogramAt(step), right.HistogramAt(step));
        if (leftHistogram is not null || rightHistogram is not null || op.IsTrim())
            return TryHistograms(run, at, op, returnsBool, left, right, into, step);
        var (x, y) = (left.Values[step], right.Values[step]);
        if (!op.IsComparison())
            into.Set(step, Arithmetic(op, x, y));
        else if (returnsBool)
            into.Set(step, Holds(op, x, y) ? 1 : 0);
        else if (Holds(op, x, y))
            into.Set(step, keeps.Values[step]);
        return true;
    }

    private static void Fill(EvaluationRun run, PromNode.Binary node, Column left, Column right, Column keeps, Column into)
    {
        for (var step = 0; step < run.Grid.Steps; step++)
        {
            run.CheckAt(step);
            TryAt(run, node.At, node.Op, node.ReturnsBool, left, right, keeps, into, step);
        }
    }

    private static double Arithmetic(PromOperator op, double x, double y) => op switch
    {
        PromOperator.Add => x + y,
        PromOperator.Subtract => x - y,
        PromOperator.Multiply => x * y,
        PromOperator.Divide => x / y,
        PromOperator.Modulo => x % y, // the sign of x, as Go's Mod
        PromOperator.Power => Math.Pow(x, y),
        _ => Math.Atan2(x, y),
    };

    private static bool Holds(PromOperator op, double x, double y) => op switch
    {
        PromOperator.Equal => x == y,
        PromOperator.NotEqual => x != y,
        PromOperator.Less => x < y,
        PromOperator.LessOrEqual => x <= y,
        PromOperator.Greater => x > y,
        _ => x >= y,
    };

    // Of histograms there are: sum and difference, product and quotient with a number, equal and not equal.
    private static bool TryHistograms(EvaluationRun run, SourceRange at, PromOperator op, bool returnsBool, Column left, Column right, Column into, int step)
    {
        var (leftHistogram, rightHistogram) = (left.HistogramAt(step), right.HistogramAt(step));
        var result = (op, leftHistogram, rightHistogram) switch
        {
            (PromOperator.Add, { } a, { } b) => Settled(run, at, op, HistogramSum.Of(a).Add(b)),
            (PromOperator.Subtract, { } a, { } b) => Settled(run, at, op, HistogramSum.Of(a).Subtract(b)),
            (PromOperator.Multiply, { } a, null) => HistogramScale.By(a, right.Values[step]),
            (PromOperator.Multiply, null, { } b) => HistogramScale.By(b, left.Values[step]),
            (PromOperator.Divide, { } a, null) => HistogramScale.Over(a, right.Values[step]),
            (PromOperator.Equal or PromOperator.NotEqual, { } a, { }) => a,
            (PromOperator.TrimUpper, { } a, null) => HistogramTrim.Upper(a, right.Values[step]),
            (PromOperator.TrimLower, { } a, null) => HistogramTrim.Lower(a, right.Values[step]),
            _ => null,
        };
        if (result is null && leftHistogram is not null && rightHistogram is not null && op is PromOperator.Add or PromOperator.Subtract)
            return false; // said where it was settled
        if (result is null)
        {
            run.Notes.Inform(at, $"incompatible sample types encountered for binary operator \"{op.Sign()}\": {Kind(leftHistogram)} {op.Sign()} {Kind(rightHistogram)}");
            return false;
        }
        if (!op.IsComparison())
        {
            into.Set(step, result);
            return true;
        }
        var holds = HistogramScale.AreEqual(leftHistogram!, rightHistogram!) == (op == PromOperator.Equal); // both are there: only such pairs compare
        if (returnsBool)
            into.Set(step, holds ? 1 : 0);
        else if (holds)
            into.Set(step, result);
        return true;
    }

    private static NativeHistogram? Settled(EvaluationRun run, SourceRange at, PromOperator op, HistogramSum sum)
    {
        if (sum.IsReconciled)
            run.Notes.Inform(at, $"mismatched custom buckets were reconciled during {(op == PromOperator.Add ? "addition" : "subtraction")}");
        if (!sum.IsMixed)
            return sum.ToHistogram();
        run.Notes.Warn(at, $"incompatible bucket layout encountered for binary operator {op.Sign()}");
        return null;
    }

    private static string Kind(NativeHistogram? histogram) => histogram is null ? "float" : "histogram";
}
