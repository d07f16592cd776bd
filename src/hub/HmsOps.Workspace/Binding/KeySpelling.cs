using System.Text;

namespace HmsOps.Workspace.Binding;

/// <summary>One case for all keys: <c>healthChecks</c> and <c>health-checks</c> are <c>health_checks</c>.</summary>
public static class KeySpelling
{
    /// <summary>The key in snake_case.</summary>
    public static string Fold(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var folded = new StringBuilder(key.Length + 4);
        for (var i = 0; i < key.Length; i++)
        {
            var c = key[i];
            if (char.IsAsciiLetterUpper(c) && i > 0 && (char.IsAsciiLetterLower(key[i - 1]) || char.IsAsciiDigit(key[i - 1])))
                folded.Append('_');
            folded.Append(c == '-' ? '_' : char.ToLowerInvariant(c));
        }
        return folded.ToString();
    }
}
