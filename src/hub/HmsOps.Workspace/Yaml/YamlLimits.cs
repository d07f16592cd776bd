namespace HmsOps.Workspace.Yaml;

/// <summary>How much a workspace may ask of its reader. Each limit is named in the message of what exceeds it.</summary>
/// <param name="FileBytes">Bytes of one file.</param>
/// <param name="TotalBytes">Bytes of all files together.</param>
/// <param name="Files">Files that are read.</param>
/// <param name="RunbookBytes">Bytes of one runbook page.</param>
/// <param name="Depth">Lists and maps inside one another.</param>
/// <param name="Nodes">Texts, lists and maps of one file, aliases written out.</param>
/// <param name="Aliases">Aliases of one file.</param>
public sealed record YamlLimits(int FileBytes, long TotalBytes, int Files, int RunbookBytes, int Depth, int Nodes, int Aliases)
{
    /// <summary>What holds unless a test says otherwise.</summary>
    public static YamlLimits Default { get; } = new(
        FileBytes: 1 << 20, TotalBytes: 64 << 20, Files: 10_000, RunbookBytes: 256 << 10, Depth: 50, Nodes: 100_000, Aliases: 100);
}
