using System.Runtime.InteropServices;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// A selector at each step: the newest sample not after the step, unless it is as old as the look-back or marks the end of its series.
/// Two pointers: O(samples + steps) a series.
/// </summary>
internal sealed class InstantSelection(EvaluationRun run, PromNode.Selector selector, bool inAnyOrder, bool timesAlone = false)
    : SeriesFeed(run, selector, Walk(run, selector, inAnyOrder))
{
    private readonly TimeGrid _grid = run.Grid.Seen(selector.Moment);
    private readonly long _offset = selector.OffsetMs;

    public override bool DropsName => timesAlone;

    private static SeriesWalk Walk(EvaluationRun run, PromNode.Selector selector, bool inAnyOrder)
    {
        var grid = run.Grid.Seen(selector.Moment);
        return run.Walk(selector, grid.From - selector.OffsetMs - run.LookBackMs + 1, grid.Last - selector.OffsetMs, inAnyOrder);
    }

    protected override void Fill(SeriesView samples, Cells into)
    {
        var next = 0; // first sample after the step
        for (var step = 0; step < Run.Grid.Steps; step++)
        {
            var time = _grid[step] - _offset;
            while (next < samples.Times.Length && samples.Times[next] <= time)
                next++;
            var newest = next - 1;
            if (newest < 0 || samples.Times[newest] <= time - Run.LookBackMs || Samples.IsStale(samples, newest))
                continue;
            if (timesAlone)
                into.Set(step, samples.Times[newest] / 1000.0);
            else if (Samples.Histogram(samples, newest) is { } histogram)
                into.Set(step, histogram);
            else
                into.Set(step, samples.Values[newest]);
        }
    }
}

/// <summary>How the samples of a series are read.</summary>
internal static class Samples
{
    public static NativeHistogram? Histogram(SeriesView samples, int index) => samples.Histograms.IsEmpty ? null : samples.Histograms[index];

    public static bool AnyStale(SeriesView samples)
    {
        if (MemoryMarshal.Cast<double, long>(samples.Values).Contains(StaleMarker.Bits))
            return true;
        foreach (var histogram in samples.Histograms)
        {
            if (histogram is not null && StaleMarker.Is(histogram.Sum))
                return true;
        }
        return false;
    }

    public static bool IsStale(SeriesView samples, int index) =>
        StaleMarker.Is(Histogram(samples, index) is { } histogram ? histogram.Sum : samples.Values[index]);
}
