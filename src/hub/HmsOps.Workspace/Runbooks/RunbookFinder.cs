namespace HmsOps.Workspace.Runbooks;

/// <summary>The page a rule's <c>runbook:</c> names: as written, with <c>.md</c> behind it, or under <c>wiki/</c> or <c>runbooks/</c>.</summary>
internal sealed class RunbookFinder(IReadOnlyList<WorkspaceFile> files)
{
    public const string Kind = "runbook";

    private readonly HashSet<string> _pages = [.. files.Where(file => file.Kind == Kind && file.State != FileState.Refused).Select(file => file.Path)];

    /// <summary>Every page there is.</summary>
    public IEnumerable<string> Pages => _pages;

    /// <summary>True for an address of the web, which is nobody's file.</summary>
    public static bool IsAddress(string written) =>
        Uri.TryCreate(written, UriKind.Absolute, out var address) && address.Scheme is "http" or "https";

    /// <summary>The page's path; null when there is none.</summary>
    public string? Find(string written)
    {
        var name = written.TrimStart('/');
        if (!name.EndsWith(".md", StringComparison.Ordinal))
            name += ".md";
        return new[] { name, $"wiki/{name}", $"runbooks/{name}" }.FirstOrDefault(_pages.Contains);
    }
}
