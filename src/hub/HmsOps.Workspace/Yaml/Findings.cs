using System.Text;

namespace HmsOps.Workspace.Yaml;

/// <summary>What is found wrong or doubtful while one file is read. One owner, one thread; the list grows in the order of reading.</summary>
public sealed class Findings(SourceText source, bool strict = true)
{
    private const int QuotedCharactersMax = 40; // enough to recognise a value, and no message becomes a page
    private const int ShownMax = 100; // a file of another kind altogether says enough in a hundred lines
    private readonly List<Diagnostic> _all = [];

    /// <summary>The text the places are in.</summary>
    public SourceText Source { get; } = source;

    /// <summary>False when the workspace asks that unknown keys only warn.</summary>
    public bool IsStrict { get; } = strict;

    /// <summary>All of them so far.</summary>
    public IReadOnlyList<Diagnostic> All => _all;

    /// <summary>True when the file cannot be taken.</summary>
    public bool HasErrors { get; private set; }

    /// <summary>Something that keeps the file from being taken.</summary>
    public void Error(string code, YamlNode at, string message, string fix, string? suggestion = null) =>
        Add(Severity.Error, code, at.Start, at.End, message, fix, suggestion);

    /// <summary>Something that works and is probably not meant, or that this version does not do.</summary>
    public void Warning(string code, YamlNode at, string message, string fix, string? suggestion = null) =>
        Add(Severity.Warning, code, at.Start, at.End, message, fix, suggestion);

    /// <summary>A finding at offsets into the text.</summary>
    public void Add(Severity severity, string code, int start, int end, string message, string fix, string? suggestion = null)
    {
        HasErrors |= severity == Severity.Error;
        if (_all.Count > ShownMax)
            return;
        if (_all.Count == ShownMax)
            (severity, code, message, fix, suggestion) = (Severity.Error, "E005", $"more than {ShownMax} things are wrong here; the rest is not shown.", "Correct those above first.", null);
        var (line, column) = Source.Locate(start);
        var (endLine, endColumn) = Source.Locate(Math.Max(start, end));
        _all.Add(new Diagnostic(Source.File, line, column, endLine, endColumn, code, severity, message, fix, suggestion));
    }

    /// <summary>What a person wrote, fit to stand in a message: short, on one line, control characters escaped.</summary>
    public static string Shorten(string text)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= QuotedCharactersMax)
                return shown.Append('…').ToString();
            _ = rune.Value switch
            {
                '\n' => shown.Append("\\n"),
                '\r' => shown.Append("\\r"),
                '\t' => shown.Append("\\t"),
                _ when Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) == System.Globalization.UnicodeCategory.Format => shown.Append($"\\u{rune.Value:x4}"),
                _ => shown.Append(rune.ToString()),
            };
        }
        return shown.ToString();
    }
}
