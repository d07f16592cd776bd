namespace HmsOps.Labs.Tests.World;

/// <summary>A hub's two folders, made for one test and deleted after it.</summary>
internal sealed class LabFolder : IDisposable
{
    public LabFolder()
    {
        Root = Directory.CreateTempSubdirectory("hms-lab-").FullName;
        Directory.CreateDirectory(Workspace);
    }

    public string Root { get; }

    public string Workspace => Path.Combine(Root, "workspace");

    public string Data => Path.Combine(Root, "data");

    /// <summary>The county court as it is in examples/, looked at every second so that a test need not wait for the 15.</summary>
    public static LabFolder OfTheCountyCourt()
    {
        var lab = new LabFolder();
        CopyOfTheCountyCourt(lab.Workspace);
        lab.Write("workspace.yaml", "interval: 1s\n");
        return lab;
    }

    /// <summary>The county court exactly as it is in examples/, without what playing it left there.</summary>
    public static void CopyOfTheCountyCourt(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(Checkout.Lab, "*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(Checkout.Lab, file);
            if (path.Split('/') is [".data" or "docket_rule" or "__pycache__", ..] or [_, "__pycache__", ..])
                continue;
            var copy = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(copy) ?? folder);
            File.Copy(file, copy); // with its mode: scripts stay executable
        }
    }

    public void Write(string path, string text)
    {
        var full = Path.Combine(Workspace, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full) ?? Workspace);
        File.WriteAllText(full, text);
    }

    /// <summary>Writes a shell script that may be run.</summary>
    public void WriteScript(string path, string text)
    {
        Write(path, text);
        File.SetUnixFileMode(Path.Combine(Workspace, path), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Read(string path) => File.ReadAllText(Path.Combine(Workspace, path));

    public void Dispose()
    {
        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (IOException)
        {
            // A script that outlived its killed hub still writes here; the system's own sweep of temporary files gets the rest.
        }
    }
}
