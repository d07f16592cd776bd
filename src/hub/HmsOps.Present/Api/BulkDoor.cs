using HmsOps.Present.Doors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace HmsOps.Present.Api;

/// <summary>What every door has in common that takes bodies of megabytes: it is shut while there is no store, and a body has its time to arrive.</summary>
internal static class BulkDoor
{
    /// <summary>A sender slower than this holds a connection for nothing; one slower than 240 bytes a second is cut off by Kestrel before.</summary>
    private static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(30);

    /// <summary>Takes the request and answers, or answers why it cannot be taken now.</summary>
    public static async Task TakeAsync(HttpContext http, PresentSources sources, Func<CancellationToken, Task<IResult>> take)
    {
        var result = await ResultAsync(http, sources, take);
        await result.ExecuteAsync(http);
    }

    private static async Task<IResult> ResultAsync(HttpContext http, PresentSources sources, Func<CancellationToken, Task<IResult>> take)
    {
        if (sources.Hub() is { Stage: not HubStage.Ready } status)
            return NotReady.Problem(status).AsResult();
        // The door counts bytes itself, and may be set to more than Kestrel takes by default.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        using var late = new CancellationTokenSource(ReadMax, sources.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
        try
        {
            http.Response.Headers.CacheControl = "no-store";
            return await take(either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return new Problem(
                "body-too-slow", "The body took too long to arrive", StatusCodes.Status408RequestTimeout,
                $"A body has {ReadMax.TotalSeconds} s to arrive. Send fewer samples a request.").AsResult();
        }
    }

    /// <summary>The value of a header; null when it is not there.</summary>
    public static string? Header(HttpRequest request, string name) => request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;
}
