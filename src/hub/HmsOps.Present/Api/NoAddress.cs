using HmsOps.Present.Doors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;

namespace HmsOps.Present.Api;

/// <summary>
/// What is asked under <c>/api</c> and is nowhere. 405 where the address is there for other methods: clients of Prometheus try POST first, and ask again by GET on that
/// answer alone.
/// </summary>
internal static class NoAddress
{
    /// <summary>Maps what no other endpoint takes.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        // Made on the first such request: by then every address is mapped.
        var known = new Lazy<IReadOnlyList<KnownAddress>>(() => [.. routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().SelectMany(KnownAddress.Of)]);
        routes.Map("/api/{**rest}", (HttpContext http) => Answer(http, known.Value).AsResult());
    }

    private static Problem Answer(HttpContext http, IReadOnlyList<KnownAddress> known)
    {
        var methods = string.Join(", ", known.Where(address => address.Is(http.Request.Path)).SelectMany(address => address.Methods).Distinct().Order(StringComparer.Ordinal));
        if (methods.Length == 0)
        {
            return new Problem(
                "no-address", $"There is no {http.Request.Method} {http.Request.Path}", StatusCodes.Status404NotFound, "docs/reference/api.md lists the addresses of this version.");
        }
        http.Response.Headers.Allow = methods;
        return new Problem(
            "wrong-method", $"{http.Request.Path} is not asked by {http.Request.Method}", StatusCodes.Status405MethodNotAllowed, $"Ask by {methods.Replace(", ", " or ", StringComparison.Ordinal)}.");
    }

    /// <summary>An address, and the methods it is asked by.</summary>
    private sealed record KnownAddress(TemplateMatcher Template, IReadOnlyList<string> Methods)
    {
        public static IEnumerable<KnownAddress> Of(RouteEndpoint endpoint) =>
            endpoint.Metadata.GetMetadata<HttpMethodMetadata>() is { HttpMethods.Count: > 0 } by && endpoint.RoutePattern.RawText is { } pattern
                ? [new KnownAddress(new TemplateMatcher(TemplateParser.Parse(pattern.TrimStart('/')), []), by.HttpMethods)]
                : [];

        public bool Is(PathString path) => Template.TryMatch(path, []);
    }
}
