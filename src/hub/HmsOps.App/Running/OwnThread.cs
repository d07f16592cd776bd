using System.Collections.Concurrent;

namespace HmsOps.App.Running;

/// <summary>
/// A thread for one loop that blocks in system calls (the ledger's writer, the metric log's committer): its continuations come back to it, so neither a busy pool
/// nor another loop's flush can hold it up. The loop itself is plain async code, the same that runs on the one thread of a simulation.
/// </summary>
internal static class OwnThread
{
    /// <summary>Runs a loop to its end on a thread of its own.</summary>
    public static Task Run(string name, Func<Task> loop)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => Pump(loop, ended)) { Name = name, IsBackground = true };
        thread.Start();
        return ended.Task;
    }

    private static void Pump(Func<Task> loop, TaskCompletionSource ended)
    {
        using var context = new PumpContext();
        SynchronizationContext.SetSynchronizationContext(context);
        var task = loop();
        _ = task.ContinueWith(_ => context.Complete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        context.RunUntilComplete();
        if (task.IsFaulted)
            ended.SetException(task.Exception!.InnerExceptions); // faulted: it is there
        else if (task.IsCanceled)
            ended.SetCanceled();
        else
            ended.SetResult();
    }

    private sealed class PumpContext : SynchronizationContext, IDisposable
    {
        // Unbounded: what is posted is the continuation of work already accepted, bounded by the loop's own queue.
        private readonly BlockingCollection<Posted> _posted = [];

        public override void Post(SendOrPostCallback d, object? state)
        {
            try
            {
                _posted.Add(new Posted(d, state));
            }
            catch (InvalidOperationException)
            {
                // The loop has ended; a late continuation of something it no longer waits for runs where it is.
                d(state);
            }
        }

        public void Complete() => _posted.CompleteAdding();

        public void RunUntilComplete()
        {
            foreach (var (callback, state) in _posted.GetConsumingEnumerable())
                callback(state);
        }

        public void Dispose() => _posted.Dispose();

        private sealed record Posted(SendOrPostCallback Callback, object? State);
    }
}
