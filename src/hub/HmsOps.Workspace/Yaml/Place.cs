namespace HmsOps.Workspace.Yaml;

/// <summary>Where something stood in a text that is no longer at hand.</summary>
internal readonly record struct Place(int Line, int Column, int EndLine, int EndColumn)
{
    /// <summary>The first character of a file.</summary>
    public static Place Start { get; } = new(1, 1, 1, 1);

    public static Place Of(YamlNode node, SourceText source)
    {
        var (line, column) = source.Locate(node.Start);
        var (endLine, endColumn) = source.Locate(node.End);
        return new Place(line, column, endLine, endColumn);
    }

    public Diagnostic Say(string file, string code, Severity severity, string message, string fix, string? suggestion = null) =>
        new(file, Line, Column, EndLine, EndColumn, code, severity, message, fix, suggestion);
}
