using HmsOps.PromQL.Syntax;
using HmsOps.Series;

namespace HmsOps.PromQL;

/// <summary>What an expression yields.</summary>
public enum PromType
{
    /// <summary>One number at each time.</summary>
    Scalar,

    /// <summary>An instant vector: for each series at most one sample at each time.</summary>
    Vector,

    /// <summary>A range vector: for each series the samples of a window at each time.</summary>
    Matrix,

    /// <summary>A text.</summary>
    Text,
}

/// <summary>A part of the text an expression was read from.</summary>
/// <param name="Start">First character, counted from 0.</param>
/// <param name="End">One past the last character.</param>
public readonly record struct SourceRange(int Start, int End)
{
    /// <summary>The smallest range that holds both.</summary>
    public static SourceRange Over(SourceRange first, SourceRange last) => new(first.Start, last.End);
}

/// <summary>
/// A part of an expression, with its place in the text. The cases nested here are all there are; <see cref="Match"/> takes one function a
/// case. Immutable, safe to share. <c>ToString</c> prints PromQL that parses to the same tree.
/// </summary>
public abstract record PromNode
{
    // Private: the cases below are the whole choice.
    private PromNode(SourceRange at, int height)
    {
        At = at;
        Height = height;
    }

    /// <summary>Where it was written.</summary>
    public SourceRange At { get; }

    /// <summary>What it yields.</summary>
    public abstract PromType Type { get; }

    /// <summary>Nodes from here down to the deepest leaf; limited while parsing, so walking the tree by recursion is safe.</summary>
    internal int Height { get; }

    /// <summary>A number, or a duration, which is a number of seconds.</summary>
    /// <param name="At">Where it was written.</param>
    /// <param name="Value">The number.</param>
    /// <param name="IsDuration">Written as a duration, such as <c>5m</c>.</param>
    public sealed record Number(SourceRange At, double Value, bool IsDuration) : PromNode(At, 1)
    {
        /// <inheritdoc/>
        public override PromType Type => PromType.Scalar;

        /// <inheritdoc/>
        public override string ToString() => Printer.Print(this);
    }

    /// <summary>A text in quotes.</summary>
    /// <param name="At">Where it was written.</param>
    /// <param name="Value">The text without quotes and escapes.</param>
    public sealed record Text(SourceRange At, string Value) : PromNode(At, 1)
    {
        /// <inheritdoc/>
        public override PromType Type => PromType.Text;

        /// <inheritdoc/>
        public override string ToString() => Printer.Print(this);
    }

    /// <summary>Series at one time: <c>name{label="value"} offset 5m</c>.</summary>
    /// <param name="At">Where it was written.</param>
    /// <param name="Matchers">All must hold; the name is one of them.</param>
    /// <param name="OffsetMs">How far back it looks, in milliseconds; negative looks ahead.</param>
    public sealed record Selector(SourceRange At, IReadOnlyList<Matcher> Matchers, long OffsetMs) : PromNode(At, 1)
    {
        /// <inheritdoc/>
        public override PromType Type => PromType.Vector;

        /// <summary>The offset as an expression of durations that only a query's step and range make a number; null where it is <see cref="OffsetMs"/>.</summary>
        public PromNode? OffsetBy { get; init; }

        /// <summary><c>@</c>: the time it looks from; null: that of each step.</summary>
        public PromMoment? Moment { get; init; }

        /// <summary><c>anchored</c> or <c>smoothed</c>.</summary>
        public PromEdges Edges { get; init; }

        /// <summary>It chooses labels rather than series, as behind the comma of <c>info</c>: a name stands in its braces.</summary>
        public bool ChoosesLabels { get; init; }

        /// <summary>The one metric it names, or null when it names none or a pattern.</summary>
        public string? MetricName => Matchers.FirstOrDefault(m => m is { Name: "__name__", Op: MatchOp.Equal })?.Value;

        /// <inheritdoc/>
        public override string ToString() => Printer.Print(this);
    }

    /// <summary>Series over a window: <c>name{label="value"}[5m]</c>. The window is open at its old end: <c>(T - range, T]</c>.</summary>
    /// <param name="At">Where it was written.</param>
    /// <param name="Series">Which series, and how far back.</param>
    /// <param name="RangeMs">The width of the window in milliseconds.</param>
    public sealed record Window(SourceRange At, Selector Series, long RangeMs) : PromNode(At, 2)
    {
        /// <summary>The width as an expression of durations that only a query's step and range make a number; null where it is <see cref="RangeMs"/>.</summary>
        public PromNode? RangeBy { get; init; }

        /// <inheritdoc/>
        public override PromType Type => PromType.Matrix;

        /// <inheritdoc/>
        public override string ToString() => Printer.Print(this);
    }

    /// <summary>What an expression says at the steps of a window: <c>(expression)[1h:5m]</c>. Its steps lie at multiples of their distance.</summary>
    /// <param name="At">Where it was written.</param>
    /// <param name="Operand">What is evaluated.</param>
    /// <param name="RangeMs">The width of the window in milliseconds.</param>
    /// <param name="StepMs">The distance of its steps; 0 where the limits say it.</param>
    public sealed record Subquery(SourceRange At, PromNode Operand, long RangeMs, long StepMs) : PromNode(At, 1 + Operand.Height)
    {
        /// <summary>As <see cref="Window.RangeBy"/>.</summary>
        public PromNode? RangeBy { get; init; }

        /// <summary>Likewise, of the step.</summary>
        public PromNode? StepBy { get; init; }

        /// <summary>How far back it looks, in milliseconds; negative looks ahead.</summary>
        public long OffsetMs { get; init; }

        /// <summary>As <see cref="Selector.OffsetBy"/>.</summary>
        public PromNode? OffsetBy { get; init; }

        /// <summary>As <see cref="Selector.Moment"/>.</summary>
        public PromMoment? Moment { get; init; }

        /// <inheritdoc/>
        public override PromType Type => PromType.Matrix;

        /// <inheritdoc/>
        public override string ToString() => Printer.Print(this);
    }

    /// <summary>An expression in parentheses.</summary>
    /// <param name="At">Where it was written.</param>
    /// <param name="Inner">What the parentheses hold.</param>
    public sealed record Paren(SourceRange At, PromNode Inner) : PromNode(At, 1 + Inner.Height)
    {
        /// <inheritdoc/>
        public override PromType Type => Inner.Type;

        /// <inheritdoc/>
        public override string ToString() => Printer.Print(this);
    }

    /// <summary>A sign before an expression. (A sign before a number is part of the number.)</summary>
    /// <param name="At">Where it was written.</param>
    /// <param name="IsMinus">The sign is a minus.</param>
    /// <param name="Operand">What it stands before.</param>
    public sealed record Unary(SourceRange At, bool IsMinus, PromNode Operand) : PromNode(At, 1 + Operand.Height)
    {
        /// <inheritdoc/>
        public override PromType Type => Operand.Type;

        /// <inheritdoc/>
        public override string ToString() => Printer.Print(this);
    }

    /// <summary>Two expressions and an operator between them.</summary>
    /// <param name="At">Where it was written.</param>
    /// <param name="Op">The operator.</param>
    /// <param name="Left">The left side.</param>
    /// <param name="Right">The right side.</param>
    /// <param name="ReturnsBool"><c>bool</c> was written: a comparison answers 0 or 1 and filters nothing.</param>
    /// <param name="Matching">How series of both sides find each other; null where a side is a number.</param>
    public sealed record Binary(SourceRange At, PromOperator Op, PromNode Left, PromNode Right, bool ReturnsBool, PromMatching? Matching)
        : PromNode(At, 1 + Math.Max(Left.Height, Right.Height))
    {
        /// <summary>How the operator is written.</summary>
        public string Sign => Op.Sign();

        /// <inheritdoc/>
        public override PromType Type =>
            Left.Type == PromType.Scalar && Right.Type == PromType.Scalar ? PromType.Scalar : PromType.Vector;

        /// <inheritdoc/>
        public override string ToString() => Printer.Print(this);
    }

    /// <summary>Many series folded into few: <c>sum by (service) (…)</c>.</summary>
    /// <param name="At">Where it was written.</param>
    /// <param name="Op">How samples are folded.</param>
    /// <param name="Without"><c>without</c>: the labels named are taken off, rather than kept.</param>
    /// <param name="Grouping">The labels named.</param>
    /// <param name="Operand">What is folded.</param>
    /// <param name="Parameter">What stands before it: how many, which quantile, the name of a label; null where the aggregation takes none.</param>
    public sealed record Aggregate(SourceRange At, PromAggregation Op, bool Without, IReadOnlyList<string> Grouping, PromNode Operand, PromNode? Parameter = null)
        : PromNode(At, 1 + Math.Max(Operand.Height, Parameter?.Height ?? 0))
    {
        /// <summary>How the aggregation is written.</summary>
        public string Name => Printer.Name(Op);

        /// <inheritdoc/>
        public override PromType Type => PromType.Vector;

        /// <inheritdoc/>
        public override string ToString() => Printer.Print(this);
    }

    /// <summary>A function applied to its arguments.</summary>
    /// <param name="At">Where it was written.</param>
    /// <param name="Function">The function's name.</param>
    /// <param name="Arguments">As many, and of such types, as the function takes.</param>
    public sealed record Call(SourceRange At, string Function, IReadOnlyList<PromNode> Arguments)
        : PromNode(At, 1 + Arguments.Select(a => a.Height).DefaultIfEmpty(0).Max())
    {
        /// <inheritdoc/>
        public override PromType Type => Functions.Evaluated[Function].Result;

        /// <summary>The types of what the function takes.</summary>
        public IReadOnlyList<PromType> Takes => Functions.Evaluated[Function].Takes;

        /// <summary>How many of those may be left out, or, negative, that the last may come any number of times.</summary>
        public int Optional => Functions.Evaluated[Function] is { Repeats: true } ? -1 : Functions.Evaluated[Function].Optional;

        /// <inheritdoc/>
        public override string ToString() => Printer.Print(this);
    }

    /// <summary>Stands where something could not be read. Whoever built it has reported an error, so no finished expression holds one.</summary>
    internal sealed record Hole(SourceRange At) : PromNode(At, 1)
    {
        public override PromType Type => PromType.Vector;

        public override string ToString() => Printer.Print(this);
    }

    /// <summary>One function a case.</summary>
    public T Match<T>(
        Func<Number, T> number, Func<Text, T> text, Func<Selector, T> selector, Func<Window, T> window, Func<Subquery, T> subquery, Func<Paren, T> paren,
        Func<Unary, T> unary, Func<Binary, T> binary, Func<Aggregate, T> aggregate, Func<Call, T> call) => this switch
        {
            Number n => number(n),
            Text t => text(t),
            Selector s => selector(s),
            Window w => window(w),
            Subquery q => subquery(q),
            Paren p => paren(p),
            Unary u => unary(u),
            Binary b => binary(b),
            Aggregate a => aggregate(a),
            Call c => call(c),
            _ => throw new System.Diagnostics.UnreachableException("A finished expression holds no part that could not be read."),
        };

    /// <summary>The parts directly below this one, in the order written.</summary>
    public IReadOnlyList<PromNode> Children => this switch
    {
        Window w => [w.Series],
        Subquery q => [q.Operand],
        Paren p => [p.Inner],
        Unary u => [u.Operand],
        Binary b => [b.Left, b.Right],
        Aggregate a => a.Parameter is null ? [a.Operand] : [a.Parameter, a.Operand],
        Call c => c.Arguments,
        _ => [],
    };
}

/// <summary>The time that <c>@</c> names.</summary>
/// <param name="Kind">Whether it is written, or the query's.</param>
/// <param name="Ms">Milliseconds since 1970, where it is written.</param>
public sealed record PromMoment(PromMomentKind Kind, long Ms = 0);

/// <summary>Where the time of <c>@</c> comes from.</summary>
public enum PromMomentKind
{
    /// <summary>It is written.</summary>
    Written,

    /// <summary><c>@ start()</c>: the query's first time.</summary>
    Start,

    /// <summary><c>@ end()</c>: the query's last time.</summary>
    End,
}

/// <summary>What a window does at its ends.</summary>
public enum PromEdges
{
    /// <summary>It has the samples inside.</summary>
    Plain,

    /// <summary><c>anchored</c>: at its ends it has the value before them.</summary>
    Anchored,

    /// <summary><c>smoothed</c>: at its ends it has what lies between the samples around them.</summary>
    Smoothed,
}

/// <summary>How series of two sides find each other.</summary>
/// <param name="On"><c>on</c>: only these labels count; otherwise <c>ignoring</c>: all but these and the name.</param>
/// <param name="Labels">The labels named.</param>
public sealed record PromMatching(bool On, IReadOnlyList<string> Labels)
{
    /// <summary><c>group_left</c>, <c>group_right</c>: on which side several series may have one partner.</summary>
    public PromMany Many { get; init; }

    /// <summary>The labels that the many take over from the one.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary><c>fill</c>, <c>fill_left</c>: what stands for a left side that is not there; null: nothing does.</summary>
    public double? FillLeft { get; init; }

    /// <summary><c>fill</c>, <c>fill_right</c>: what stands for a right side that is not there; null: nothing does.</summary>
    public double? FillRight { get; init; }
}

/// <summary>The side of an operator that may have many series to one.</summary>
public enum PromMany
{
    /// <summary>Neither.</summary>
    None,

    /// <summary>The left: <c>group_left</c>.</summary>
    Left,

    /// <summary>The right: <c>group_right</c>.</summary>
    Right,
}

/// <summary>The aggregations of this version.</summary>
public enum PromAggregation
{
    /// <summary>The sum, of numbers or of histograms.</summary>
    Sum,

    /// <summary>The mean, of numbers or of histograms.</summary>
    Avg,

    /// <summary>The smallest number.</summary>
    Min,

    /// <summary>The largest number.</summary>
    Max,

    /// <summary>How many samples there are.</summary>
    Count,

    /// <summary>1 where there is a sample.</summary>
    Group,

    /// <summary>The standard deviation of the numbers.</summary>
    Stddev,

    /// <summary>The variance of the numbers.</summary>
    Stdvar,

    /// <summary>A quantile of the numbers.</summary>
    Quantile,

    /// <summary>How many samples there are of each value, which becomes a label.</summary>
    CountValues,

    /// <summary>The series with the largest numbers.</summary>
    TopK,

    /// <summary>The series with the smallest numbers.</summary>
    BottomK,

    /// <summary>Some of the series, so many.</summary>
    LimitK,

    /// <summary>Some of the series, such a part of them.</summary>
    LimitRatio,
}

/// <summary>The operators between two expressions.</summary>
public enum PromOperator
{
    /// <summary><c>+</c></summary>
    Add,

    /// <summary><c>-</c></summary>
    Subtract,

    /// <summary><c>*</c></summary>
    Multiply,

    /// <summary><c>/</c></summary>
    Divide,

    /// <summary><c>%</c></summary>
    Modulo,

    /// <summary><c>^</c></summary>
    Power,

    /// <summary><c>atan2</c></summary>
    Atan2,

    /// <summary><c>==</c></summary>
    Equal,

    /// <summary><c>!=</c></summary>
    NotEqual,

    /// <summary><c>&lt;</c></summary>
    Less,

    /// <summary><c>&lt;=</c></summary>
    LessOrEqual,

    /// <summary><c>&gt;</c></summary>
    Greater,

    /// <summary><c>&gt;=</c></summary>
    GreaterOrEqual,

    /// <summary><c>&lt;/</c>: a histogram without the observations above a number.</summary>
    TrimUpper,

    /// <summary><c>&gt;/</c>: a histogram without the observations below a number.</summary>
    TrimLower,

    /// <summary><c>and</c></summary>
    And,

    /// <summary><c>or</c></summary>
    Or,

    /// <summary><c>unless</c></summary>
    Unless,
}
