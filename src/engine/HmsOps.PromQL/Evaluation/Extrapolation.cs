using System.Runtime.CompilerServices;
using HmsOps.PromQL.Histograms;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// <c>rate</c>, <c>increase</c> and <c>delta</c>. The difference of the last and the first sample of a window, plus what resets took away,
/// stretched from the samples to the window: to its ends where they are nearer than 1.1 average intervals, else by half an interval, and
/// for counters never to before they were zero (Prometheus 3.14, promql/functions.go). Where it is known that the first sample began to count inside the window,
/// the counter was zero there, and one sample is enough.
/// Resets are found once a series; a window then looks only at those inside it, in the reference's order of operations.
/// </summary>
internal sealed class Extrapolation(Notes notes, SourceRange at, long rangeMs, bool isCounter, bool isRate) : WindowFunction
{
    private const int KnownMax = 10_000;

    private static readonly LabelChoice NameAndType = LabelChoice.Only("__name__", "__type__");

    private readonly HashSet<Labels> _known = []; // names and types that were looked at
    private readonly List<int> _resets = []; // samples that begin anew, ascending
    private readonly List<int> _overlaps = []; // samples that began to count inside the one before
    private int _firstReset;                 // the first that a coming window can hold

    public override void Slide(TimeGrid grid, long offset, long range, SeriesView samples, Cells into)
    {
        FindResets(samples);
        if (!samples.Histograms.IsEmpty || !samples.Starts.IsEmpty)
            base.Slide(grid, offset, range, samples, into);
        else if (SlidePlain(grid, offset, range, samples, into))
            NoteIfNoCounter(samples);
    }

    protected override void Fold(SampleWindow window, int step, Cells into)
    {
        SkipResets(window.First);
        switch (window.Kinds)
        {
            case SampleKinds.Both:
                notes.MixedSamples(at, window.Name);
                break;
            case SampleKinds.Numbers when window.Count > 1 || Beginning(window) is not null:
                into.Set(step, Number(window));
                NoteIfNoCounter(window.Series);
                break;
            case SampleKinds.Histograms when window.Count > 1 || Beginning(window) is not null:
                if (HistogramDifference(window) is { } histogram)
                    into.Set(step, HistogramScale.By(histogram, Stretch(window, histogram.Count, window.Histograms[0]!.Count)));
                break;
        }
    }

    // Numbers of which nobody knows when they began, as nearly all series are: nothing of a window is looked at but its ends and its resets. False when no window had two samples.
    private bool SlidePlain(TimeGrid grid, long offset, long range, SeriesView samples, Cells into)
    {
        var times = samples.Times;
        var values = samples.Values;
        var (first, end, any) = (0, 0, false);
        for (var step = 0; step < grid.Steps; step++)
        {
            var to = grid[step] - offset;
            while (end < times.Length && times[end] <= to)
                end++;
            while (first < end && times[first] <= to - range)
                first++;
            Look(_resets.Count > 0 ? end - first : 0);
            if (end - first < 2)
                continue;
            var difference = values[end - 1] - values[first];
            if (_resets.Count > 0)
            {
                SkipResets(first);
                for (var i = _firstReset; i < _resets.Count && _resets[i] < end; i++)
                    difference += values[_resets[i] - 1];
            }
            into.Set(step, difference * Stretch(times[first], times[end - 1], end - first, to - range, to, beginning: null, difference, values[first]));
            any = true;
        }
        return any;
    }

    private void FindResets(SeriesView series)
    {
        _resets.Clear();
        _overlaps.Clear();
        _firstReset = 0;
        if (!isCounter)
            return;
        if (series.Histograms.IsEmpty && series.Starts.IsEmpty)
        {
            var values = series.Values;
            for (var i = 1; i < values.Length; i++)
            {
                if (values[i] < values[i - 1])
                    _resets.Add(i);
            }
            return;
        }
        for (var i = 1; i < series.Times.Length; i++)
        {
            var isReset = (Samples.Histogram(series, i - 1), Samples.Histogram(series, i)) switch
            {
                (null, null) => series.Values[i] < series.Values[i - 1],
                ({ } before, { } now) => CounterReset.IsBetween(before, now),
                _ => false, // a window that holds both kinds has no rate
            };
            if (isReset || (Samples.BeginsAnew(series, i) && (Samples.Histogram(series, i - 1) is null) == (Samples.Histogram(series, i) is null)))
                _resets.Add(i);
            if (!series.Starts.IsEmpty && StartTime.Overlaps(series.Starts[i - 1], series.Times[i - 1], series.Starts[i]))
                _overlaps.Add(i);
        }
    }

    // When the first sample began to count, where it is known and lies inside the window.
    private long? Beginning(in SampleWindow window) =>
        isCounter && !window.Starts.IsEmpty && window.Starts[0] is not 0 and var start && start > window.From && start < window.Times[0] ? start : null;

    // A reset at the first sample of a window lies before it.
    private void SkipResets(int first)
    {
        while (_firstReset < _resets.Count && _resets[_firstReset] <= first)
            _firstReset++;
    }

    private double Number(in SampleWindow window)
    {
        NoteOverlaps(window);
        var difference = Difference(window) + (Beginning(window) is null ? 0 : window.Values[0]);
        return difference * Stretch(window, difference, window.Values[0]);
    }

    private double Difference(in SampleWindow window)
    {
        var difference = window.Values[^1] - window.Values[0];
        for (var i = _firstReset; i < _resets.Count && _resets[i] < window.End; i++)
            difference += window.Values[_resets[i] - 1 - window.First];
        return difference;
    }

    // Null where some bring their own bounds and some do not.
    private NativeHistogram? HistogramDifference(SampleWindow window)
    {
        if (window.Count == 1)
            return window.Histograms[0]; // it began inside the window
        NoteWrongKind(window);
        NoteOverlaps(window);
        var (first, last) = (window.Histograms[0]!, window.Histograms[^1]!); // all are there: Kinds says so
        // Where the second sample begins anew, the first one says nothing, not even about the schema.
        var skipsFirst = _firstReset < _resets.Count && _resets[_firstReset] == window.First + 1;
        foreach (var histogram in window.Histograms[(skipsFirst ? 1 : 0)..])
        {
            if (HistogramBounds.HasOwn(histogram!) == HistogramBounds.HasOwn(last))
                continue;
            notes.MixedBuckets(at, window.Name);
            return null;
        }
        var schema = Math.Min(last.Schema, skipsFirst ? window.Histograms[1]!.Schema : first.Schema);
        if (isCounter)
        {
            foreach (var between in window.Histograms[1..^1])
                schema = Math.Min(schema, between!.Schema);
        }
        var sum = HistogramSum.Of(last, schema);
        if (!skipsFirst)
            sum.Subtract(first);
        for (var i = _firstReset + (skipsFirst ? 1 : 0); i < _resets.Count && _resets[i] < window.End; i++)
            sum.Add(window.Histograms[_resets[i] - 1 - window.First]!);
        if (Beginning(window) is not null)
            sum.Add(first);
        return notes.Settle(sum, at, window.Name, "subtraction", knowsResets: true) ? sum.ToGauge() : null;
    }

    private double Stretch(in SampleWindow window, double difference, double first) =>
        Stretch(window.Times[0], window.Times[^1], window.Count, window.From, window.To, Beginning(window), difference, first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private double Stretch(long firstTime, long lastTime, int count, long from, long to, long? beginning, double difference, double first)
    {
        var toStart = (firstTime - from) / 1000.0;
        var toEnd = (to - lastTime) / 1000.0;
        var sampled = (lastTime - firstTime) / 1000.0;
        var average = count > 1 ? sampled / (count - 1) : 0;
        var threshold = average * 1.1;

        if (beginning is { } began)
        {
            toStart = 0;
            sampled = (lastTime - began) / 1000.0;
        }
        else if (toStart >= threshold)
        {
            toStart = average / 2;
        }
        if (toStart > 0 && isCounter && difference > 0 && first >= 0)
            toStart = Math.Min(toStart, sampled * (first / difference));
        if (toEnd >= threshold)
            toEnd = average / 2;
        var factor = (sampled + toStart + toEnd) / sampled;
        return isRate ? factor / (rangeMs / 1000.0) : factor;
    }

    private void NoteOverlaps(in SampleWindow window)
    {
        Look(_overlaps.Count);
        foreach (var overlap in _overlaps)
        {
            if (overlap > window.First && overlap < window.End)
                notes.Warn(at, $"sample has start time that overlaps with previous sample timestamp for metric {LabelNames.Quote(window.Name)}");
        }
    }

    private void NoteWrongKind(SampleWindow window)
    {
        var (first, last) = (window.Histograms[0]!, window.Histograms[^1]!);
        var name = LabelNames.Quote(window.Name);
        if (!isCounter && !(first.IsGauge && last.IsGauge))
            notes.Warn(at, $"this native histogram metric is not a gauge: {name}");
        if (!isCounter)
            return;
        foreach (var histogram in window.Histograms)
        {
            if (histogram!.IsGauge)
            {
                notes.Warn(at, $"this native histogram metric is not a counter: {name}");
                return;
            }
        }
    }

    private void NoteIfNoCounter(SeriesView samples)
    {
        if (!isCounter)
            return;
        var series = samples.Project(NameAndType);
        if (!_known.Add(series))
            return;
        if (_known.Count > KnownMax)
            _known.Clear(); // then some are said again, which counts once
        var name = series.Get(Labels.MetricName);
        var isNamedSo = name.IsEmpty || name.EndsWith("_total"u8) || name.EndsWith("_sum"u8) || name.EndsWith("_count"u8) || name.EndsWith("_bucket"u8);
        var type = series.Get("__type__"u8);
        if (!isNamedSo && !type.SequenceEqual("counter"u8) && !type.SequenceEqual("histogram"u8))
            notes.Inform(at, $"metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {LabelNames.Quote(series.Name)}");
    }
}
