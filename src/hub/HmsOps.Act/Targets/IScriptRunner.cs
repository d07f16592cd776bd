namespace HmsOps.Act.Targets;

/// <summary>
/// Where scripts are run. A script cannot be undone and, without help, not be asked about; so a run is claimed under its effect key before it
/// starts, and whoever asks later finds what became of it. Two implementations: processes of this machine, and the simulated one of the tests.
/// </summary>
public interface IScriptRunner
{
    /// <summary>
    /// Runs a script once under its effect key and answers when it has ended. When a run under that key was claimed before, nothing is
    /// started: the answer is that run's. The token ends the waiting, not the script.
    /// </summary>
    Task<ScriptOutcome> RunAsync(ScriptCall call, EffectKey key, CancellationToken cancellationToken);

    /// <summary>
    /// What became of a run that may have been started by a hub that died: waits for it if it is still running; <see cref="ScriptOutcome.NeverStarted"/>
    /// when nothing ever claimed the key, and then nothing can start it behind our back any more.
    /// </summary>
    Task<ScriptOutcome> FindAsync(EffectKey key, CancellationToken cancellationToken);

    /// <summary>
    /// The orderly stop: ends every script that still runs, with all it started, within 10 s, and lets none begin any more. Whoever waits for one is answered
    /// <see cref="ScriptOutcome.Unknown"/>, and so is a later hub. The token ends the waiting.
    /// </summary>
    Task EndAllAsync(CancellationToken cancellationToken);

    /// <summary>Forgets runs that ended long ago; answers how many. Only to be called while nobody may still ask for one of them.</summary>
    int CleanUp();
}

/// <summary>A script and how it is called. No shell takes part: arguments are handed over as they are.</summary>
/// <param name="Path">Absolute path of the script's file.</param>
/// <param name="Sha256">Of its content, hex, as the intent named it: another content is not run.</param>
/// <param name="Arguments">Handed over one by one.</param>
/// <param name="Environment">All the script gets beside PATH, HOME and LANG.</param>
/// <param name="Timeout">Then its whole process group is ended.</param>
public sealed record ScriptCall(
    string Path, string Sha256, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, TimeSpan Timeout);

/// <summary>Names one effect of one intent, for ever: <c>H(intent, n)</c>, lower-case hex.</summary>
public readonly record struct EffectKey(string Value)
{
    public override string ToString() => Value;
}

/// <summary>What became of a script.</summary>
public abstract record ScriptOutcome
{
    private ScriptOutcome()
    {
    }

    /// <summary>It ended by itself.</summary>
    /// <param name="Code">Its exit code; 128 + n when signal n ended it.</param>
    /// <param name="Output">The first part of what it wrote, both streams as they came, at most 4 KiB; longer output is marked.</param>
    /// <param name="Took">From start to end.</param>
    public sealed record Exited(int Code, string Output, TimeSpan Took) : ScriptOutcome;

    /// <summary>Its time was up and its process group was ended.</summary>
    public sealed record TimedOut(string Output, TimeSpan Took) : ScriptOutcome;

    /// <summary>It could not be started: missing, not executable, another content than the intent named. Nothing ran.</summary>
    public sealed record Refused(string Reason) : ScriptOutcome;

    /// <summary>Nothing under that key was ever started, nor can be any more.</summary>
    public sealed record NeverStarted : ScriptOutcome;

    /// <summary>It was started, is gone, and left no exit code: the machine went down under it. A person has to look.</summary>
    public sealed record Unknown(string Reason) : ScriptOutcome;

    /// <summary>One function per case: a new case breaks every place that must think about it.</summary>
    public T Match<T>(
        Func<Exited, T> exited, Func<TimedOut, T> timedOut, Func<Refused, T> refused, Func<NeverStarted, T> neverStarted, Func<Unknown, T> unknown) => this switch
        {
            Exited e => exited(e),
            TimedOut t => timedOut(t),
            Refused r => refused(r),
            NeverStarted n => neverStarted(n),
            Unknown u => unknown(u),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
}
