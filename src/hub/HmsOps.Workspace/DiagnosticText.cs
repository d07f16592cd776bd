using System.Text;
using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace;

/// <summary>A diagnostic as <c>hms-ops check</c> prints it: what and where, the line with a mark under the place, and what to do.</summary>
public static class DiagnosticText
{
    private const int WidthMax = 160; // a longer line tells no more by being whole

    /// <summary>
    /// The whole text. <paramref name="content"/> is the file's, where it is at hand; of a file in which a key of credentials is spelled no line is ever
    /// shown, for the mistake may be just that a secret stands where it should not.
    /// </summary>
    public static string Of(Diagnostic diagnostic, string? content)
    {
        ArgumentNullException.ThrowIfNull(diagnostic);
        var text = new StringBuilder().Append(diagnostic).Append('\n');
        if (content is not null && !Credentials.MayBeIn(content))
            AppendLine(text, diagnostic, new SourceText(diagnostic.File, content).Line(diagnostic.Line));
        return text.Append("    fix: ").Append(diagnostic.Fix).Append('\n').ToString();
    }

    private static void AppendLine(StringBuilder text, Diagnostic diagnostic, string line)
    {
        var shown = Escape(line);
        if (shown.Length == 0 || shown.Length > WidthMax)
            return;
        var width = diagnostic.EndLine == diagnostic.Line ? diagnostic.EndColumn - diagnostic.Column : shown.Length - diagnostic.Column + 1;
        text.Append("    ").Append(shown).Append('\n');
        text.Append(' ', 3 + diagnostic.Column).Append('^', Math.Max(1, width)).Append('\n');
    }

    // One column for each character, so that the mark stays under its place; what steers a terminal does not reach it.
    private static string Escape(string line)
    {
        var shown = new StringBuilder(line.Length);
        foreach (var rune in line.EnumerateRunes())
            shown.Append(Rune.IsControl(rune) ? (rune.Value == '\t' ? " " : "·") : rune.ToString());
        return shown.ToString();
    }
}
