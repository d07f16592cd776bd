using System.Globalization;
using HmsOps.Observe.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace HmsOps.Present.Api.Otlp;

/// <summary><c>POST /v1/metrics</c>, and the two signals that are refused by name. Every answer has the shape OTLP gives it, in the form of the request.</summary>
internal static class OtlpEndpoints
{
    /// <summary>A sender slower than this holds a connection for nothing; one slower than 240 bytes a second is cut off by Kestrel before.</summary>
    public static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(30);

    private const string Protobuf = "application/x-protobuf";
    private const string Json = "application/json";

    public static void Map(IEndpointRouteBuilder routes, PresentSources sources)
    {
        // With its type written out, so that it is not taken for a delegate whose answer nobody looks at.
        routes.MapPost("/v1/metrics", Task<IResult> (HttpContext http) => TakeAsync(http, sources));
        routes.MapPost("/v1/traces", (HttpContext http) => Refuse(http, "traces"));
        routes.MapPost("/v1/logs", (HttpContext http) => Refuse(http, "logs"));
    }

    /// <summary>What is said while there is no store yet, or no more; null when there is one.</summary>
    public static OtlpOutcome? NotReadyNow(PresentSources sources)
    {
        if (sources.Hub() is not { Stage: not HubStage.Ready } status)
            return null;
        var problem = NotReady.Problem(status);
        return new OtlpOutcome(OtlpVerdict.Unavailable, $"{problem.Title}: {problem.Detail}") { RetryAfter = problem.RetryAfter };
    }

    /// <summary>What is said to a signal that is not in this version.</summary>
    public static OtlpOutcome NotInThisVersion(string signal) => new(
        OtlpVerdict.Unknown, $"{signal} are not in this version; send metrics here, and set the exporter of {signal} to none or to another backend");

    /// <summary>What is said to a sender that is too slow.</summary>
    public static OtlpOutcome TooSlow() => new(
        OtlpVerdict.TooSlow, $"a body has {ReadMax.TotalSeconds} s to arrive. Send fewer data points a request");

    private static async Task<IResult> TakeAsync(HttpContext http, PresentSources sources)
    {
        var form = FormOf(http.Request);
        if (NotReadyNow(sources) is { } notReady)
            return new Reply(notReady, form);
        // The door counts bytes itself, and may be set to more than Kestrel takes by default.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        using var late = new CancellationTokenSource(ReadMax, sources.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
        try
        {
            var encoding = http.Request.Headers.ContentEncoding;
            return new Reply(
                await sources.Otlp.AcceptAsync(form, encoding.Count == 0 ? null : encoding.ToString(), http.Request.ContentLength, http.Request.BodyReader, either.Token), form);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return new Reply(TooSlow(), form);
        }
    }

    private static Reply Refuse(HttpContext http, string signal) => new(NotInThisVersion(signal), FormOf(http.Request));

    private static OtlpEncoding? FormOf(HttpRequest request) => !MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ? null
        : type.MediaType.Equals(Protobuf, StringComparison.OrdinalIgnoreCase) ? OtlpEncoding.Protobuf
        : type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase) ? OtlpEncoding.Json
        : null;

    private sealed class Reply(OtlpOutcome outcome, OtlpEncoding? form) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            var spoken = form ?? OtlpEncoding.Json; // to a sender of neither form: the one that people read
            var body = OtlpReply.Write(outcome, spoken);
            response.StatusCode = outcome.HttpStatus;
            response.ContentType = spoken == OtlpEncoding.Json ? Json : Protobuf;
            response.ContentLength = body.Length;
            response.Headers.CacheControl = "no-store";
            if (outcome.RetryAfter is { } seconds)
                response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            await response.Body.WriteAsync(body, httpContext.RequestAborted);
        }
    }
}
