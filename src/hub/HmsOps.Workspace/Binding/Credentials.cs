using System.Buffers;

namespace HmsOps.Workspace.Binding;

/// <summary>Keys whose values are secrets. A file names a secret, <c>${secret:name}</c>; what the name stands for is the administrator's to say.</summary>
public static class Credentials
{
    private const string Opening = "${secret:";
    private const int NameMax = 64; // a name is also a file's name and part of a variable's

    private static readonly SearchValues<char> InNames = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    private static readonly SearchValues<char> AfterHosts = SearchValues.Create("/ \t\r\n\"',");

    // Misspelled keys of credentials too ('pasword'): their lines hold a secret all the same.
    private static readonly SearchValues<string> Words =
        SearchValues.Create(["pass", "paswo", "secret", "secert", "token", "credential"], StringComparison.OrdinalIgnoreCase);

    /// <summary>The name in <c>${secret:name}</c>; null for anything else.</summary>
    public static string? NameIn(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.StartsWith(Opening, StringComparison.Ordinal) || !text.EndsWith('}'))
            return null;
        var name = text[Opening.Length..^1];
        return IsName(name) ? name : null;
    }

    /// <summary>True for what may name a secret: letters, digits, <c>_</c> and <c>-</c>, at most 64.</summary>
    public static bool IsName(string name) =>
        !string.IsNullOrEmpty(name) && name.Length <= NameMax && !name.AsSpan().ContainsAnyExcept(InNames);

    /// <summary>
    /// True when a key of credentials is spelled anywhere in the text, or an address has a user before its host: the text's lines are then not shown
    /// to anyone, whatever is wrong in them.
    /// </summary>
    public static bool MayBeIn(string text) => text.AsSpan().ContainsAny(Words) || HasUserInAddress(text);

    private static bool HasUserInAddress(ReadOnlySpan<char> text)
    {
        for (var at = text.IndexOf("://"); at >= 0; at = text.IndexOf("://"))
        {
            text = text[(at + 3)..];
            var end = text.IndexOfAny(AfterHosts);
            if ((end < 0 ? text : text[..end]).Contains('@'))
                return true;
        }
        return false;
    }
}
