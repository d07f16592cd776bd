using System.Text.RegularExpressions;

namespace HmsOps.House.Tests.Prose;

/// <summary>What the rules need to know of a Markdown page: its links, its headings, its fences.</summary>
sealed partial class Markdown
{
    Markdown(IReadOnlyList<Link> links, IReadOnlySet<string> anchors, IReadOnlyList<Fence> fences)
    {
        Links = links;
        Anchors = anchors;
        Fences = fences;
    }

    public IReadOnlyList<Link> Links { get; }

    /// <summary>The names under which its headings can be linked to.</summary>
    public IReadOnlySet<string> Anchors { get; }

    public IReadOnlyList<Fence> Fences { get; }

    public static Markdown Read(string text)
    {
        var links = new List<Link>();
        var anchors = new HashSet<string>();
        var fences = new List<Fence>();
        List<string>? inside = null;
        var (mark, language) = ("", "");
        foreach (var (index, line) in text.Split('\n').Index())
        {
            if (FenceMark.Match(line) is { Success: true } fence && (inside is null || (fence.Groups["mark"].Value == mark && fence.Groups["rest"].Value.Length == 0)))
            {
                if (inside is null)
                {
                    (mark, language, inside) = (fence.Groups["mark"].Value, fence.Groups["rest"].Value, []);
                }
                else
                {
                    fences.Add(new(language, inside));
                    inside = null;
                }
            }
            else if (inside is not null)
            {
                inside.Add(line);
            }
            else
            {
                if (Heading.Match(line) is { Success: true } heading)
                    anchors.Add(Anchor(heading.Groups["text"].Value));
                var bare = CodeSpan.Replace(line, "");
                links.AddRange(from Match link in LinkTarget.Matches(bare) select new Link(link.Groups["to"].Value, index + 1));
            }
        }
        return new(links, anchors, fences);
    }

    /// <summary>As GitHub makes it: lower case, punctuation gone, spaces become dashes.</summary>
    static string Anchor(string heading) => NotInAnchor.Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"^\s*(?<mark>```|~~~)\s*(?<rest>.*?)\s*$")]
    private static partial Regex FenceMark { get; }

    [GeneratedRegex(@"^#{1,6}\s+(?<text>.*?)\s*#*\s*$")]
    private static partial Regex Heading { get; }

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex CodeSpan { get; }

    [GeneratedRegex(@"\]\(\s*<?(?<to>[^)\s>]+)>?(\s+""[^""]*"")?\s*\)|^\s*\[[^\]]+\]:\s*(?<to>\S+)")]
    private static partial Regex LinkTarget { get; }

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInAnchor { get; }
}

/// <summary>Where a link leads, and the line it stands in.</summary>
readonly record struct Link(string To, int Line);

/// <summary>A fenced block.</summary>
readonly record struct Fence(string Language, IReadOnlyList<string> Lines);
