using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// What <c>anchored</c> and <c>smoothed</c> have at the ends of a window: the last sample before it, or what lies between the samples around each end. Both look as
/// far beyond as the look-back.
/// </summary>
internal static class WindowEdges
{
    /// <summary>How far beyond the window samples are read, before it and after.</summary>
    public static (long Before, long After) Beyond(EvaluationRun run, PromNode.Selector selector) => selector.Edges switch
    {
        PromEdges.Anchored => (run.LookBackMs, 0),
        PromEdges.Smoothed => (run.LookBackMs, run.LookBackMs),
        _ => (0, 0),
    };

    /// <summary>The functions that know what to do with them; the parser has seen to it that it is one of them.</summary>
    public static WindowFunction Function(EvaluationRun run, PromNode.Call call, PromNode.Window window) => call.Function switch
    {
        "changes" => new WindowChanges(onlyResets: false, run.LookBackMs),
        "resets" => new WindowChanges(onlyResets: true, run.LookBackMs),
        _ => new EdgedDifference(run, window, isCounter: call.Function != "delta", isRate: call.Function == "rate"),
    };

    /// <summary>The first of ascending times that is after a time; as many as there are when none is.</summary>
    public static int FirstAfter(ReadOnlySpan<long> times, long time)
    {
        var (low, high) = (0, times.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (times[middle] > time)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }

    /// <summary>What lies between a number and the next. A counter that began anew rises from zero.</summary>
    public static double Between(SeriesView samples, int before, long time, bool isCounter)
    {
        var (t1, t2) = (samples.Times[before], samples.Times[before + 1]);
        var (y1, y2) = (samples.Values[before], samples.Values[before + 1]);
        if (isCounter && y2 < y1)
            y1 = 0;
        return y1 + ((y2 - y1) * (time - t1) / (t2 - t1));
    }

    /// <summary>What lies between a histogram and the next; both bring their own bounds, or neither does.</summary>
    public static NativeHistogram Between(Notes notes, SourceRange at, (long Time, NativeHistogram Of) before, (long Time, NativeHistogram Of) after, long time, bool isCounter)
    {
        if (time == before.Time)
            return before.Of;
        if (time == after.Time)
            return after.Of;
        var share = (double)(time - before.Time) / (after.Time - before.Time);
        if (isCounter && CounterReset.IsBetween(before.Of, after.Of))
            return HistogramScale.By(after.Of, share);
        var difference = HistogramSum.Of(after.Of).Subtract(before.Of);
        notes.Settle(difference, at, "", "subtraction", knowsResets: true);
        var between = HistogramSum.Of(HistogramScale.By(difference.ToHistogram(), share)).Add(before.Of);
        notes.Settle(between, at, "", "addition", knowsResets: true);
        return CounterReset.Said(between.ToHistogram(), after.Of.Reset);
    }
}
