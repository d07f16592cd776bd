using HmsOps.Processes.Scripts;

namespace HmsOps.Act.Targets.Script;

/// <summary>Scripts as processes of this machine: the run is named by its effect key, and the engine room sees to it that it happens once.</summary>
public sealed class ScriptRunner(ScriptRuns runs) : IScriptRunner
{
    public async Task<ScriptOutcome> RunAsync(ScriptCall call, EffectKey key, CancellationToken cancellationToken)
    {
        var start = new ScriptStart(call.Path, call.Sha256, call.Arguments, call.Environment, call.Timeout);
        return OutcomeOf(await runs.RunAsync(new RunId(key.Value), start, cancellationToken));
    }

    public async Task<ScriptOutcome> FindAsync(EffectKey key, CancellationToken cancellationToken) =>
        OutcomeOf(await runs.FindAsync(new RunId(key.Value), cancellationToken));

    public Task EndAllAsync(CancellationToken cancellationToken) => runs.EndAllAsync(cancellationToken);

    public int CleanUp() => runs.CleanUp();

    private static ScriptOutcome OutcomeOf(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Exited exited => new ScriptOutcome.Exited(exited.Code, exited.Output, exited.Took),
        RunOutcome.TimedOut timedOut => new ScriptOutcome.TimedOut(timedOut.Output, timedOut.Took),
        RunOutcome.Refused refused => new ScriptOutcome.Refused(refused.Reason),
        RunOutcome.NeverStarted => new ScriptOutcome.NeverStarted(),
        RunOutcome.Unknown unknown => new ScriptOutcome.Unknown(unknown.Reason),
        // We ended it half-way: what it had done by then, only a person can see.
        RunOutcome.Stopped stopped => new ScriptOutcome.Unknown(
            $"the hub was stopped {stopped.Took.TotalSeconds:0.#} s after the script began, and ended it before it was done"
            + (stopped.Output.Length > 0 ? $"; until then it wrote: {stopped.Output}" : "")),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
