namespace HmsOps.Processes.Scripts;

/// <summary>A script and how it is called. No shell reads the arguments.</summary>
/// <param name="Path">Absolute path of the script's file; its folder is the working folder.</param>
/// <param name="Sha256">Of its content, in hex: exactly these bytes are run, or nothing.</param>
/// <param name="Arguments">Handed over one by one, as they are.</param>
/// <param name="Environment">What it gets beside the variables of <see cref="ScriptEnvironment"/>; nothing of the caller's own.</param>
/// <param name="Timeout">Counted from the call on; at most <see cref="TimeoutMax"/>.</param>
public sealed record ScriptStart(
    string Path, string Sha256, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, TimeSpan Timeout)
{
    /// <summary>No script runs longer.</summary>
    public static readonly TimeSpan TimeoutMax = TimeSpan.FromHours(1);
}
