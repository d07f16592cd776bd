using HmsOps.Workspace.Kinds;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Scripts;

/// <summary>Which files may be run, and by what name: those in <c>cd/</c> or <c>scripts/</c> at any depth, or in the folder of a service's manifest.</summary>
internal static class ScriptFinder
{
    public const string Kind = "script";

    public static bool IsScript(string path, IEnumerable<WorkspaceFile> yaml)
    {
        var folder = FolderOf(path);
        return folder.Split('/').Any(segment => segment is "cd" or "scripts")
            || yaml.Any(file => file.Kind == FileKind.Service.Name && FolderOf(file.Path) == folder);
    }

    /// <summary>Scripts by stem. A stem two files share names neither: which one would run is not left to the order of folders.</summary>
    public static IReadOnlyDictionary<string, ScriptFile> Find(IReadOnlyList<WorkspaceFile> files, List<Diagnostic> diagnostics)
    {
        var found = new Dictionary<string, ScriptFile>();
        var scripts = files.Where(file => file.Kind == Kind && file.State != FileState.Refused);
        foreach (var twins in scripts.GroupBy(file => Path.GetFileNameWithoutExtension(file.Path).ToLowerInvariant()))
        {
            if (twins.Count() == 1)
            {
                var only = twins.First();
                found.Add(twins.Key, new ScriptFile(only.Path, only.Sha256));
                continue;
            }
            foreach (var script in twins)
                diagnostics.Add(Place.Start.Say(
                    script.Path, "E054", Severity.Warning, $"more than one script is called '{twins.Key}': {string.Join(", ", twins.Select(twin => twin.Path))}; none of them is run.", "Rename or delete all but one."));
        }
        return found;
    }

    private static string FolderOf(string path) => path[..Math.Max(0, path.LastIndexOf('/'))];
}
