using System.Globalization;
using HmsOps.Observe.RemoteWrite;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.RemoteWrite;

/// <summary><c>POST /api/v1/write</c>: hands the body to Observe and says what became of it in the shape senders of remote write know: a status, headers with counts, one line of text.</summary>
internal static class RemoteWriteEndpoint
{
    private const string Prefix = "X-Prometheus-Remote-Write-";

    public static void Map(IEndpointRouteBuilder routes, PresentSources sources) =>
        routes.MapPost("/api/v1/write", (HttpContext http) => BulkDoor.TakeAsync(http, sources, async cancellationToken =>
        {
            var request = http.Request;
            var head = new WriteRequestHead(request.ContentType, BulkDoor.Header(request, "Content-Encoding"), BulkDoor.Header(request, $"{Prefix}Version"))
            {
                ContentLength = request.ContentLength,
            };
            return new Reply(await sources.RemoteWrite.AcceptAsync(head, request.BodyReader, cancellationToken));
        }));

    private sealed class Reply(WriteAnswer answer) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.StatusCode = answer.Status;
            response.Headers[$"{Prefix}Samples-Written"] = answer.Samples.ToString(CultureInfo.InvariantCulture);
            response.Headers[$"{Prefix}Histograms-Written"] = answer.Histograms.ToString(CultureInfo.InvariantCulture);
            response.Headers[$"{Prefix}Exemplars-Written"] = answer.Exemplars.ToString(CultureInfo.InvariantCulture);
            if (answer.RetryAfter is { } seconds)
                response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            if (answer.Message is { } message)
            {
                response.ContentType = "text/plain; charset=utf-8";
                await response.WriteAsync(message + "\n", httpContext.RequestAborted);
            }
        }
    }
}
