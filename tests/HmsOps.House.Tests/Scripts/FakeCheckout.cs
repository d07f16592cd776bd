namespace HmsOps.House.Tests.Scripts;

/// <summary>
/// A checkout in miniature, with the real scripts and, first on the PATH, a `dotnet` that notes how it was called and does what the test says:
/// so the scripts are tested in milliseconds, and what they do when a compiler fails or a test host dies can be seen at all. The PATH holds
/// nothing else but what the scripts may count on, and an `apt-get` that only notes what it was asked for.
/// </summary>
sealed class FakeCheckout : IDisposable
{
    static readonly string[] Everywhere =
    [
        "awk", "basename", "bash", "cat", "chmod", "date", "dirname", "env", "find", "flock", "grep", "head", "ls", "ln", "mkdir", "mv", "nproc", "readlink", "rm", "sed", "sort", "tail",
        "tee", "touch", "wc",
    ];

    static readonly string[] Installed = ["chromium", "curl", "gcc", "git", "prometheus", "promtool", "unshare", "victoria-metrics"];

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hms-house-");

    public FakeCheckout(string dotnet)
    {
        foreach (var script in (string[])["hms-ops", "test", ".ci/run"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(At(script))!);
            File.Copy(Checkout.Absolute(script), At(script));
        }
        foreach (var file in (string[])["Directory.Build.props", "Directory.Packages.props", "global.json", "src/hub/HmsOps.App/Program.cs", "src/hub/HmsOps.App/Old.cs"])
            Write(file, "");
        Program("bin/dotnet", $"#!/bin/bash\necho \"$*\" >>{At("calls")}\n{dotnet}\n");
        Program("bin/apt-get", $"#!/bin/bash\necho \"$*\" >>{At("apt-calls")}\n");
        Program("bin/id", "#!/bin/bash\necho 0\n");
        foreach (var tool in Installed)
            Program($"bin/{tool}", "#!/bin/bash\n");
        foreach (var tool in Everywhere)
            File.CreateSymbolicLink(At($"bin/{tool}"), $"/usr/bin/{tool}");
        Environment = new Dictionary<string, string>
        {
            ["PATH"] = At("bin"),
            ["DOTNET_ROOT"] = At("bin"),
        };
    }

    public string Root => _folder.FullName;

    public Dictionary<string, string> Environment { get; }

    /// <summary>How `dotnet` was called, a line each.</summary>
    public IReadOnlyList<string> Calls => Lines("calls");

    /// <summary>What `apt-get` was asked for, a line each.</summary>
    public IReadOnlyList<string> Installs => Lines("apt-calls");

    public string At(string path) => Path.Combine(Root, path);

    public void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    public void Program(string path, string text)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("The scripts are for POSIX shells.");
        Write(path, text);
        File.SetUnixFileMode(At(path), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Moves the time of a file or folder, so that nothing depends on how fast the test runs.</summary>
    public void Touch(string path, TimeSpan fromStamp)
    {
        var time = File.GetLastWriteTimeUtc(At(".build/app.stamp")) + fromStamp;
        if (Directory.Exists(At(path)))
            Directory.SetLastWriteTimeUtc(At(path), time);
        else
            File.SetLastWriteTimeUtc(At(path), time);
    }

    /// <summary>Makes all sources an hour older than the last build.</summary>
    public void Settle()
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(At("src"), "*", SearchOption.AllDirectories).Concat(Directory.GetFiles(Root)).Append(At("src")).ToList())
            Touch(Path.GetRelativePath(Root, path), TimeSpan.FromHours(-1));
    }

    public Ran Run(string script, params string[] arguments) => Ran.Of(Root, Environment, At(script), arguments);

    string[] Lines(string file) => File.Exists(At(file)) ? File.ReadAllLines(At(file)) : [];

    public void Dispose() => _folder.Delete(recursive: true);
}
