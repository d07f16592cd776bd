namespace HmsOps.Workspace;

/// <summary>How bad it is: an error keeps the file's last good version in force, a warning keeps nothing back.</summary>
public enum Severity
{
    /// <summary>For information.</summary>
    Note,

    /// <summary>Works, but is probably not meant.</summary>
    Warning,

    /// <summary>The file is not taken.</summary>
    Error,
}

/// <summary>
/// One thing wrong in one place, with what to write instead. Lines and columns count from 1, columns in characters as an editor does.
/// Codes are those of docs/reference/errors.md.
/// </summary>
public sealed record Diagnostic(
    string File, int Line, int Column, int EndLine, int EndColumn, string Code, Severity Severity, string Message, string Fix, string? Suggestion = null)
{
    /// <summary><c>alerts/county_api.yml:2:1: E031 'treshold' is not a key of a metric rule. Did you mean 'threshold'?</c></summary>
    public override string ToString() =>
        $"{File}:{Line}:{Column}: {Code} {Message}{(Suggestion is null ? "" : $" Did you mean '{Suggestion}'?")}";
}

/// <summary>A place in a workspace file.</summary>
public readonly record struct SourceSpan(string File, int Line, int Column);
