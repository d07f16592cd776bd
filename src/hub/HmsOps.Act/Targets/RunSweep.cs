using HmsOps.Record;
using Microsoft.Extensions.Logging;

namespace HmsOps.Act.Targets;

/// <summary>
/// Has old runs forgotten, now and every hour. Never while an intent is open: a run that is forgotten was never started, and an intent that waits for its answer,
/// after however long a time without a hub, would run its script again.
/// </summary>
public sealed partial class RunSweep(Journal journal, IScriptRunner scripts, TimeProvider time, ILogger<RunSweep> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    /// <summary>Sweeps until stopped.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Every, time);
        using var told = stopping.Register(timer.Dispose); // ends the wait; a wait that is cancelled reads its own stack's symbols first
        do
        {
            Sweep();
        }
        while (await timer.WaitForNextTickAsync(CancellationToken.None));
    }

    private void Sweep()
    {
        if (journal.State.Acts.Values.Any(a => a.IsOpen))
            return;
        try
        {
            if (scripts.CleanUp() is > 0 and var removed)
                LogRemoved(removed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            LogFailed(e.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "{Count} runs of scripts that ended long ago were removed", EventName = "runs_removed")]
    private partial void LogRemoved(int count);

    [LoggerMessage(2, LogLevel.Warning, "old runs of scripts could not all be removed, and are tried again in an hour: {Reason}", EventName = "runs_not_removed")]
    private partial void LogFailed(string reason);
}
