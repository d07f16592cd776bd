using HmsOps.App.Verbs.Query;
using HmsOps.Series;

namespace HmsOps.App.Tests.Verbs.Query;

/// <summary>Answers written down: <c>"up job=node"</c> is a label set, times are seconds after 16:00 of a Friday.</summary>
internal static class Answers
{
    public static long Four { get; } = new DateTimeOffset(2026, 11, 20, 16, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>A histogram of eight observations: one below zero, one at it, six above.</summary>
    public static NativeHistogram Histogram { get; } = new()
    {
        Schema = 0,
        ZeroThreshold = 0.001,
        ZeroCount = 1,
        Count = 8,
        Sum = 12.5,
        Negative = [new(0, 1)],
        Positive = [new(0, 3), new(1, 2), new(3, 1)],
    };

    public static Labels Labels(string written)
    {
        var labels = new LabelsBuilder();
        foreach (var part in written.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            labels.Set(at < 0 ? "__name__" : part[..at], part[(at + 1)..]);
        }
        return labels.Build();
    }

    public static AnswerSeries One(string labels, double value) => new(Labels(labels), [new AnswerSample(Four, value, null)]);

    public static AnswerSeries Over(string labels, params IEnumerable<(int Second, double Value)> samples) =>
        new(Labels(labels), [.. samples.Select(sample => new AnswerSample(Four + sample.Second * 1_000L, sample.Value, null))]);

    public static Answer Vector(params IReadOnlyList<AnswerSeries> series) => new(AnswerKind.Vector, series, "", []);

    public static Answer Matrix(params IReadOnlyList<AnswerSeries> series) => new(AnswerKind.Matrix, series, "", []);
}
