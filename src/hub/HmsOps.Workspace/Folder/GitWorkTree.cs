using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using HmsOps.Record.Events;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Folder;

/// <summary>
/// What git knows of a workspace's folder. Asked of the <c>git</c> program, so that whatever a repository may be, it is read as its owner reads it. No program, no
/// repository, no commit yet, an owner git does not trust, an answer that takes too long: then there are no facts, and that is no error. Writes nothing and
/// runs nothing the repository's own settings name.
/// </summary>
public sealed class GitWorkTree(string root, TimeProvider time)
{
    private const int AnswerMax = 1 << 20; // a listing that long has changes in it, whatever comes after

    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(5); // all questions together: the version waits for this

    /// <summary>The commit that is checked out, and whether the workspace's own files differ from it; null where that cannot be told.</summary>
    public async Task<ConfigCommit?> CommitAsync(CancellationToken cancellationToken)
    {
        if (!IsInWorkTree())
            return null;
        using var late = new CancellationTokenSource(AnswersWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            if (await AskAsync(["log", "-1", "--no-show-signature", "--format=%H%x00%an <%ae>%x00%cI%x00%s"], either.Token) is not { } head
                || head.TrimEnd('\n').Split('\0') is not [{ Length: > 0 } commit, var author, var at, var subject]
                || !DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, out var committedAt)
                || await IsDirtyAsync(either.Token) is not { } dirty)
            {
                return null;
            }
            return new ConfigCommit(commit, dirty ? null : Findings.Shorten(author), committedAt, Findings.Shorten(subject), dirty);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Whether there is anything to ask: git too looks for <c>.git</c>, a folder or a file, on the way up. A start without it waits for no program.</summary>
    private bool IsInWorkTree()
    {
        try
        {
            for (var folder = RealPath.Of(root); folder is not null; folder = Path.GetDirectoryName(folder))
            {
                if (Path.Exists(Path.Combine(folder, ".git")))
                    return true;
            }
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // the folder is gone, or is not ours to read
        }
    }

    private async Task<bool?> IsDirtyAsync(CancellationToken cancellationToken)
    {
        if (await AskAsync(["rev-parse", "--show-prefix"], cancellationToken) is not { } prefix
            || await AskAsync(["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", "."], cancellationToken) is not { } changes)
        {
            return null;
        }
        return changes.Length >= AnswerMax || PathsOf(changes, prefix.TrimEnd('\n')).Any(WorkspaceSnapshot.IsPart);
    }

    /// <summary>Two letters, a space, the path from the repository's root; each ended by a zero.</summary>
    private static IEnumerable<string> PathsOf(string changes, string prefix) => changes.Split('\0', StringSplitOptions.RemoveEmptyEntries)
        .Select(change => change[3..])
        .Where(path => path.StartsWith(prefix, StringComparison.Ordinal))
        .Select(path => path[prefix.Length..]);

    /// <summary>What git prints, cut at <see cref="AnswerMax"/>; null when it is not there or says no.</summary>
    private async Task<string?> AskAsync(IEnumerable<string> question, CancellationToken cancellationToken)
    {
        try
        {
            using var git = Process.Start(StartOf(question)) ?? throw new InvalidOperationException("A process was reused.");
            try
            {
                git.StandardInput.Close();
                var complaints = git.StandardError.BaseStream.CopyToAsync(Stream.Null, cancellationToken);
                var answer = new StringBuilder();
                var part = new char[4096];
                while (answer.Length < AnswerMax && await git.StandardOutput.ReadAsync(part.AsMemory(0, Math.Min(part.Length, AnswerMax - answer.Length)), cancellationToken) is > 0 and var read)
                    answer.Append(part, 0, read);
                if (answer.Length == AnswerMax)
                    return answer.ToString();
                await complaints;
                await git.WaitForExitAsync(cancellationToken);
                return git.ExitCode == 0 ? answer.ToString() : null;
            }
            finally
            {
                if (!git.HasExited)
                    git.Kill(entireProcessTree: true);
            }
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            return null; // git is not installed, or the folder is gone
        }
    }

    private ProcessStartInfo StartOf(IEnumerable<string> question)
    {
        // A repository can name programs to run at a question as harmless as these.
        string[] safe = ["-C", root, "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];
        var start = new ProcessStartInfo("git", safe.Concat(question))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        // The hub may itself have been started by git: its folder is not ours.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GIT_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["LC_ALL"] = "C";
        return start;
    }
}
