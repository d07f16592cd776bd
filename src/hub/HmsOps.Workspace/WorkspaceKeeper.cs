using HmsOps.Ledger;
using HmsOps.Record;
using HmsOps.Record.Events;
using Microsoft.Extensions.Logging;

namespace HmsOps.Workspace;

/// <summary>Where snapshots of the workspace come from: a folder in life, memory in a simulation.</summary>
public interface IWorkspaceFeed
{
    /// <summary>The files as they are now.</summary>
    WorkspaceSnapshot Take();

    /// <summary>The commit those files are of; null where that cannot be told.</summary>
    Task<ConfigCommit?> CommitAsync(CancellationToken cancellationToken);

    /// <summary>Hands over a snapshot whenever the files have changed and settled, until stopped.</summary>
    Task WatchAsync(Func<WorkspaceSnapshot, CancellationToken, Task> changed, CancellationToken stopping);
}

/// <summary>
/// Holds the version in force. A new one is entered in the ledger first and then swapped in by one reference write, so a verdict can always name the version it was
/// reached under.
/// </summary>
public sealed partial class WorkspaceKeeper(Journal journal, TimeProvider time, ILogger<WorkspaceKeeper> log)
{
    private const string Actor = "system:workspace";

    private WorkspaceVersion _current = WorkspaceVersion.Empty;
    private bool _taken;

    /// <summary>The version in force. Immutable.</summary>
    public WorkspaceVersion Current => Volatile.Read(ref _current);

    /// <summary>Reads a snapshot; if it says something else than the version in force, enters and takes it.</summary>
    /// <param name="snapshot">The files.</param>
    /// <param name="commitOf">Asked only when there is something to enter.</param>
    /// <param name="cancellationToken">Ends it; the version in force stays.</param>
    public async Task TakeAsync(WorkspaceSnapshot snapshot, Func<CancellationToken, Task<ConfigCommit?>> commitOf, CancellationToken cancellationToken)
    {
        var before = Current;
        var next = WorkspaceReader.Read(snapshot, before);
        if (_taken && next.Hash == before.Hash && next.Diagnostics.SequenceEqual(before.Diagnostics))
            return;
        var known = journal.State.Config;
        if (next.Hash != known.Hash || !next.Diagnostics.Where(IsError).Select(Key).SequenceEqual(known.Rejected.Select(Key)))
            await EnterAsync(before, next, known.Hash, await commitOf(cancellationToken), cancellationToken);
        foreach (var diagnostic in next.Diagnostics.Except(_taken ? before.Diagnostics : []))
            Say(diagnostic);
        Volatile.Write(ref _current, next);
        _taken = true;
        LogApplied(next.Hash[..8], next.Rules.Count, next.Diagnostics.Count(IsError));
    }

    private async Task EnterAsync(
        WorkspaceVersion before, WorkspaceVersion next, string? previousHash, ConfigCommit? commit, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var drafts = new List<EventDraft> { new(Applied(before, next, previousHash, now) with { Git = commit }, Actor) };
        drafts.AddRange(next.Diagnostics.Where(IsError).Select(d =>
            new EventDraft(new ConfigRejected(d.File, d.Line, d.Column, d.Code, d.Message, d.Fix, now), Actor)));
        try
        {
            await journal.WriteAllAsync(drafts, cancellationToken);
        }
        catch (LedgerUnavailableException e)
        {
            // The watcher outlives the watched: rules are in force although their version could not be entered.
            LogNotEntered(e.Message);
        }
    }

    private static ConfigApplied Applied(WorkspaceVersion before, WorkspaceVersion next, string? previousHash, DateTimeOffset now)
    {
        var old = before.Files.ToDictionary(f => f.Path, StringComparer.Ordinal);
        var files = next.Files
            .Where(f => !old.TryGetValue(f.Path, out var known) || known.Sha256 != f.Sha256)
            .Select(f => new ConfigFile(f.Path, f.Sha256, old.ContainsKey(f.Path) ? "changed" : "added"))
            .Concat(before.Files.Where(f => next.Files.All(n => n.Path != f.Path)).Select(f => new ConfigFile(f.Path, f.Sha256, "removed")));
        var rulesBefore = before.Rules.ToDictionary(r => r.Id, StringComparer.Ordinal);
        var rulesNext = next.Rules.ToDictionary(r => r.Id, StringComparer.Ordinal);
        return new ConfigApplied(
            next.Hash, previousHash, [.. files],
            [.. next.Rules.Where(r => !rulesBefore.ContainsKey(r.Id)).Select(r => r.Citation)],
            [.. before.Rules.Where(r => !rulesNext.ContainsKey(r.Id)).Select(r => r.Citation)],
            [.. next.Rules.Where(r => rulesBefore.TryGetValue(r.Id, out var b) && b.Text != r.Text).Select(r => r.Citation)],
            next.Diagnostics.Count(IsError), now);
    }

    private void Say(Diagnostic diagnostic)
    {
        if (diagnostic.Severity == Severity.Error)
            LogRefused(diagnostic.ToString(), diagnostic.Fix);
        else if (diagnostic.Severity == Severity.Warning)
            LogDoubtful(diagnostic.ToString(), diagnostic.Fix);
    }

    private static bool IsError(Diagnostic diagnostic) => diagnostic.Severity == Severity.Error;

    private static (string, int, int, string, string) Key(Diagnostic d) => (d.File, d.Line, d.Column, d.Code, d.Message);

    private static (string, int, int, string, string) Key(ConfigRejected r) => (r.File, r.Line, r.Column, r.Code, r.Message);

    [LoggerMessage(1, LogLevel.Information, "workspace {Version} is in force: {Rules} rules, {Errors} errors", EventName = "workspace_applied")]
    private partial void LogApplied(string version, int rules, int errors);

    [LoggerMessage(2, LogLevel.Error, "{What} {Fix}", EventName = "workspace_refused")]
    private partial void LogRefused(string what, string fix);

    [LoggerMessage(3, LogLevel.Warning, "{What} {Fix}", EventName = "workspace_doubtful")]
    private partial void LogDoubtful(string what, string fix);

    [LoggerMessage(4, LogLevel.Error, "the workspace's version could not be entered in the ledger: {Reason}", EventName = "workspace_not_entered")]
    private partial void LogNotEntered(string reason);
}
