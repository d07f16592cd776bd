using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// A selector at each step: the newest sample not after the step, unless it is as old as the look-back or marks the end of its series.
/// Two pointers: O(samples + steps) a series.
/// </summary>
internal static class InstantSelection
{
    public static List<Column> Evaluate(EvaluationRun run, PromNode.Selector selector)
    {
        var columns = new ColumnSet(run, selector.At);
        using var walk = run.Walk(selector, run.Grid.From - selector.OffsetMs - run.LookBackMs + 1, run.Grid.Last - selector.OffsetMs);
        while (walk.MoveNext())
        {
            var samples = walk.Current;
            var column = run.Column(samples.Labels, dropsName: false, selector.At);
            Fill(run, selector.OffsetMs, samples, column);
            columns.Add(column);
        }
        return columns.Columns;
    }

    private static void Fill(EvaluationRun run, long offset, SeriesView samples, Column column)
    {
        var next = 0; // first sample after the step
        for (var step = 0; step < run.Grid.Steps; step++)
        {
            var time = run.Grid[step] - offset;
            while (next < samples.Times.Length && samples.Times[next] <= time)
                next++;
            var newest = next - 1;
            if (newest < 0 || samples.Times[newest] <= time - run.LookBackMs || Samples.IsStale(samples, newest))
                continue;
            if (Samples.Histogram(samples, newest) is { } histogram)
                column.Set(step, histogram);
            else
                column.Set(step, samples.Values[newest]);
        }
    }
}

/// <summary>How the samples of a series are read.</summary>
internal static class Samples
{
    public static NativeHistogram? Histogram(SeriesView samples, int index) => samples.Histograms.IsEmpty ? null : samples.Histograms[index];

    public static bool IsStale(SeriesView samples, int index) =>
        StaleMarker.Is(Histogram(samples, index) is { } histogram ? histogram.Sum : samples.Values[index]);
}
