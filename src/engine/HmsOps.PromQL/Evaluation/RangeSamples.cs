using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>A range vector as an answer of its own: the samples of its window at one time.</summary>
internal static class RangeSamples
{
    public static List<PromSeries> Of(EvaluationRun run)
    {
        var node = SeriesRead.Unwrapped(run.Root);
        var series = node is PromNode.Subquery subquery ? OfSubquery(run, subquery) : OfWindow(run, (PromNode.Window)node); // ranges are of one of the two kinds
        series.Sort(static (a, b) => Labels.Compare(a.Labels, b.Labels));
        return series;
    }

    private static List<PromSeries> OfSubquery(EvaluationRun run, PromNode.Subquery subquery)
    {
        using var cursor = SubqueryCursor.Of(run, subquery, run.Grid.Seen(subquery.Moment));
        var series = new List<PromSeries>();
        while (cursor.MoveNext())
        {
            if (!cursor.Current.Times.IsEmpty)
                series.Add(Taken(run, subquery.At, cursor.Current, cursor.DropsName ? MetricLabels.Nameless.Of(cursor.Labels) : cursor.Labels));
        }
        return series;
    }

    private static List<PromSeries> OfWindow(EvaluationRun run, PromNode.Window window)
    {
        var selector = window.Series;
        var (before, after) = WindowEdges.Beyond(run, selector);
        var to = run.Grid.Seen(selector.Moment).From - selector.OffsetMs;
        var from = to - window.RangeMs;
        using var walk = SeriesWalk.Of(run.Context, selector, new Selection(selector.Matchers, from - before + 1, to + after));
        var buffer = new SampleBuffer();
        var series = new List<PromSeries>();
        while (walk.MoveNext())
        {
            var samples = buffer.Of(walk.Current);
            if (samples.Times.IsEmpty)
                continue;
            if (series.Count == run.SeriesMax)
                throw new PromEvaluationException(window.At, $"{window} finds more than {run.SeriesMax} series. Add matchers that narrow it, or aggregate it.") { Limit = "series_limit" };
            if (selector.Edges == PromEdges.Plain)
                series.Add(Taken(run, window.At, samples, walk.Labels));
            else if (Edged(run, window, samples, from, to) is { } edged)
                series.Add(edged);
        }
        return series;
    }

    private static PromSeries Taken(EvaluationRun run, SourceRange at, SeriesView samples, Labels labels)
    {
        Hold(run, at, samples.Times.Length);
        foreach (var histogram in samples.Histograms)
        {
            if (histogram is not null)
                run.Context.HoldAnswer(Weights.Of(histogram), at);
        }
        var histograms = samples.Histograms.IsEmpty ? null : samples.Histograms.ToArray();
        return new PromSeries(labels, samples.Times.ToArray(), samples.Values.ToArray(), histograms);
    }

    private static void Hold(EvaluationRun run, SourceRange at, int points)
    {
        run.Context.Hold(points, at);
        run.Context.HoldAnswer(Weights.OfSeries(points), at);
    }

    // The samples inside, and at the two ends what the window has there.
    private static PromSeries? Edged(EvaluationRun run, PromNode.Window window, SeriesView samples, long from, long to)
    {
        if (!samples.Histograms.IsEmpty)
            throw new PromEvaluationException(window.At, $"{window.Series.Edges.ToString().ToLowerInvariant()} ranges of histograms are no answers of their own; put {window} in a function such as rate");
        Hold(run, window.At, samples.Times.Length);
        var isSmoothed = window.Series.Edges == PromEdges.Smoothed;
        var last = samples.Times.Length - 1;
        var first = Math.Max(0, WindowEdges.FirstAfter(samples.Times[..last], from) - 1);
        if (isSmoothed)
            last = WindowEdges.FirstAfter(samples.Times[..last], to - 1);
        if (samples.Times[last] <= from)
            return null;
        var left = isSmoothed && samples.Times[first] < from ? WindowEdges.Between(samples, first, from, isCounter: false) : samples.Values[first];
        var right = isSmoothed && last > 0 && samples.Times[last] > to ? WindowEdges.Between(samples, last - 1, to, isCounter: false) : samples.Values[last];
        first += samples.Times[first] <= from ? 1 : 0;
        last -= samples.Times[last] >= to ? 1 : 0;
        var inside = first..Math.Max(first, last + 1);
        return new PromSeries(samples.Labels, [from, .. samples.Times[inside], to], [left, .. samples.Values[inside], right], null);
    }
}
