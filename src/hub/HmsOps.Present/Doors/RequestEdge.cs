using HmsOps.Ledger;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HmsOps.Present.Doors;

/// <summary>The edge of every request: who may ask at all, the headers of every answer, and the last catch.</summary>
internal sealed partial class RequestEdge(RequestDelegate next, HostRule hosts, ILogger<RequestEdge> log)
{
    // design/reliability: no inline script or style, nothing from another host, nobody may frame us.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public async Task InvokeAsync(HttpContext http)
    {
        Guard(http.Response.Headers);
        if ((hosts.Refuse(http.Request) ?? OriginRule.Refuse(http.Request)) is { } refused)
        {
            await refused.WriteAsync(http.Response, http.RequestAborted);
            return;
        }
        try
        {
            await next(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Whoever asked has gone: there is nobody to answer, and nothing went wrong.
        }
        catch (BadHttpRequestException bad) when (!http.Response.HasStarted)
        {
            await WriteAsync(http, new Problem("bad-request", "The request cannot be read", bad.StatusCode, bad.Message));
        }
        catch (LedgerCorruptException corrupt) when (!http.Response.HasStarted)
        {
            LogCorrupt(log, corrupt);
            await WriteAsync(http, new Problem("ledger-damaged", "The ledger does not verify", StatusCodes.Status500InternalServerError, corrupt.Message));
        }
        catch (Exception failure) when (!http.Response.HasStarted) // the edge of the request: one page fails, the hub does not
        {
            LogFailed(log, http.Request.Method, http.Request.Path, failure);
            await WriteAsync(http, new Problem(
                "failed", "This page could not be made", StatusCodes.Status500InternalServerError,
                "HMS-OPS has a fault here; watching, acting and paging go on. The hub's log on /hub says what happened. Load the page again."));
        }
    }

    private static async Task WriteAsync(HttpContext http, Problem problem)
    {
        http.Response.Clear();
        Guard(http.Response.Headers);
        await problem.WriteAsync(http.Response, http.RequestAborted);
    }

    private static void Guard(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }

    [LoggerMessage(1, LogLevel.Error, "Request {method} {path} failed", EventName = "RequestFailed")]
    private static partial void LogFailed(ILogger log, string method, string path, Exception failure);

    [LoggerMessage(2, LogLevel.Error, "Ledger does not verify", EventName = "LedgerDamaged")]
    private static partial void LogCorrupt(ILogger log, Exception failure);
}
