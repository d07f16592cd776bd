using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// <c>rate</c>, <c>increase</c> and <c>delta</c> of a range that is anchored or smoothed: the difference of what it has at its two ends, plus what resets took
/// away. Nothing is stretched.
/// </summary>
internal sealed class EdgedDifference(EvaluationRun run, PromNode.Window window, bool isCounter, bool isRate) : WindowFunction
{
    private readonly Notes _notes = run.Notes;
    private readonly SourceRange _at = window.At;
    private readonly bool _isSmoothed = window.Series.Edges == PromEdges.Smoothed;

    public override void Slide(TimeGrid grid, long offset, long range, SeriesView samples, Cells into)
    {
        var (before, after) = WindowEdges.Beyond(run, window.Series);
        base.Slide(grid, offset - after, range + before + after, samples, into);
    }

    protected override void Fold(SampleWindow samples, int step, Cells into)
    {
        var ends = Ends.Of(run, window, samples, _isSmoothed);
        switch (samples.Kinds)
        {
            case SampleKinds.Both:
                _notes.MixedSamples(_at, samples.Name);
                break;
            case SampleKinds.Numbers when ends.AnyInside:
                into.Set(step, Number(samples, ends) / (isRate ? window.RangeMs / 1000.0 : 1));
                break;
            case SampleKinds.Histograms when ends.AnyInside && Histogram(samples, ends) is { } sum:
                var difference = sum.ToGauge();
                into.Set(step, isRate ? HistogramScale.Over(difference, window.RangeMs / 1000.0) : difference);
                break;
        }
    }

    private double Number(in SampleWindow samples, in Ends ends)
    {
        var left = ends.CutsLeft ? WindowEdges.Between(samples.Series, samples.First + ends.First, ends.From, isCounter) : samples.Values[ends.First];
        var right = ends.CutsRight ? WindowEdges.Between(samples.Series, samples.First + ends.Last - 1, ends.To, isCounter) : samples.Values[ends.Last];
        var difference = right - left;
        if (!isCounter)
            return difference;
        // What the ends stand for is not looked at again.
        var (from, to) = (samples.Times[ends.First] <= ends.From ? ends.First + 1 : ends.First, samples.Times[ends.Last] >= ends.To ? ends.Last - 1 : ends.Last);
        var (before, lost) = (left, 0.0);
        for (var i = from; i <= to; i++)
        {
            if (samples.Values[i] < before)
                lost += before;
            before = samples.Values[i];
        }
        if (right < before)
            lost += before;
        return difference + lost;
    }

    // Null where there is none; the asker has been told why.
    private HistogramSum? Histogram(in SampleWindow samples, in Ends ends)
    {
        if (!IsOfOneKind(samples, ends))
            return null;
        var left = ends.CutsLeft ? Between(samples, ends.First, ends.From) : samples.Histograms[ends.First]!; // all are histograms
        var right = ends.CutsRight ? Between(samples, ends.Last - 1, ends.To) : samples.Histograms[ends.Last]!;
        if (!isCounter && !(left.IsGauge && right.IsGauge))
            _notes.Warn(_at, $"this native histogram metric is not a gauge: {LabelNames.Quote(samples.Name)}");
        var sum = HistogramSum.Of(right).Subtract(left);
        if (isCounter)
            AddLost(sum, samples, ends, left, right);
        return _notes.Settle(sum, _at, samples.Name, "subtraction", knowsResets: true) ? sum : null;
    }

    private NativeHistogram Between(in SampleWindow samples, int before, long time) => WindowEdges.Between(
        _notes, _at, (samples.Times[before], samples.Histograms[before]!), (samples.Times[before + 1], samples.Histograms[before + 1]!), time, isCounter);

    private bool IsOfOneKind(in SampleWindow samples, in Ends ends)
    {
        for (var i = ends.First; i <= ends.Last; i++)
        {
            if (HistogramBounds.HasOwn(samples.Histograms[i]!) != HistogramBounds.HasOwn(samples.Histograms[ends.First]!))
            {
                _notes.MixedBuckets(_at, samples.Name);
                return false;
            }
            if (isCounter && samples.Histograms[i]!.IsGauge)
                _notes.Warn(_at, $"this native histogram metric is not a counter: {LabelNames.Quote(samples.Name)}");
        }
        return true;
    }

    private static void AddLost(HistogramSum sum, in SampleWindow samples, in Ends ends, NativeHistogram left, NativeHistogram right)
    {
        var first = ends.First + 1;
        var before = left;
        if (ends.CutsLeft && CounterReset.IsBetween(samples.Histograms[ends.First]!, samples.Histograms[first]!))
        {
            before = samples.Histograms[first]!; // the left end lies behind this reset
            first++;
        }
        if (first > ends.Last)
            return; // both ends lie between the same two samples
        for (var i = first; i < ends.Last; i++)
        {
            if (CounterReset.IsBetween(before, samples.Histograms[i]!))
                sum.Add(before);
            before = samples.Histograms[i]!;
        }
        if (CounterReset.IsBetween(before, right))
            sum.Add(before);
    }

    /// <summary>Where the window ends among the samples read, which reach beyond it.</summary>
    private readonly record struct Ends(long From, long To, int First, int Last, bool CutsLeft, bool CutsRight, bool AnyInside)
    {
        public static Ends Of(EvaluationRun run, PromNode.Window window, in SampleWindow samples, bool isSmoothed)
        {
            var (_, after) = WindowEdges.Beyond(run, window.Series);
            var to = samples.To - after;
            var from = to - window.RangeMs;
            var last = samples.Count - 1;
            var first = Math.Max(0, WindowEdges.FirstAfter(samples.Times[..last], from) - 1);
            if (isSmoothed)
                last = WindowEdges.FirstAfter(samples.Times[..last], to - 1);
            var anyInside = samples.Times[last] > from && !(isSmoothed && samples.Times[first] > to);
            return new Ends(from, to, first, last, isSmoothed && samples.Times[first] < from, isSmoothed && last > 0 && samples.Times[last] > to, anyInside);
        }
    }
}
