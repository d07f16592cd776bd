using Microsoft.AspNetCore.Http;

namespace HmsOps.Present.Doors;

/// <summary>
/// Without accounts, whoever reaches the hub may change things; a page of another origin in the same browser must not. Browsers say where a request
/// comes from, in <c>Sec-Fetch-Site</c> and <c>Origin</c>; programs say neither and are let through.
/// </summary>
public static class OriginRule
{
    /// <summary>Why a request is refused; null when it is not.</summary>
    public static Problem? Refuse(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
            return null;
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site is not ("" or "same-origin" or "none"))
            return Foreign($"it says Sec-Fetch-Site: {(site.Length > 20 ? site[..20] : site)}");
        var origin = request.Headers.Origin.ToString();
        if (origin.Length == 0)
            return null;
        return Uri.TryCreate(origin, UriKind.Absolute, out var from)
            && string.Equals(from.Authority, Authority(request), StringComparison.OrdinalIgnoreCase)
            && string.Equals(from.Scheme, request.Scheme, StringComparison.OrdinalIgnoreCase)
            ? null
            : Foreign($"its Origin is {(origin.Length > 100 ? origin[..100] : origin)}");
    }

    private static string Authority(HttpRequest request) =>
        Uri.TryCreate($"{request.Scheme}://{request.Host.Value}", UriKind.Absolute, out var own) ? own.Authority : "";

    private static Problem Foreign(string how) => new(
        "foreign-origin", "The request comes from a page of another origin", StatusCodes.Status403Forbidden,
        $"A browser sent it, and {how}. Send it from the hub's own pages, or from a program.");
}
