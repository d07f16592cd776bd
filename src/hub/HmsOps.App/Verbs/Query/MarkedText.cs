using HmsOps.PromQL;

namespace HmsOps.App.Verbs.Query;

/// <summary>An expression's line with a caret under each character that is meant.</summary>
internal static class MarkedText
{
    private const string Indent = "  ";

    /// <summary>Two lines, each with its end; the caret stands under the character whatever cells those before it take.</summary>
    public static string Under(string text, SourceRange at)
    {
        var start = Math.Clamp(at.Start, 0, text.Length);
        var lineStart = start == 0 ? 0 : text.LastIndexOf('\n', start - 1) + 1;
        var lineEnd = text.IndexOf('\n', start) is var found and >= 0 ? found : text.Length;
        var end = Math.Clamp(at.End, start, lineEnd);
        var before = Shown(text[lineStart..start]);
        var meant = Shown(text[start..end]);
        var after = Shown(text[end..lineEnd]);
        var carets = new string('^', Math.Max(1, CellText.Width(meant)));
        return $"{Indent}{before}{meant}{after}\n{Indent}{new string(' ', CellText.Width(before))}{carets}\n";
    }

    private static string Shown(string part) => CellText.Safe(part.Replace('\t', ' ').TrimEnd('\r'));
}
