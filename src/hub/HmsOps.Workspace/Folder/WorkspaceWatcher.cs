using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Folder;

/// <summary>
/// Tells when the workspace's folder has changed. It looks at names, sizes and times every two seconds and nothing else: the same on network mounts,
/// where no notice arrives, and on the one thread of a simulated clock. A change is taken once it has been quiet for 300 ms, so that a copy of many
/// files is one change. Owned by the loop that runs it.
/// </summary>
public sealed class WorkspaceWatcher(WorkspaceFolder folder, TimeProvider time)
{
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan QuietFor = TimeSpan.FromMilliseconds(300);
    private const int RestlessMax = 20; // quiet that does not come within 6 s is not waited for: what is there is read, file by file unchanged

    /// <summary>Awaited with each new state of the folder; the first is what is there when the loop starts.</summary>
    public required Func<WorkspaceSnapshot, CancellationToken, Task> Changed { get; init; }

    /// <summary>Why the folder could not be looked at in the last turn; null when it could. The workspace in force stays.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Turns in which the folder could not be looked at.</summary>
    public long FailedTurns { get; private set; }

    /// <summary>Looks until stopped.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        FolderListing? seen = null;
        using var timer = new PeriodicTimer(LookEvery, time);
        using var told = stopping.Register(timer.Dispose); // ends the wait; a wait that is cancelled reads its own stack's symbols first
        do
        {
            WorkspaceSnapshot? snapshot = null;
            try
            {
                var listing = await QuietListingAsync(seen, stopping);
                if (!listing.Equals(seen))
                    snapshot = WorkspaceFolder.Read(listing, YamlLimits.Default, stopping);
                seen = snapshot is null or { IsSettled: true } ? listing : null;
                Trouble = null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A folder that is gone is a mount that failed far more often than a decision to watch nothing any more.
                Trouble = e.Message;
                FailedTurns++;
            }
            if (snapshot is not null)
                await Changed(snapshot, stopping);
        }
        while (await timer.WaitForNextTickAsync(CancellationToken.None));
    }

    private async Task<FolderListing> QuietListingAsync(FolderListing? seen, CancellationToken stopping)
    {
        var listing = folder.List(stopping);
        for (var restless = 0; restless < RestlessMax && seen is not null && !listing.Equals(seen); restless++)
        {
            await Task.Delay(QuietFor, time, stopping);
            var again = folder.List(stopping);
            if (again.Equals(listing))
                break;
            listing = again;
        }
        return listing;
    }
}
