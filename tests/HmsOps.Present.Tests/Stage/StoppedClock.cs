namespace HmsOps.Present.Tests.Stage;

/// <summary>A clock that stands until a test moves it; its timers fire then, on the test's thread. Safe for many threads: a host asks it too.</summary>
public sealed class StoppedClock(DateTimeOffset now) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<StoppedTimer> _timers = [];
    private readonly TaskCompletionSource _armed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DateTimeOffset _start = now;
    private DateTimeOffset _now = now;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now;
    }

    public override long GetTimestamp() => (GetUtcNow() - _start).Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new StoppedTimer(this, callback, state);
        timer.Change(dueTime, period);
        _armed.TrySetResult();
        return timer;
    }

    /// <summary>Done as soon as a timer has been set.</summary>
    public Task Armed => _armed.Task;

    /// <summary>Timers that wait for the clock.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _timers.Count;
        }
    }

    /// <summary>Moves on, timer by timer.</summary>
    public void Advance(TimeSpan by)
    {
        var until = GetUtcNow() + by;
        while (true)
        {
            StoppedTimer? due;
            lock (_gate)
            {
                due = _timers.Where(t => t.Due <= until).MinBy(t => t.Due);
                _now = due is null ? until : due.Due;
                due?.Rearm();
            }
            if (due is null)
                return;
            due.Fire();
        }
    }

    private sealed class StoppedTimer(StoppedClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public DateTimeOffset Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                clock._timers.Remove(this);
                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                Due = clock._now + dueTime;
                clock._timers.Add(this);
                return true;
            }
        }

        public void Rearm()
        {
            if (_period > TimeSpan.Zero && _period != Timeout.InfiniteTimeSpan)
                Due += _period;
            else
                clock._timers.Remove(this);
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (clock._gate)
                clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
