using HmsOps.Series;

namespace HmsOps.App.Verbs.Query;

/// <summary>What an expression said, whoever worked it out: what every form of showing it is made from.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Series">Its series in the order they came; a scalar is one without labels.</param>
/// <param name="Text">The text, where it is one.</param>
/// <param name="Notes">Warnings first, then infos, as they are worded.</param>
internal sealed record Answer(AnswerKind Kind, IReadOnlyList<AnswerSeries> Series, string Text, IReadOnlyList<string> Notes)
{
    /// <summary>True when there is nothing to show.</summary>
    public bool IsEmpty => Kind != AnswerKind.Text && Series.All(series => series.Samples.Count == 0);
}

/// <summary>What an answer is.</summary>
internal enum AnswerKind
{
    /// <summary>A text.</summary>
    Text,

    /// <summary>One number without labels.</summary>
    Scalar,

    /// <summary>One sample a series, all of one time.</summary>
    Vector,

    /// <summary>Samples of each series at times of its own: a range vector, or what a range of times answers.</summary>
    Matrix,
}

/// <summary>One series of an answer.</summary>
/// <param name="Labels">Which series.</param>
/// <param name="Samples">Ascending by time.</param>
internal sealed record AnswerSeries(Labels Labels, IReadOnlyList<AnswerSample> Samples);

/// <summary>One sample: a histogram where there is one, else the number.</summary>
/// <param name="At">Milliseconds since 1970.</param>
/// <param name="Value">The number; 0 where the sample is a histogram.</param>
/// <param name="Histogram">The histogram, or null.</param>
internal readonly record struct AnswerSample(long At, double Value, AnswerHistogram? Histogram)
{
    /// <summary>As people and programs read it in a table.</summary>
    public string Text => Histogram is null ? NumberText.InAnswer(Value) : Histogram.ToString();
}
