using HmsOps.Present.Api;
using Microsoft.AspNetCore.Http;

namespace HmsOps.Present.Doors;

/// <summary>Why a request is not answered as asked, for people: RFC 9457, with a kind of ours (docs/reference/api.md has each) and a detail that says the remedy.</summary>
public sealed record Problem(string Kind, string Title, int Status, string Detail)
{
    /// <summary>Seconds after which the same request may succeed; null when that is not known.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The problem as an answer.</summary>
    public async Task WriteAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        response.StatusCode = Status;
        response.Headers.CacheControl = "no-store";
        if (RetryAfter is { } seconds)
            response.Headers.RetryAfter = $"{seconds}";
        await response.WriteAsJsonAsync(
            new ProblemJson($"urn:hms-ops:problem:{Kind}", Title, Status, Detail), ApiJson.Default.ProblemJson, "application/problem+json", cancellationToken);
    }

    /// <summary>The problem as a result of an endpoint.</summary>
    public IResult AsResult() => new Result(this);

    private sealed class Result(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => problem.WriteAsync(httpContext.Response, httpContext.RequestAborted);
    }
}
