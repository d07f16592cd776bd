using System.Runtime.ExceptionServices;
using HmsOps.Processes;
using HmsOps.PromQL;

namespace HmsOps.App.Running;

/// <summary>
/// The threads that questions of people and programs are worked out on, so that they keep nobody else's waiting: on the pool, whose threads are as many as the cores,
/// a few wild dashboards would hold up every request, timer and verdict of the hub. A question has one thread; a wide one shares its walks with those that have nothing to do.
/// </summary>
internal sealed class QueryThreads : IDisposable
{
    // As many as are let in: two queries a core, and two remote reads.
    private const int PerCore = 4;

    // A thread that keeps a core busy gets a quarter of it where the intake, the rules or the ledger want it too, and all of it where nobody does. Much less,
    // and on a machine that others keep busy a query would not even be told in time that it has to end.
    private const int Yielding = 5;

    private readonly Lock _gate = new();
    private readonly Queue<Action> _work = []; // bounded by who is let in: a question each, and a call for help for each walk while somebody is idle
    private readonly Stack<Seat> _idle = []; // the last to have sat down is called first: what it read is still near
    private bool _isClosed;

    /// <summary>Starts them.</summary>
    /// <param name="cores">How many cores they may keep busy.</param>
    public QueryThreads(int cores)
    {
        Workers = new PromWorkers(cores, RunAll);
        for (var i = 0; i < PerCore * cores; i++)
            new Thread(Take) { Name = "query", IsBackground = true }.Start();
    }

    /// <summary>Who walks for one question together: one a core at most.</summary>
    public PromWorkers Workers { get; }

    /// <summary>Works out a question; what it throws the task throws.</summary>
    public Task RunAsync(Action question)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isTaken = TryAdd(() =>
        {
            try
            {
                question();
                done.SetResult();
            }
            catch (Exception e) // whoever asked deals with it
            {
                done.SetException(e);
            }
        });
        ObjectDisposedException.ThrowIf(!isTaken, this);
        return done.Task;
    }

    /// <summary>No new questions; threads end with what they do.</summary>
    public void Dispose()
    {
        Seat[] idle;
        lock (_gate)
        {
            _isClosed = true;
            idle = [.. _idle];
            _idle.Clear();
        }
        foreach (var seat in idle)
            seat.Call(null);
    }

    private bool TryAdd(Action work)
    {
        Seat? seat;
        lock (_gate)
        {
            if (_isClosed)
                return false;
            if (!_idle.TryPop(out seat))
                _work.Enqueue(work);
        }
        seat?.Call(work);
        return true;
    }

    private void Take()
    {
        Niceness.OfThisThread(Yielding);
        var seat = new Seat();
        while (Next(seat) is { } work)
            work();
    }

    // Null when there will be nothing more.
    private Action? Next(Seat seat)
    {
        lock (_gate)
        {
            if (_work.TryDequeue(out var work))
                return work;
            if (_isClosed)
                return null;
            _idle.Push(seat);
        }
        return seat.Wait();
    }

    private void RunAll(IReadOnlyList<Action> all)
    {
        using var walk = new SharedWalk(all);
        int idle;
        lock (_gate)
            idle = _idle.Count;
        for (var i = Math.Min(all.Count - 1, idle); i > 0; i--)
            TryAdd(walk.Help);
        walk.Help(); // all of it, where nobody else comes
        walk.WaitForOthers();
    }

    /// <summary>Where a thread waits until it is called. It sleeps at once: to look again and again whether somebody called took a sixth of all a small question cost.</summary>
    private sealed class Seat
    {
        private readonly object _bell = new(); // of a monitor: a Lock has nobody wait in it
        private Action? _work;
        private bool _isCalled;

        public void Call(Action? work)
        {
            lock (_bell)
            {
                (_work, _isCalled) = (work, true);
                Monitor.Pulse(_bell);
            }
        }

        public Action? Wait()
        {
            lock (_bell)
            {
                while (!_isCalled)
                    Monitor.Wait(_bell);
                var work = _work;
                (_work, _isCalled) = (null, false);
                return work;
            }
        }
    }

    /// <summary>The parts of a walk, each of which is taken by whoever is first.</summary>
    private sealed class SharedWalk(IReadOnlyList<Action> parts) : IDisposable
    {
        private readonly CountdownEvent _left = new(parts.Count);
        private IReadOnlyList<Action>? _parts = parts; // forgotten at the end: a call for help may lie unheard for long
        private ExceptionDispatchInfo? _failure;
        private int _next = -1;

        public void Help()
        {
            var all = Volatile.Read(ref _parts) ?? [];
            for (var part = Interlocked.Increment(ref _next); part < all.Count; part = Interlocked.Increment(ref _next))
            {
                try
                {
                    all[part]();
                }
                catch (Exception e) // thrown to whoever asked, once all have ended
                {
                    Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
                }
                _left.Signal();
            }
        }

        public void WaitForOthers()
        {
            _left.Wait();
            Volatile.Write(ref _parts, null);
            _failure?.Throw();
        }

        public void Dispose() => _left.Dispose();
    }
}
