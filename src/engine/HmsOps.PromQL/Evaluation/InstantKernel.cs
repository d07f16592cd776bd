using System.Runtime.InteropServices;
using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>What of a sample is wanted.</summary>
internal enum SelectedPart
{
    Sample,

    /// <summary>Its time, in seconds.</summary>
    Time,

    /// <summary>Likewise, and it has to be a number.</summary>
    TimeOfNumber,

    /// <summary>When what it counts began to be counted, in seconds; 0 where nobody knows.</summary>
    Start,
}

/// <summary>
/// A selector at each step: the newest sample not after the step, unless it is as old as the look-back or marks the end of its series.
/// Two pointers: O(samples + steps) a series.
/// </summary>
internal sealed class InstantKernel(EvaluationRun run, PromNode.Selector selector, SelectedPart part) : SeriesKernel
{
    private readonly TimeGrid _grid = run.Grid.Seen(selector.Moment);
    private readonly long _offset = selector.OffsetMs;
    private readonly long _lookBack = run.LookBackMs;

    public override bool DropsName => part != SelectedPart.Sample;

    public override void Fill(SeriesView samples, Cells into)
    {
        var next = 0; // first sample after the step
        for (var step = 0; step < _grid.Steps; step++)
        {
            run.CheckAt(step);
            var time = _grid[step] - _offset;
            while (next < samples.Times.Length && samples.Times[next] <= time)
                next++;
            var newest = next - 1;
            if (newest < 0 || samples.Times[newest] <= time - _lookBack || Samples.IsStale(samples, newest))
                continue;
            if (part == SelectedPart.TimeOfNumber && Samples.Histogram(samples, newest) is not null)
                throw new PromEvaluationException(selector.At, $"found a histogram in {samples.Labels.Name}, expected a number: info metrics are");
            if (part is SelectedPart.Time or SelectedPart.TimeOfNumber)
                into.Set(step, samples.Times[newest] / 1000.0);
            else if (part == SelectedPart.Start)
                into.Set(step, Samples.Start(samples, newest) / 1000.0);
            else if (Samples.Histogram(samples, newest) is { } histogram)
                into.Set(step, histogram);
            else
                into.Set(step, samples.Values[newest]);
        }
    }
}

/// <summary><c>smoothed</c>: a selector at each step has what lies between the sample before and the one after, as far as the look-back reaches on either side.</summary>
internal sealed class SmoothedKernel(EvaluationRun run, PromNode.Selector selector) : SeriesKernel
{
    private readonly TimeGrid _grid = run.Grid.Seen(selector.Moment);
    private readonly long _lookBack = run.LookBackMs;
    private readonly SampleBuffer _withoutStale = new();

    public override bool DropsName => false;

    public override void Fill(SeriesView samples, Cells into)
    {
        samples = _withoutStale.Of(samples);
        var next = 0; // first sample not before the step
        for (var step = 0; step < _grid.Steps; step++)
        {
            run.CheckAt(step);
            var time = _grid[step] - selector.OffsetMs;
            while (next < samples.Times.Length && samples.Times[next] < time)
                next++;
            var hasNext = next < samples.Times.Length && samples.Times[next] <= time + _lookBack;
            var hasBefore = next > 0 && samples.Times[next - 1] > time - _lookBack;
            if (hasNext && samples.Times[next] == time)
                Set(into, step, samples, next);
            else if (hasBefore && hasNext)
                SetBetween(into, step, samples, next, time);
            else if (hasBefore)
                Set(into, step, samples, next - 1);
        }
    }

    private static void Set(Cells into, int step, SeriesView samples, int at)
    {
        if (Samples.Histogram(samples, at) is { } histogram)
            into.Set(step, CounterReset.Said(histogram, histogram.IsGauge ? CounterResetHint.Gauge : CounterResetHint.Unknown));
        else
            into.Set(step, samples.Values[at]);
    }

    private void SetBetween(Cells into, int step, SeriesView samples, int next, long time)
    {
        var name = samples.Labels.Name;
        var between = (Samples.Histogram(samples, next - 1), Samples.Histogram(samples, next));
        switch (between)
        {
            case (null, null):
                into.Set(step, WindowEdges.Between(samples, next - 1, time, isCounter: false));
                break;
            case ({ } before, { } after) when HistogramBounds.HasOwn(before) != HistogramBounds.HasOwn(after):
                run.Notes.MixedBuckets(selector.At, name);
                break;
            case ({ } before, { } after):
                var isCounter = !(before.IsGauge && after.IsGauge);
                into.Set(step, WindowEdges.Between(run.Notes, selector.At, (samples.Times[next - 1], before), (samples.Times[next], after), time, isCounter));
                break;
            default:
                run.Notes.MixedSamples(selector.At, name);
                break;
        }
    }
}

/// <summary>How the samples of a series are read.</summary>
internal static class Samples
{
    public static NativeHistogram? Histogram(SeriesView samples, int index) => samples.Histograms.IsEmpty ? null : samples.Histograms[index];

    public static long Start(SeriesView samples, int index) => samples.Starts.IsEmpty ? 0 : samples.Starts[index];

    /// <summary>What a sample counts began to be counted after the one before.</summary>
    public static bool BeginsAnew(SeriesView samples, int index) =>
        !samples.Starts.IsEmpty && StartTime.IsReset(samples.Starts[index - 1], samples.Times[index - 1], samples.Starts[index], samples.Times[index]);

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
