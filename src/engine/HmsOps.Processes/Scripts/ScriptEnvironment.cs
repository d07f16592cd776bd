using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace HmsOps.Processes.Scripts;

/// <summary>The environment of a script: a fixed list and what the call gives, and nothing of the hub's own.</summary>
public static partial class ScriptEnvironment
{
    /// <summary>The variable with the run's id.</summary>
    public const string RunId = "OPS_RUN_ID";

    /// <summary>The variable with the script's path in the workspace (<c>$0</c> is the copy that is run).</summary>
    public const string Script = "OPS_SCRIPT";

    private const string Path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    // The first line is ours. The second would not arrive as given: the shim is a shell, and shells keep these for themselves.
    private static readonly FrozenSet<string> Reserved = FrozenSet.Create(
        "PATH", "HOME", "LANG", RunId, Script,
        "PWD", "OLDPWD", "SHLVL", "_", "IFS", "OPTIND", "PPID", "PS1", "PS2", "PS4", "ENV", "BASH_ENV");

    /// <summary>Why a call's variables cannot be given; null when they can.</summary>
    internal static string? Objection(IReadOnlyDictionary<string, string> given)
    {
        foreach (var (name, value) in given.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (Reserved.Contains(name))
                return $"The call sets the variable {name}, which is not the call's to set: give it another name.";
            if (!NameShape().IsMatch(name))
                return $"The call sets a variable named '{Text.VisibleText.Of(name)}': names are letters, digits and '_', not a digit first.";
            if (value.Contains('\0'))
                return $"The call's variable {name} holds a NUL character, which no program can be given.";
        }
        return null;
    }

    internal static void Fill(IDictionary<string, string?> environment, RunId run, string scriptPath, IReadOnlyDictionary<string, string> given)
    {
        environment.Clear();
        environment["PATH"] = Path;
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        environment["HOME"] = home.Length > 0 ? home : "/";
        environment["LANG"] = "C.UTF-8";
        environment[RunId] = run.Value;
        environment[Script] = scriptPath;
        foreach (var (name, value) in given)
            environment[name] = value;
    }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex NameShape();
}
