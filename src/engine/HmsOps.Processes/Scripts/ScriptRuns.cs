using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using HmsOps.Processes.Trees;

namespace HmsOps.Processes.Scripts;

/// <summary>
/// Runs scripts, each once under its id, in a way that the death of this process at any instant neither loses nor doubles one. The script is
/// started by a shim of its own session that depends on nothing of ours; both sides meet in the run's folder (<see cref="RunFolder"/>).
/// Safe for concurrent use. One process at a time owns the root folder.
/// </summary>
/// <remarks>
/// <code>
///  no folder ──prepare, rename──▶ prepared ──shim links claim──▶ running ──shim links end──▶ exited
///      │                              │                             ├──we link end, end the tree──▶ timed out, stopped
///      └──we make it, claimed──▶ withdrawn ◀──we link claim         └──no member of the session left, no end──▶ unknown
/// </code>
/// While nobody looks (the hub is down) nobody ends a script whose time is up; the next hub does.
/// </remarks>
public sealed class ScriptRuns
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    // After the script's end its last lines are on their way through a pipe. Processes it left behind may hold that pipe open for ever.
    private static readonly TimeSpan OutputPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OutputLookEvery = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan KeepFor = TimeSpan.FromDays(7);

    private readonly string _root;
    private readonly TimeProvider _time;
    private readonly RunPreparation _preparation;
    private readonly ConcurrentDictionary<RunId, Lazy<Task<IReadOnlyList<int>>>> _endings = new();
    private int _isEnding;

    /// <summary>Takes the folder that holds the runs' folders; it is made if need be, for this user alone.</summary>
    public ScriptRuns(string root, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        ArgumentNullException.ThrowIfNull(time);
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("Scripts are run on Linux only: their processes are found and ended through /proc.");
        _root = Path.GetFullPath(root);
        _time = time;
        _preparation = new RunPreparation(_root, time);
        Directory.CreateDirectory(_root, RunPreparation.OwnerOnly);
    }

    /// <summary>
    /// Runs a script and answers when it has ended. When the id was claimed before, nothing is started and the answer is that run's.
    /// The token ends the waiting, not the script.
    /// </summary>
    /// <exception cref="InvalidOperationException">The id was prepared for another script or other arguments.</exception>
    public async Task<RunOutcome> RunAsync(RunId id, ScriptStart start, CancellationToken cancellationToken)
    {
        Check(start);
        cancellationToken.ThrowIfCancellationRequested();

        var run = Folder(id);
        if (!run.Exists && _preparation.Prepare(run, start) is { } objection)
            return new RunOutcome.Refused(objection);
        if (run.Claim is not null)
            return await SettleAsync(run, shim: null, cancellationToken);

        var call = SameCall(run, start);
        // Read after the folder has its name: EndAllAsync either finds the folder or is seen here.
        if (Volatile.Read(ref _isEnding) != 0)
            return Withdraw(run, "The hub is stopping: nothing is started any more.") ?? await SettleAsync(run, shim: null, cancellationToken);
        if (call.Deadline <= _time.GetUtcNow())
            return Withdraw(run, "Its time was up before it began.") ?? await SettleAsync(run, shim: null, cancellationToken);

        Process? shim;
        try
        {
            shim = Shim.Start(run, call, start.Environment);
        }
        catch (Win32Exception e)
        {
            return Withdraw(run, $"{call.Path} could not be started: {e.Message}.") ?? await SettleAsync(run, shim: null, cancellationToken);
        }
        using (shim)
            return await SettleAsync(run, shim, cancellationToken);
    }

    /// <summary>
    /// What became of a run that may have been started by a process that is gone. Waits while it runs, until its original deadline. When
    /// nothing was started, nothing can be any more. The token ends the waiting.
    /// </summary>
    public async Task<RunOutcome> FindAsync(RunId id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var run = Folder(id);
        if (!run.Exists)
            _preparation.Withdraw(run);
        return await SettleAsync(run, shim: null, cancellationToken);
    }

    /// <summary>
    /// The orderly stop: ends every script that runs, with all it started, within 10 s, and writes that down; from now on none is started.
    /// The token ends the waiting.
    /// </summary>
    /// <exception cref="InvalidDataException">A folder is not of this version's making: all others were ended.</exception>
    public async Task EndAllAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _isEnding, 1);
        var endings = new List<Task>();
        InvalidDataException? unreadable = null;
        foreach (var run in Folders())
        {
            try
            {
                endings.Add(EndAsync(run));
            }
            catch (InvalidDataException e)
            {
                unreadable = e; // the others still have to be ended
            }
        }
        await Task.WhenAll(endings).WaitAsync(cancellationToken);
        if (unreadable is not null)
            throw unreadable;
    }

    /// <summary>
    /// Removes the folders of runs that ended, or were withdrawn, more than 7 days ago. Answers how many. A run that is asked for afterwards was
    /// never started, so the caller sees to it that nobody will ask.
    /// </summary>
    public int CleanUp()
    {
        var before = _time.GetUtcNow().UtcDateTime - KeepFor;
        foreach (var run in Folders())
        {
            if (run.TouchedUtc() < before && !IsAlive(run))
                _preparation.Discard(run);
        }
        return _preparation.RemoveLeftovers(before);
    }

    private static void Check(ScriptStart start)
    {
        ArgumentNullException.ThrowIfNull(start);
        if (!Path.IsPathFullyQualified(start.Path))
            throw new ArgumentException($"The script's path '{start.Path}' is not absolute.", nameof(start));
        if (start.Timeout <= TimeSpan.Zero || start.Timeout > ScriptStart.TimeoutMax)
            throw new ArgumentOutOfRangeException(nameof(start), $"The script's time, {start.Timeout}, is not between 0 and {ScriptStart.TimeoutMax}.");
    }

    private RunFolder Folder(RunId id) => new(Path.Combine(_root, id.Value), id);

    private IEnumerable<RunFolder> Folders() =>
        new DirectoryInfo(_root).EnumerateDirectories()
            .Where(folder => RunId.IsValid(folder.Name)) // not ours else, or half made
            .OrderBy(folder => folder.Name, StringComparer.Ordinal)
            .Select(folder => Folder(new RunId(folder.Name)));

    private Task EndAsync(RunFolder run)
    {
        if ((run.Claim is null && run.TryWithdraw()) || run.Claim is not RunClaim.Started claim)
            return Task.CompletedTask;
        if (run.End is null && run.Tree(claim).IsAlive)
            run.TryEnd(RunEndKind.Stopped);
        return run.End is { Kind: not RunEndKind.Exited } ? EndOnceAsync(run, claim) : Task.CompletedTask;
    }

    private static bool IsAlive(RunFolder run) => run.Claim is RunClaim.Started claim && run.Tree(claim).IsAlive;

    private static RunCall SameCall(RunFolder run, ScriptStart start)
    {
        // A folder without a call is one that was withdrawn as it was made, hence claimed.
        var call = run.Call ?? throw new InvalidDataException($"{run.Path} has neither a claim nor a call: look at it, then move it away.");
        return call.Path == start.Path
            && call.Sha256.Equals(start.Sha256, StringComparison.OrdinalIgnoreCase)
            && call.Arguments.SequenceEqual(start.Arguments)
                ? call
                : throw new InvalidOperationException($"The run {run.Id} was prepared for another script or other arguments: a new call needs a new id.");
    }

    private static RunOutcome.Refused? Withdraw(RunFolder run, string reason) => run.TryWithdraw() ? new RunOutcome.Refused(reason) : null;

    private async Task<RunOutcome> SettleAsync(RunFolder run, Process? shim, CancellationToken cancellationToken)
    {
        var since = _time.GetTimestamp();
        var patience = Patience(run.Call);
        while (true)
        {
            if (run.End is { } end)
                return await ConcludeAsync(run, end, cancellationToken);

            var isLate = _time.GetElapsedTime(since) >= patience;
            switch (run.Claim)
            {
                case RunClaim.Withdrawn:
                    return new RunOutcome.NeverStarted();
                case null when shim is null or { HasExited: true } || isLate:
                    if (run.TryWithdraw())
                        return shim is null ? new RunOutcome.NeverStarted() : NotClaimed(run);
                    continue; // the shim was faster
                case RunClaim.Started claim when !run.Tree(claim).IsAlive:
                    if (run.End is null)
                        return Lost(run, claim);
                    continue; // it ended between the two looks
                case RunClaim.Started when isLate:
                    run.TryEnd(RunEndKind.TimedOut);
                    continue;
                default:
                    break;
            }
            await Task.Delay(LookEvery, _time, cancellationToken);
        }
    }

    // The deadline is an instant, for it has to outlive us; a clock set back since must not make it longer than the call's whole time.
    private TimeSpan Patience(RunCall? call)
    {
        if (call is null)
            return TimeSpan.Zero;
        var left = call.Deadline - _time.GetUtcNow();
        return left < call.Timeout ? left : call.Timeout;
    }

    private async Task<RunOutcome> ConcludeAsync(RunFolder run, RunEnd end, CancellationToken cancellationToken)
    {
        if (run.Claim is not RunClaim.Started claim)
            throw new InvalidDataException($"{run.Path} has an end but was not started: look at it, then move it away.");
        var took = end.Uptime - claim.Uptime;
        if (end.Kind == RunEndKind.Exited)
        {
            await DrainAsync(run, claim, cancellationToken);
            return new RunOutcome.Exited(end.Code, run.Output(), took);
        }

        var left = await EndOnceAsync(run, claim).WaitAsync(cancellationToken);
        if (left.Count > 0)
        {
            return new RunOutcome.Unknown(
                $"{run.Call?.Path} was to be ended after {took.TotalSeconds:0.#} s and is not: process {string.Join(", ", left)} cannot be killed. "
                + $"Another user's, or waiting for a device? Its output is in {run.Path}.");
        }
        return end.Kind == RunEndKind.TimedOut ? new RunOutcome.TimedOut(run.Output(), took) : new RunOutcome.Stopped(run.Output(), took);
    }

    private async Task DrainAsync(RunFolder run, RunClaim.Started claim, CancellationToken cancellationToken)
    {
        var since = _time.GetTimestamp();
        while (!run.IsDrained && _time.GetElapsedTime(since) < OutputPatience && run.Tree(claim).IsAlive)
            await Task.Delay(OutputLookEvery, _time, cancellationToken);
    }

    /// <summary>Several may wait for one run; its tree is ended once, and by whoever comes first.</summary>
    private async Task<IReadOnlyList<int>> EndOnceAsync(RunFolder run, RunClaim.Started claim)
    {
        var ending = _endings.GetOrAdd(run.Id, _ => new(() => run.Tree(claim).EndAsync(_time)));
        try
        {
            return await ending.Value;
        }
        finally
        {
            _endings.TryRemove(new(run.Id, ending));
        }
    }

    private static RunOutcome.Refused NotClaimed(RunFolder run)
    {
        var log = run.ShimLog();
        return new($"{run.Call?.Path} could not be started{(log.Length > 0 ? $": {log}" : "")} (see {run.Path}). Nothing of it ran.");
    }

    private static RunOutcome.Unknown Lost(RunFolder run, RunClaim.Started claim)
    {
        var why = claim.Shim.BootId == ProcessTable.BootId()
            ? "it is gone, and its exit code was not written down"
            : "the machine went down while it ran";
        var log = run.ShimLog();
        return new($"{run.Call?.Path} was started, but {why}{(log.Length > 0 ? $" ({log})" : "")}. What it wrote is in {run.Path}.");
    }
}
