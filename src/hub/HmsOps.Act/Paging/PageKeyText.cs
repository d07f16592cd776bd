namespace HmsOps.Act.Paging;

/// <summary>A page's key where only some characters may stand.</summary>
internal static class PageKeyText
{
    /// <summary>For a header: as it is when it is visible ASCII, else percent-encoded.</summary>
    public static string InHeader(string key) => key.All(letter => letter is > ' ' and <= '~') ? key : Uri.EscapeDataString(key);

    /// <summary>For the left side of a <c>Message-ID</c>: one atom (RFC 5322 §3.2.3), dots included in the encoding.</summary>
    public static string AsAtom(string key) => Uri.EscapeDataString(key).Replace(".", "%2E", StringComparison.Ordinal);
}
