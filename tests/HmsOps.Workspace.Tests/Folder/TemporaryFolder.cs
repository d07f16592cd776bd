namespace HmsOps.Workspace.Tests.Folder;

/// <summary>A folder of this test's own. Every write gets a time of its own: the disk's clock may be coarser than a test is quick.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private DateTime _written = new(2026, 11, 20, 16, 0, 0, DateTimeKind.Utc);

    public string Root { get; } = Directory.CreateTempSubdirectory("hms-ops-workspace-").FullName;

    public string PathOf(string path) => Path.Combine(Root, path);

    public void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(path))!); // a file below the root has a folder
        File.WriteAllText(PathOf(path), text);
        _written += TimeSpan.FromSeconds(1);
        File.SetLastWriteTimeUtc(PathOf(path), _written);
    }

    public void Link(string path, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(path))!);
        File.CreateSymbolicLink(PathOf(path), target);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
