using HmsOps.PromQL;
using HmsOps.Series;

namespace HmsOps.App.Verbs.Query;

/// <summary>Answers made from what the engine of this process said.</summary>
internal static class EngineAnswer
{
    /// <summary>A text.</summary>
    public static Answer Of(string text) => new(AnswerKind.Text, [], text, []);

    /// <summary>One moment.</summary>
    public static Answer Of(PromVector vector) => new(
        vector.Type == PromType.Scalar ? AnswerKind.Scalar : AnswerKind.Vector,
        [.. vector.Points.Select(point => new AnswerSeries(point.Labels, [Sample(point.Time, point.Value, point.Histogram)]))],
        "", Ordered(vector.Annotations));

    /// <summary>A range of times, or a range vector.</summary>
    public static Answer Of(PromMatrix matrix) => new(
        AnswerKind.Matrix,
        [.. matrix.Series.Select(series => new AnswerSeries(
            series.Labels, [.. series.Times.Select((at, i) => Sample(at, series.Values[i], series.Histograms?[i]))]))],
        "", Ordered(matrix.Annotations));

    private static AnswerSample Sample(long at, double value, NativeHistogram? histogram) =>
        new(at, value, histogram is null ? null : AnswerHistogram.Of(histogram));

    // As the API's two lists have them.
    private static IReadOnlyList<string> Ordered(IReadOnlyList<string> annotations) =>
        [.. annotations.OrderBy(note => note.StartsWith("PromQL info", StringComparison.Ordinal))];
}
