using System.Diagnostics;

namespace HmsOps.Simulation.Time;

/// <summary>
/// The one clock of a test, and the one thread: a <see cref="TimeProvider"/> whose timers fire only when <see cref="Run(Func{Task})"/> has
/// nothing else to do, and a <see cref="SynchronizationContext"/> on which every continuation runs. A simulated day takes milliseconds,
/// and two runs take the same steps.
/// </summary>
/// <remarks>
/// Run what is ready; when nothing is, jump to the next due timer, one timer at a time (a leap over several would fire re-armed timers inline
/// and spin). A body that is unfinished while nothing is due waits for something outside: that is an error, and named.
/// </remarks>
public sealed class VirtualTime : TimeProvider
{
    // Odd on purpose: code that takes timestamps for ticks of 100 ns breaks at once.
    private const long Frequency = 1_000_003;

    private readonly PriorityQueue<VirtualTimer, (long Due, long Number)> _timers = new();
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _ready = new();
    private readonly DateTimeOffset _start;
    private long _elapsedTicks;
    private long _timersMade;
    private long _cutAt = long.MaxValue;
    private int _thread;
    private volatile string? _strays;

    public VirtualTime(DateTimeOffset start)
    {
        _start = start;
    }

    /// <summary>Friday, 4 p.m., where the story of the county court begins.</summary>
    public static VirtualTime OnFridayAfternoon() => new(new DateTimeOffset(2026, 11, 20, 16, 0, 0, TimeSpan.Zero));

    /// <summary>Timers fired and continuations run: the same number in every run of the same test.</summary>
    public long Steps { get; private set; }

    public override DateTimeOffset GetUtcNow() => _start + TimeSpan.FromTicks(_elapsedTicks);

    public override long TimestampFrequency => Frequency;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => (long)((Int128)_elapsedTicks * Frequency / TimeSpan.TicksPerSecond);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Runs an asynchronous body to its end, moving the clock whenever everything waits.</summary>
    public void Run(Func<Task> body)
    {
        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new Pump(this));
        _thread = Environment.CurrentManagedThreadId;
        try
        {
            var task = body();
            while (!task.IsCompleted)
            {
                if (_strays is not null)
                    throw new InvalidOperationException(_strays);
                if (RunReady() || FireNext())
                    continue;
                throw new InvalidOperationException(
                    $"At {GetUtcNow():O} the test waits, and nothing is due that could wake it: something waits for a thread, a socket or a process.");
            }
            RunReady();
            task.GetAwaiter().GetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    /// <summary>
    /// Runs a body until it ends or <paramref name="steps"/> more steps are done, and says which. What is cut off is simply dropped, as by <c>kill -9</c>:
    /// go on with a new clock that starts where this one stands.
    /// </summary>
    public bool RunAtMost(long steps, Func<Task> body)
    {
        _cutAt = Steps + steps;
        try
        {
            Run(body);
            return true;
        }
        catch (CutException)
        {
            return false;
        }
        finally
        {
            _cutAt = long.MaxValue;
        }
    }

    /// <summary>As <see cref="Run(Func{Task})"/>, with an answer.</summary>
    public T Run<T>(Func<Task<T>> body)
    {
        var answer = default(T)!;
        Run(async () => { answer = await body(); });
        return answer;
    }

    private bool RunReady()
    {
        var any = false;
        while (true)
        {
            (SendOrPostCallback Callback, object? State) next;
            lock (_ready)
            {
                if (!_ready.TryDequeue(out next))
                    return any;
            }
            any = true;
            Step();
            next.Callback(next.State);
        }
    }

    private bool FireNext()
    {
        while (_timers.TryDequeue(out var timer, out var key))
        {
            if (!timer.IsArmed(key))
                continue;
            _elapsedTicks = Math.Max(_elapsedTicks, key.Due);
            Step();
            timer.Fire();
            return true;
        }
        return false;
    }

    /// <summary>
    /// A continuation that comes from another thread comes at another moment in every run. The usual causes: <c>WaitAsync</c>, <c>WhenAny</c> or <c>WhenAll</c> on a source
    /// that runs its continuations asynchronously, a contended semaphore with a token, <c>CancelAsync</c>.
    /// </summary>
    private void MustBeHere()
    {
        if (Environment.CurrentManagedThreadId != _thread)
            _strays ??= $"A continuation came from another thread at {GetUtcNow():O}:\n{Environment.StackTrace}";
    }

    private void Step()
    {
        if (++Steps >= _cutAt)
            throw new CutException();
    }

    private sealed class CutException : Exception;

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        private (long Due, long Number)? _armed;
        private TimeSpan _period;

        public bool IsArmed((long Due, long Number) key) => _armed == key;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            Arm(dueTime);
            return true;
        }

        public void Fire()
        {
            _armed = null;
            if (_period != Timeout.InfiniteTimeSpan && _period > TimeSpan.Zero)
                Arm(_period);
            callback(state);
        }

        public void Dispose() => _armed = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Arm(TimeSpan dueTime)
        {
            _armed = null;
            if (dueTime == Timeout.InfiniteTimeSpan)
                return;
            Debug.Assert(dueTime >= TimeSpan.Zero, "A timer is armed for the past.");
            var key = (time._elapsedTicks + dueTime.Ticks, time._timersMade++);
            _armed = key;
            time._timers.Enqueue(this, key);
        }
    }

    private sealed class Pump(VirtualTime time) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
            time.MustBeHere();
            lock (time._ready)
                time._ready.Enqueue((d, state));
        }

        public override void Send(SendOrPostCallback d, object? state) => d(state);

        public override SynchronizationContext CreateCopy() => this;
    }
}
