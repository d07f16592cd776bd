namespace HmsOps.House.Tests;

/// <summary>The files of the checkout the tests run in, build output and data left out.</summary>
static class Checkout
{
    static readonly string[] NotOurs = [".git", ".build", "bin", "obj", ".vs", ".idea", "__pycache__", "TestResults", "node_modules", ".data"];

    /// <summary>The folder that holds HmsOps.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Paths relative to the root, with '/', in a fixed order. Links are not followed: what they lead to is listed under its own name.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. List(new DirectoryInfo(Root)).Order(StringComparer.Ordinal)];

    public static string Absolute(string path) => Path.Combine(Root, path);

    public static string Read(string path) => File.ReadAllText(Absolute(path));

    public static IEnumerable<string> Sources(string folder, params string[] endings) =>
        Files.Where(file => file.StartsWith(folder, StringComparison.Ordinal) && endings.Any(end => file.EndsWith(end, StringComparison.Ordinal)));

    static IEnumerable<string> List(DirectoryInfo folder)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos())
        {
            if (NotOurs.Contains(entry.Name) || entry.LinkTarget is not null)
                continue;
            var path = Path.GetRelativePath(Root, entry.FullName).Replace('\\', '/');
            if (path is "data" or "workspace")
                continue; // what `./hms-ops serve` makes when it is started at the root
            if (entry is DirectoryInfo inner)
            {
                foreach (var file in List(inner))
                    yield return file;
            }
            else
            {
                yield return path;
            }
        }
    }

    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "HmsOps.slnx")))
                return folder.FullName;
        }
        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds HmsOps.slnx; run the tests from a checkout.");
    }
}
