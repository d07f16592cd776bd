using System.Buffers;
using HmsOps.Present.Doors;
using HmsOps.Present.Web.Words;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Push;

/// <summary><c>POST /metric</c>: reads the body within its limits and hands it over whole; Observe says what became of each item.</summary>
internal static class PushEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, PresentSources sources) => routes.MapPost("/metric", async (HttpContext http) =>
    {
        if (sources.Hub() is { Stage: not HubStage.Ready } status)
            return NotReady.Problem(status).AsResult();
        var limits = sources.Limits;
        if (http.Request.ContentLength > limits.MetricBodyBytes)
            return TooLarge(limits).AsResult();
        using var late = new CancellationTokenSource(limits.MetricRead, sources.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
        try
        {
            if (await ReadAsync(http.Request, limits.MetricBodyBytes, either.Token) is not { } body)
                return TooLarge(limits).AsResult();
            var reply = await sources.Push(body, http.RequestAborted);
            http.Response.Headers.CacheControl = "no-store";
            return new Reply(reply);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return new Problem(
                "body-too-slow", "The body took too long to arrive", StatusCodes.Status408RequestTimeout,
                $"A body has {limits.MetricRead.TotalSeconds} s to arrive (limits.metric.read). Send fewer items a request.").AsResult();
        }
    }).WithMetadata(new DisableRequestSizeLimitAttribute()); // the server's own limit may be lower than ours, which is kept in ReadAsync

    private static Problem TooLarge(PresentLimits limits) => new(
        "body-too-large", $"The body is larger than {Quantity.Count(limits.MetricBodyBytes, "byte", "bytes")}", StatusCodes.Status413PayloadTooLarge,
        $"A request to /metric has at most {limits.MetricBodyBytes} bytes (limits.metric.body). Send its items in several requests.");

    /// <summary>The whole body; null when it is larger than the limit.</summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int bytesMax, CancellationToken cancellationToken)
    {
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > bytesMax)
            {
                reader.AdvanceTo(read.Buffer.End);
                return null;
            }
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End); // nothing consumed: the pipe keeps it, and grows to the limit at most
        }
    }

    private sealed class Reply(PushReply reply) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.StatusCode = reply.Status;
            response.ContentType = reply.Status < 400 ? "application/json" : "application/problem+json";
            response.ContentLength = reply.Json.Length;
            await response.Body.WriteAsync(reply.Json, httpContext.RequestAborted);
        }
    }
}
