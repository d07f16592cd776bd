using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Folder;

/// <summary>
/// A workspace on disk. Lists and reads what a workspace is made of, never outside its root: links to files are followed as far as they stay inside,
/// links to folders are not followed at all. Stateless; all calls read the disk at once, on the caller's thread.
/// </summary>
public sealed class WorkspaceFolder(string root)
{
    private const int ReadsMax = 3; // of a file that changes while it is read

    /// <summary>The folder.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Names, sizes and times of what is there.</summary>
    /// <exception cref="IOException">The folder is gone, or cannot be listed: that is not an empty workspace.</exception>
    public FolderListing List(CancellationToken stopping)
    {
        var real = RealPath.Of(Root);
        var files = new SortedDictionary<string, FileStamp>(StringComparer.Ordinal);
        var unreadable = new List<Diagnostic>();
        Walk(new DirectoryInfo(real), "");

        // One file under two names is read once, under the name that is its own, else under the first.
        var names = new HashSet<string>(files.Where(file => !file.Value.IsLink).Select(file => file.Value.RealPath));
        foreach (var (path, stamp) in files.Where(file => file.Value.IsLink).ToList())
        {
            if (!names.Add(stamp.RealPath))
                files.Remove(path);
        }
        return new FolderListing(files, unreadable);

        void Walk(DirectoryInfo folder, string prefix)
        {
            foreach (var entry in folder.EnumerateFileSystemInfos())
            {
                stopping.ThrowIfCancellationRequested();
                var path = prefix + entry.Name;
                if (entry is DirectoryInfo { LinkTarget: null } below)
                {
                    if (!entry.Name.StartsWith('.') && entry.Name != "artefacts")
                        Walk(below, path + "/");
                }
                else if (WorkspaceSnapshot.IsPart(path))
                    Add(entry, path);
            }
        }

        void Add(FileSystemInfo entry, string path)
        {
            try
            {
                var target = entry.LinkTarget is null ? entry.FullName : RealPath.Of(entry.FullName);
                if (!target.StartsWith(real + "/", StringComparison.Ordinal))
                    unreadable.Add(Say(path, "the link leads out of the workspace.", "Copy the file here."));
                else if (!Directory.Exists(target))
                    files.Add(path, FileStamp.Of(target, entry.LinkTarget is not null));
            }
            catch (IOException e)
            {
                unreadable.Add(Say(path, $"cannot be read: {Findings.Shorten(e.Message)}", "Repair or delete the link."));
            }
        }
    }

    /// <summary>Reads everything that is there now.</summary>
    public WorkspaceSnapshot Take(CancellationToken stopping) => Read(List(stopping), YamlLimits.Default, stopping);

    /// <summary>Reads what a listing names. A file that is gone by then is left out.</summary>
    internal static WorkspaceSnapshot Read(FolderListing listing, YamlLimits limits, CancellationToken stopping)
    {
        var settled = true;
        var files = new Dictionary<string, ReadOnlyMemory<byte>>();
        var unreadable = new List<Diagnostic>(listing.Unreadable);
        var total = 0L;
        foreach (var (path, stamp) in listing.Files)
        {
            stopping.ThrowIfCancellationRequested();
            try
            {
                // The reader refuses what is over a limit, by name; here it is only kept out of memory.
                if (stamp.Length > limits.FileBytes || total + stamp.Length > limits.TotalBytes || files.Count >= limits.Files)
                    unreadable.Add(Place.Start.Say(path, "E005", Severity.Error, $"over a limit: {limits.FileBytes} bytes a file, {limits.TotalBytes} bytes and {limits.Files} files in all.", "Split it, or move what is not configuration out of the workspace."));
                else if (ReadUnchanged(stamp) is { } content)
                {
                    total += content.Length;
                    files.Add(path, content);
                }
                else
                {
                    settled = false;
                    unreadable.Add(Say(path, "it changes faster than it can be read.", "Write the file aside and rename it into its place."));
                }
            }
            catch (FileNotFoundException)
            {
                // Deleted between listing and reading: the next listing will not have it either.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                unreadable.Add(Say(path, $"cannot be read: {Findings.Shorten(e.Message)}", "Let the hub's user read it."));
            }
        }
        return new WorkspaceSnapshot(files, unreadable) { IsSettled = settled };
    }

    private static byte[]? ReadUnchanged(FileStamp stamp)
    {
        for (var read = 0; read < ReadsMax; read++)
        {
            var before = FileStamp.Of(stamp.RealPath, stamp.IsLink);
            // A pipe or a device says that it is empty, and opening a pipe waits for its writer: what says so is not opened.
            var content = before.Length == 0 ? [] : File.ReadAllBytes(stamp.RealPath);
            if (content.Length == before.Length && FileStamp.Of(stamp.RealPath, stamp.IsLink) == before)
                return content;
        }
        return null;
    }

    private static Diagnostic Say(string path, string message, string fix) => Place.Start.Say(path, "E007", Severity.Error, message, fix);
}

/// <summary>What lies in a workspace's folder, without the contents. Two listings are equal when nothing seems to have changed between them.</summary>
/// <param name="Files">By path in the workspace.</param>
/// <param name="Unreadable">What is there and cannot be read.</param>
public sealed record FolderListing(IReadOnlyDictionary<string, FileStamp> Files, IReadOnlyList<Diagnostic> Unreadable)
{
    public bool Equals(FolderListing? other) => other is not null && Files.SequenceEqual(other.Files) && Unreadable.SequenceEqual(other.Unreadable);

    public override int GetHashCode() => HashCode.Combine(Files.Count, Unreadable.Count);
}

/// <summary>By what a changed file is known: its size and the time of its last change.</summary>
public readonly record struct FileStamp(string RealPath, bool IsLink, long Length, DateTime ChangedUtc)
{
    internal static FileStamp Of(string realPath, bool isLink)
    {
        var file = new FileInfo(realPath);
        return new FileStamp(realPath, isLink, file.Length, file.LastWriteTimeUtc); // Length throws FileNotFoundException when it is gone
    }
}
