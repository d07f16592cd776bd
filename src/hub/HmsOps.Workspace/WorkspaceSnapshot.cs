namespace HmsOps.Workspace;

/// <summary>
/// The files of a workspace at one moment: paths and bytes, taken from a folder or handed in from memory. Immutable. Paths are relative to the root, with '/'.
/// </summary>
public sealed class WorkspaceSnapshot
{
    private readonly SortedDictionary<string, ReadOnlyMemory<byte>> _files = new(StringComparer.Ordinal);

    /// <summary>Takes files, and what is said of those that could not be read.</summary>
    /// <exception cref="ArgumentException">A path is absolute, leaves the root, or stands there twice.</exception>
    public WorkspaceSnapshot(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> files, IReadOnlyList<Diagnostic>? unreadable = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        foreach (var (path, content) in files)
        {
            if (path.Split('/').Any(segment => segment is "" or "." or ".."))
                throw new ArgumentException($"'{path}' is not a path inside a workspace", nameof(files));
            _files.Add(path, content);
        }
        Unreadable = unreadable ?? [];
    }

    /// <summary>A workspace of no files.</summary>
    public static WorkspaceSnapshot Empty { get; } = new([]);

    /// <summary>Files by path, in ordinal order.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Files => _files;

    /// <summary>Files that are there and could not be read: their last good version stays.</summary>
    public IReadOnlyList<Diagnostic> Unreadable { get; }

    /// <summary>False when a file would not hold still while it was read: it is worth another look, though nothing changes any more.</summary>
    internal bool IsSettled { get; init; } = true;

    /// <summary>From texts: for tests, and for what is posted.</summary>
    public static WorkspaceSnapshot Of(params IEnumerable<(string Path, string Text)> files) => new(
        files.Select(file => KeyValuePair.Create(file.Path, (ReadOnlyMemory<byte>)System.Text.Encoding.UTF8.GetBytes(file.Text))));

    /// <summary>True for what a workspace is made of: YAML, scripts, and the pages of a wiki. Nothing else is read, and dot-folders and artefacts never.</summary>
    internal static bool IsPart(string path)
    {
        var segments = path.Split('/');
        if (segments.Any(segment => segment.StartsWith('.') || segment == "artefacts"))
            return false;
        return System.IO.Path.GetExtension(path) switch
        {
            ".yaml" or ".yml" or ".sh" or ".py" => true,
            ".md" => segments.SkipLast(1).Any(segment => segment is "wiki" or "runbooks"),
            _ => false,
        };
    }
}
