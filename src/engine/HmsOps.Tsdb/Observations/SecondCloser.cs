using HmsOps.Series;
using HmsOps.Tsdb.Head;

namespace HmsOps.Tsdb.Observations;

/// <summary>
/// Turns folded observations into samples. A second in which a series changed gives it one sample, at the second's end; a series that
/// rests gets a repeat 15 s after its newest sample, until its last observation is <c>observedLife</c> ago; a series that is new, or
/// comes back from a rest, first gets what it held before, at the second's beginning, or <c>rate</c> could not see the burst it wakes with.
/// </summary>
/// <remarks>
/// The samples up to a time are a pure function of the arrivals up to that time: how often <see cref="CloseUpTo"/> was called in between
/// changes nothing. That is why the log holds no samples of observed series and a replay gives the same ones. It rests on two things:
/// arrivals do not go back, and a second is closed by whoever comes first after it, an observation or the clock.
/// Owned by the holder of the store's turn.
/// </remarks>
internal sealed class SecondCloser(TimeSpan observedLife, ISampleColumns columns)
{
    public const long SecondMs = 1_000;
    public const long RepeatMs = 15_000; // as often as a scrape, so that every window a scraped series fills an observed one fills too

    private readonly long _observedLifeMs = (long)observedLife.TotalMilliseconds;
    private readonly List<HeadSeries> _changed = [];

    // One entry a sample, in time order because samples are made in time order; an entry whose series has a newer sample is void.
    private readonly Queue<(long Due, HeadSeries Series)> _repeats = new();
    private long _second;

    /// <summary>The first millisecond of the second a time is in.</summary>
    public static long SecondOf(long time) => time - ((time % SecondMs) + SecondMs) % SecondMs;

    /// <summary>The newest time at which an observed series last seen in a second can get a sample.</summary>
    public long LastSampleAfter(long second) => second + SecondMs + Math.Max(_observedLifeMs, 0);

    /// <summary>Makes every sample whose time has come; answers whether there was one.</summary>
    public bool CloseUpTo(long time)
    {
        var any = false;
        if (_changed.Count > 0 && _second + SecondMs <= time)
        {
            foreach (var series in _changed)
                Close(series, _second + SecondMs);
            _changed.Clear();
            any = true;
        }
        while (_repeats.TryPeek(out var next) && next.Due <= time)
        {
            _repeats.Dequeue();
            any |= Repeat(next.Series, next.Due);
        }
        return any;
    }

    /// <summary>Says that a series changes in a second; before the change, and after <see cref="CloseUpTo"/> that second.</summary>
    public void Touch(HeadSeries series, OpenHistogram open, long second)
    {
        _second = second;
        open.LastObserved = second;
        if (open.IsChanged)
            return;
        if (open.LastSample is not { } last)
            Append(series, open, second, open.Snapshot());
        else if (last + RepeatMs <= second)
            Append(series, open, second, series.Newest == last ? series.NewestHistogram : open.Snapshot());
        MarkChanged(series, open);
    }

    /// <summary>Takes over a change that the log declared rather than replayed.</summary>
    public void RestoreChange(HeadSeries series, OpenHistogram open, long second)
    {
        _second = second;
        if (!open.IsChanged)
            MarkChanged(series, open);
    }

    private void MarkChanged(HeadSeries series, OpenHistogram open)
    {
        open.IsChanged = true;
        _changed.Add(series);
    }

    private void Close(HeadSeries series, long at)
    {
        var open = series.Open!; // set before a series is ever marked as changed
        open.IsChanged = false;
        Append(series, open, at, open.Snapshot());
    }

    private bool Repeat(HeadSeries series, long due)
    {
        var open = series.Open!; // set before a series is ever given a sample
        if (open.LastSample + RepeatMs != due || due > LastSampleAfter(open.LastObserved))
            return false;
        Append(series, open, due, series.NewestHistogram);
        return true;
    }

    private void Append(HeadSeries series, OpenHistogram open, long at, NativeHistogram histogram)
    {
        columns.Append(series, at, histogram);
        open.LastSample = at;
        _repeats.Enqueue((at + RepeatMs, series));
    }
}

/// <summary>Where made samples go: the head, which weighs and counts them.</summary>
internal interface ISampleColumns
{
    void Append(HeadSeries series, long time, NativeHistogram histogram);
}
