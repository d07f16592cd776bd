using HmsOps.Record.Events;
using HmsOps.Workspace;
using HmsOps.Workspace.Folder;

namespace HmsOps.App.Running;

/// <summary>The workspace as a folder on disk.</summary>
internal sealed class FolderFeed(WorkspaceFolder folder, TimeProvider time) : IWorkspaceFeed
{
    public WorkspaceSnapshot Take() => folder.Take(CancellationToken.None);

    public Task<ConfigCommit?> CommitAsync(CancellationToken cancellationToken) => new GitWorkTree(folder.Root, time).CommitAsync(cancellationToken);

    public Task WatchAsync(Func<WorkspaceSnapshot, CancellationToken, Task> changed, CancellationToken stopping) =>
        new WorkspaceWatcher(folder, time) { Changed = changed }.RunAsync(stopping);
}
