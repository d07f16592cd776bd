namespace HmsOps.Processes.Scripts;

/// <summary>What became of a run. Asked again, the answer is the same.</summary>
public abstract record RunOutcome
{
    private RunOutcome()
    {
    }

    /// <summary>The script ended by itself.</summary>
    /// <param name="Code">Its exit code; 128 + n when signal n ended it.</param>
    /// <param name="Output">The first part of what it wrote, made visible, at most 4 KiB; marked where there is more.</param>
    /// <param name="Took">From its start to its end.</param>
    public sealed record Exited(int Code, string Output, TimeSpan Took) : RunOutcome;

    /// <summary>Its time was up, and it was ended with all it had started.</summary>
    /// <param name="Output">As in <see cref="Exited"/>.</param>
    /// <param name="Took">From its start until its time was up.</param>
    public sealed record TimedOut(string Output, TimeSpan Took) : RunOutcome;

    /// <summary><see cref="ScriptRuns.EndAllAsync"/> ended it, with all it had started.</summary>
    /// <param name="Output">As in <see cref="Exited"/>.</param>
    /// <param name="Took">From its start until then.</param>
    public sealed record Stopped(string Output, TimeSpan Took) : RunOutcome;

    /// <summary>It could not be started; nothing ran.</summary>
    /// <param name="Reason">What is in the way, and the remedy.</param>
    public sealed record Refused(string Reason) : RunOutcome;

    /// <summary>Nothing was ever started under this id, and nothing will be.</summary>
    public sealed record NeverStarted : RunOutcome;

    /// <summary>It was started and nobody can know how it ended: a person has to look.</summary>
    /// <param name="Reason">What is known, and where to look.</param>
    public sealed record Unknown(string Reason) : RunOutcome;
}
