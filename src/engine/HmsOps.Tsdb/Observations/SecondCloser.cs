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
    private readonly List<OpenSeries> _changed = [];

    // One entry a sample, by when it is due; an entry whose series has a newer sample is void.
    private readonly PriorityQueue<OpenSeries, long> _repeats = new();
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
            foreach (var open in _changed)
                Close(open, _second + SecondMs);
            _changed.Clear();
            any = true;
        }
        while (_repeats.TryPeek(out var next, out var due) && due <= time)
        {
            _repeats.Dequeue();
            any |= Repeat(next, due);
        }
        columns.ClosedUpTo(time);
        return any;
    }

    /// <summary>Says that a series changes in a second; before the change, and after <see cref="CloseUpTo"/> that second.</summary>
    public void Touch(OpenSeries open, long second)
    {
        _second = second;
        open.LastObserved = second;
        if (open.IsChanged)
            return;
        if (open.LastSample is not { } last || last + RepeatMs <= second)
            Append(open, second, isDue: false);
        MarkChanged(open);
    }

    /// <summary>Takes over a change that was declared rather than replayed.</summary>
    public void RestoreChange(OpenSeries open, long second)
    {
        _second = second;
        if (!open.IsChanged)
            MarkChanged(open);
    }

    /// <summary>Takes over a series that has a sample: it will be repeated.</summary>
    public void Follow(OpenSeries open)
    {
        if (open.LastSample is { } last)
            _repeats.Enqueue(open, last + RepeatMs);
    }

    /// <summary>Takes over a series from a checkpoint.</summary>
    public void Restore(OpenSeries open, bool isChanged, long second)
    {
        if (isChanged)
            RestoreChange(open, second);
        Follow(open);
    }

    /// <summary>The second in which what is open changed last.</summary>
    public long Second => _second;

    private void MarkChanged(OpenSeries open)
    {
        open.IsChanged = true;
        _changed.Add(open);
    }

    private void Close(OpenSeries open, long at)
    {
        open.IsChanged = false;
        Append(open, at, isDue: true);
    }

    private bool Repeat(OpenSeries open, long due)
    {
        if (open.LastSample + RepeatMs != due || due > LastSampleAfter(open.LastObserved))
            return false;
        Append(open, due, isDue: true);
        return true;
    }

    private void Append(OpenSeries open, long at, bool isDue)
    {
        columns.Append(open, at, isDue);
        open.LastSample = at;
        _repeats.Enqueue(open, at + RepeatMs);
    }
}

/// <summary>Where made samples go: the head, which weighs and counts them.</summary>
internal interface ISampleColumns
{
    /// <summary>Appends what a series holds: because the sample's time has come, or because an observation woke the series.</summary>
    void Append(OpenSeries open, long time, bool isDue);

    /// <summary>Every sample whose time has come by then was appended.</summary>
    void ClosedUpTo(long time);
}
