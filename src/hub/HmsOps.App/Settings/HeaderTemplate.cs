using System.Buffers;
using System.Text;
using HmsOps.Workspace.Binding;

namespace HmsOps.App.Settings;

/// <summary>The value of a header with names of secrets in it: <c>Bearer ${secret:cluster}</c>.</summary>
internal static class HeaderTemplate
{
    private const string Opening = "${secret:";

    private static readonly SearchValues<char> InNames = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    // What says how a request is read: the hub's own, or HTTP's.
    private static readonly HashSet<string> Taken = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Connection", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Accept-Encoding", "Expect", "Upgrade", "TE", "Trailer",
        "X-Prometheus-Remote-Write-Version", "X-Prometheus-Remote-Read-Version",
    };

    private static readonly string[] Secretive = ["auth", "key", "token", "cookie", "secret", "pass", "credential"];

    /// <summary>True for a header that may be written in the settings.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= 128 && !name.AsSpan().ContainsAnyExcept(InNames) && !Taken.Contains(name);

    /// <summary>True when a value that is to be kept from people is written out.</summary>
    public static bool HoldsSecret(string name, string value) =>
        Array.Exists(Secretive, word => name.Contains(word, StringComparison.OrdinalIgnoreCase)) && !value.Contains(Opening, StringComparison.Ordinal);

    /// <summary>The value with its secrets in their places; null and the name of the first that has no value.</summary>
    public static async Task<(string? Value, string? Missing)> FillAsync(string template, Func<string, Task<string?>> secret)
    {
        var value = new StringBuilder();
        var rest = template;
        for (var open = rest.IndexOf(Opening, StringComparison.Ordinal); open >= 0; open = rest.IndexOf(Opening, StringComparison.Ordinal))
        {
            var end = rest.IndexOf('}', open);
            var name = end < 0 ? null : Credentials.NameIn(rest[open..(end + 1)]);
            if (name is null)
                break; // what only looks like one stands as it is
            if (await secret(name) is not { } found)
                return (null, name);
            value.Append(rest, 0, open).Append(found);
            rest = rest[(end + 1)..];
        }
        return (value.Append(rest).ToString(), null);
    }
}
