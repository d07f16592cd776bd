namespace HmsOps.PromQL;

/// <summary>An expression that parses cannot be answered over this data, or within its limits.</summary>
/// <param name="at">The part of the expression it is about.</param>
/// <param name="message">What is wrong, and what to do about it.</param>
/// <param name="inner">What the source of the series said, if it was the source.</param>
public sealed class PromEvaluationException(SourceRange at, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The part of the expression it is about.</summary>
    public SourceRange Position { get; } = at;

    /// <summary>The name of the limit it is over, to be counted by: <c>sample_limit</c>, <c>series_limit</c>, <c>point_limit</c>, <c>memory_limit</c>, <c>pool_limit</c>, <c>label_limit</c>, <c>pattern_limit</c>; null when it is over none.</summary>
    public string? Limit { get; init; }
}
