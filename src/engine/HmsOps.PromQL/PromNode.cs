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
    public sealed record Aggregate(SourceRange At, PromAggregation Op, bool Without, IReadOnlyList<string> Grouping, PromNode Operand)
        : PromNode(At, 1 + Operand.Height)
    {
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
        Func<Number, T> number, Func<Text, T> text, Func<Selector, T> selector, Func<Window, T> window, Func<Paren, T> paren,
        Func<Unary, T> unary, Func<Binary, T> binary, Func<Aggregate, T> aggregate, Func<Call, T> call) => this switch
        {
            Number n => number(n),
            Text t => text(t),
            Selector s => selector(s),
            Window w => window(w),
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
        Paren p => [p.Inner],
        Unary u => [u.Operand],
        Binary b => [b.Left, b.Right],
        Aggregate a => [a.Operand],
        Call c => c.Arguments,
        _ => [],
    };
}

/// <summary>How series of two sides find each other.</summary>
/// <param name="On"><c>on</c>: only these labels count; otherwise <c>ignoring</c>: all but these and the name.</param>
/// <param name="Labels">The labels named.</param>
public sealed record PromMatching(bool On, IReadOnlyList<string> Labels);

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

    /// <summary><c>and</c></summary>
    And,

    /// <summary><c>or</c></summary>
    Or,

    /// <summary><c>unless</c></summary>
    Unless,
}
