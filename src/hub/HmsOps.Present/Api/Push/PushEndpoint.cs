using System.Buffers;
using HmsOps.Present.Doors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Push;

/// <summary><c>POST /metric</c>: reads the body within its limits and hands it over whole; Observe says what became of each item.</summary>
internal static class PushEndpoint
{
    public const int BytesMax = 1024 * 1024;

    /// <summary>A sender slower than this holds a connection for nothing.</summary>
    private static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(30);

    public static void Map(IEndpointRouteBuilder routes, PresentSources sources) => routes.MapPost("/metric", async (HttpContext http) =>
    {
        if (sources.Hub() is { Stage: not HubStage.Ready } status)
            return NotReady.Problem(status).AsResult();
        if (http.Request.ContentLength > BytesMax)
            return TooLarge().AsResult();
        using var late = new CancellationTokenSource(ReadMax, sources.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
        try
        {
            if (await ReadAsync(http.Request, either.Token) is not { } body)
                return TooLarge().AsResult();
            var reply = await sources.Push(body, http.RequestAborted);
            http.Response.Headers.CacheControl = "no-store";
            return new Reply(reply);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return new Problem(
                "body-too-slow", "The body took too long to arrive", StatusCodes.Status408RequestTimeout,
                $"A body has {ReadMax.TotalSeconds} s to arrive (limits.metric.read). Send fewer items a request.").AsResult();
        }
    });

    private static Problem TooLarge() => new(
        "body-too-large", "The body is larger than 1 MiB", StatusCodes.Status413PayloadTooLarge,
        $"A request to /metric has at most {BytesMax} bytes (limits.metric.body). Send its items in several requests.");

    /// <summary>The whole body; null when it is larger than the limit.</summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > BytesMax)
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
