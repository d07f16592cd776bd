using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Assets;

/// <summary><c>GET /hms/{version}/{file}</c></summary>
internal static class AssetsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/hms/{version}/{**file}", [HttpMethods.Get, HttpMethods.Head], AnswerAsync);

    private static async Task AnswerAsync(HttpContext http, string version, string file)
    {
        var assets = AssetSet.Embedded;
        if (assets.Find(file) is not { } asset)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        var response = http.Response;
        var packed = http.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal);
        response.ContentType = asset.ContentType;
        response.Headers.Vary = "Accept-Encoding";
        // A page of an older version asks under that version's name: it gets what there is, and does not keep it.
        response.Headers.CacheControl = version == assets.Version ? "public, max-age=31536000, immutable" : "no-cache";
        response.Headers.ETag = $"\"{assets.Version}{(packed ? "-br" : "")}\"";
        if (http.Request.Headers.IfNoneMatch == response.Headers.ETag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        if (packed)
            response.Headers.ContentEncoding = "br";
        var body = packed ? asset.Packed : asset.Plain;
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
            await response.Body.WriteAsync(body, http.RequestAborted);
    }
}
