using System.Globalization;
using System.Text;
using HmsOps.Observe.Otlp;
using HmsOps.Present.Doors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace HmsOps.Present.Api.Otlp;

/// <summary>
/// OTLP over gRPC: unary calls on a port of their own. gRPC is HTTP/2 with a frame around each message and the result in trailers, so there is no library in
/// between. What comes by this port sees nothing else of the hub. See <c>PROTOCOL-HTTP2.md</c> of grpc/grpc.
/// </summary>
internal sealed partial class OtlpGrpcDoor(RequestDelegate next, PresentSources sources, HostRule hosts, ILogger<OtlpGrpcDoor> log)
{
    private const string MediaType = "application/grpc";
    private const string Services = "/opentelemetry.proto.collector.";

    public Task InvokeAsync(HttpContext http) => http.Features.Get<OtlpGrpcListener.Mark>() is null ? next(http) : AnswerAsync(http);

    private async Task AnswerAsync(HttpContext http)
    {
        try
        {
            if (HttpMethods.IsPost(http.Request.Method) && IsGrpc(http.Request.ContentType))
                await WriteAsync(http, await AnswerOfAsync(http));
            else
                await RefuseOtherAsync(http);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // Whoever called has gone, with half a message or without waiting for the answer: there is nobody to tell.
        }
    }

    private static bool IsGrpc(string? contentType) => MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals($"{MediaType}+proto", StringComparison.OrdinalIgnoreCase));

    private static Task RefuseOtherAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync("This port speaks OTLP over gRPC alone. Pages and OTLP over HTTP are on the hub's own address.\n", http.RequestAborted);
    }

    private async Task<GrpcAnswer> AnswerOfAsync(HttpContext http)
    {
        try
        {
            return await TakeAsync(http);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException bad)
        {
            return new GrpcAnswer(GrpcStatus.Internal, bad.Message);
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or IOException)) // the edge of the call: one call fails, the hub does not
        {
            LogFailed(log, http.Request.Path, failure);
            return new GrpcAnswer(GrpcStatus.Internal, "HMS-OPS has a fault here; its log says what happened");
        }
    }

    private async Task<GrpcAnswer> TakeAsync(HttpContext http)
    {
        if (hosts.Refuse(http.Request) is { } refused)
            return new GrpcAnswer(GrpcStatus.PermissionDenied, $"{refused.Title}. {refused.Detail}");
        if (Refuse(http.Request.Path.Value ?? "") is { } unknown)
            return GrpcAnswer.Of(unknown);
        if (OtlpEndpoints.NotReadyNow(sources) is { } notReady)
            return GrpcAnswer.Of(notReady);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        using var late = new CancellationTokenSource(OtlpEndpoints.ReadMax, sources.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
        try
        {
            var encoding = http.Request.Headers["grpc-encoding"];
            return await sources.Otlp.AcceptCallAsync(encoding.Count == 0 ? null : encoding.ToString(), http.Request.BodyReader, either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return GrpcAnswer.Of(OtlpEndpoints.TooSlow());
        }
    }

    private static OtlpOutcome? Refuse(string path)
    {
        if (path == $"{Services}metrics.v1.MetricsService/Export")
            return null;
        if (path.StartsWith($"{Services}trace.", StringComparison.Ordinal))
            return OtlpEndpoints.NotInThisVersion("traces");
        if (path.StartsWith($"{Services}logs.", StringComparison.Ordinal))
            return OtlpEndpoints.NotInThisVersion("logs");
        if (path.StartsWith($"{Services}profiles.", StringComparison.Ordinal))
            return OtlpEndpoints.NotInThisVersion("profiles");
        var shown = path.Length > 100 ? path[..100] + "…" : path;
        return new OtlpOutcome(OtlpVerdict.Unknown, $"there is no {shown} here; this port takes {Services[1..]}metrics.v1.MetricsService/Export");
    }

    private static async Task WriteAsync(HttpContext http, GrpcAnswer answer)
    {
        var response = http.Response;
        response.ContentType = MediaType;
        response.Headers["grpc-accept-encoding"] = "identity,gzip";
        if (!answer.Body.IsEmpty)
            await response.Body.WriteAsync(answer.Body, http.RequestAborted);
        response.AppendTrailer("grpc-status", ((int)answer.Status).ToString(CultureInfo.InvariantCulture));
        if (answer.Message.Length > 0)
            response.AppendTrailer("grpc-message", Percent(answer.Message));
        if (!answer.Details.IsEmpty)
            response.AppendTrailer("grpc-status-details-bin", Convert.ToBase64String(answer.Details.Span).TrimEnd('='));
        await response.CompleteAsync();
    }

    // Trailers are printable ASCII; all else, and the percent sign, in hex.
    private static string Percent(string message)
    {
        var text = new StringBuilder(message.Length);
        foreach (var b in Encoding.UTF8.GetBytes(message))
            _ = b is >= 0x20 and <= 0x7e and not (byte)'%' ? text.Append((char)b) : text.Append($"%{b:X2}");
        return text.ToString();
    }

    [LoggerMessage(1, LogLevel.Error, "Call of {path} failed", EventName = "CallFailed")]
    private static partial void LogFailed(ILogger log, string path, Exception failure);
}

/// <summary>How an address becomes the door of OTLP over gRPC.</summary>
public static class OtlpGrpcListener
{
    /// <summary>Makes what comes by this address calls of OTLP, and nothing else.</summary>
    public static void UseOtlpGrpc(this ListenOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Protocols = HttpProtocols.Http2; // without TLS one port cannot speak HTTP/1 too
        options.Use(next => connection =>
        {
            connection.Features.Set(Mark.Instance);
            return next(connection);
        });
    }

    internal sealed class Mark
    {
        public static Mark Instance { get; } = new();
    }
}
