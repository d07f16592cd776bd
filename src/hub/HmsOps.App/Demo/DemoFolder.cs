namespace HmsOps.App.Demo;

/// <summary>The demo's own folder: a workspace as an operator would write it, and the hub's data beside it. Removed at the end unless it is kept.</summary>
internal sealed class DemoFolder : IDisposable
{
    private readonly bool _keep;

    private DemoFolder(string path, bool keep) => (Path, _keep) = (path, keep);

    public string Path { get; }

    public string Workspace => $"{Path}/workspace";

    public string Data => $"{Path}/data";

    /// <summary>Where the rule that is live stands.</summary>
    public DocketRule Rule => new($"{Workspace}/docket_rule");

    public static DemoFolder Make(bool keep) => new(Directory.CreateTempSubdirectory("hms-ops-demo-").FullName, keep);

    /// <summary>Writes the workspace, with the rule as it was before that Friday.</summary>
    public void Write(Uri phone)
    {
        foreach (var (name, text) in DemoFiles.Of(phone))
        {
            var path = $"{Workspace}/{name}";
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path) ?? Workspace);
            File.WriteAllText(path, text);
            if (name.EndsWith(".sh", StringComparison.Ordinal) && !OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        Rule.Put(DocketRule.Good);
    }

    /// <summary>Its end while the hub may still write in it; what became of it, for people.</summary>
    public string Leave()
    {
        if (_keep)
            return Kept;
        var gone = Path + ".gone"; // under another name nothing new can come into it
        try
        {
            Directory.Move(Path, gone);
            Directory.Delete(gone, recursive: true);
            return Removed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"the demo's folder could not be removed ({e.Message}); do it with: rm -r {(Directory.Exists(gone) ? gone : Path)}";
        }
    }

    /// <summary>What becomes of it at the end, for people.</summary>
    public string Farewell => _keep ? Kept : Removed;

    public void Dispose()
    {
        if (!_keep)
            Directory.Delete(Path, recursive: true);
    }

    private string Kept => $"workspace and data are kept in {Path}";

    private static string Removed => "the demo's folder is removed";
}
