namespace HmsOps.House.Tests.Prose;

/// <summary>A link within the checkout leads to a file that is there, and to a heading that it has.</summary>
static class LinkRule
{
    /// <summary>A complaint for each link that leads nowhere.</summary>
    /// <param name="page">Path of the page from the root.</param>
    /// <param name="text">What it says.</param>
    /// <param name="read">The text of a path from the root, "" for a folder; null when nothing is there.</param>
    public static IEnumerable<string> Check(string page, string text, Func<string, string?> read)
    {
        foreach (var link in Markdown.Read(text).Links.Where(link => !LeadsOut(link.To)))
        {
            var parts = link.To.Split('#', 2);
            var path = parts[0].Length == 0 ? page : Resolve(page, Uri.UnescapeDataString(parts[0]));
            if (path is null || (parts[0].Length == 0 ? text : read(path)) is not { } target)
                yield return $"{page}:{link.Line}: the link to {link.To} leads nowhere. Paths count from the page's own folder.";
            else if (parts.Length == 2 && !Markdown.Read(target).Anchors.Contains(parts[1]))
                yield return $"{page}:{link.Line}: {path} has no heading #{parts[1]}.";
        }
    }

    static bool LeadsOut(string to) => to.Contains("://", StringComparison.Ordinal) || to.StartsWith("mailto:", StringComparison.Ordinal);

    /// <summary>Null when the path leaves the checkout.</summary>
    static string? Resolve(string page, string to)
    {
        var parts = new List<string>(page.Split('/')[..^1]);
        foreach (var part in to.Split('/').Where(part => part is not ("" or ".")))
        {
            if (part != "..")
                parts.Add(part);
            else if (parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
            else
                return null;
        }
        return string.Join('/', parts);
    }
}
