using System.Globalization;
using HmsOps.Observe.Influx;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Influx;

/// <summary>
/// What clients of InfluxDB ask of it before and while they write: the two write addresses, whether it is there, and the one query Telegraf makes at its start.
/// Bodies and errors have InfluxDB's shape, that of version 1 or 2 after the address.
/// </summary>
internal static class InfluxEndpoints
{
    private const string CreateDatabase = "CREATE DATABASE";

    // The line protocol and the v1 answers are those of 1.8; clients look at the number only to tell 0.9 and 3 from these.
    private const string ProtocolVersion = "1.8";

    public static void Map(IEndpointRouteBuilder routes, PresentSources sources)
    {
        routes.MapPost("/write", (HttpContext http) => WriteAsync(http, sources, isTwo: false));
        routes.MapPost("/api/v2/write", (HttpContext http) => WriteAsync(http, sources, isTwo: true));
        routes.MapMethods("/query", ["GET", "POST"], async (HttpContext http) => await (await QueryAsync(http)).ExecuteAsync(http));
        routes.MapMethods("/ping", ["GET", "HEAD"], (HttpContext http) =>
        {
            http.Response.Headers["X-Influxdb-Version"] = ProtocolVersion;
            http.Response.Headers["X-Influxdb-Build"] = "HMS-OPS";
            return Results.NoContent();
        });
        routes.MapGet("/health", () => Health(sources));
    }

    private static Task WriteAsync(HttpContext http, PresentSources sources, bool isTwo) => BulkDoor.TakeAsync(http, sources, async cancellationToken =>
    {
        var request = http.Request;
        var head = new InfluxRequestHead(request.Query["precision"], BulkDoor.Header(request, "Content-Encoding"), request.ContentLength);
        return new Reply(await sources.Influx.AcceptAsync(head, request.BodyReader, cancellationToken), isTwo);
    });

    /// <summary><c>CREATE DATABASE</c> succeeds, for afterwards one can write to it; that it changed nothing is said as InfluxDB says such things.</summary>
    private static async Task<IResult> QueryAsync(HttpContext http)
    {
        var request = http.Request;
        var query = request.Query["q"].ToString();
        if (query.Length == 0 && request.HasFormContentType)
            query = (await request.ReadFormAsync(http.RequestAborted))["q"].ToString();
        if (!query.TrimStart().StartsWith(CreateDatabase, StringComparison.OrdinalIgnoreCase))
        {
            return Results.Json(
                new InfluxErrorJson("InfluxQL is not spoken here, but for CREATE DATABASE; ask in PromQL at /api/v1/query"), ApiJson.Default.InfluxErrorJson,
                statusCode: StatusCodes.Status400BadRequest);
        }
        var note = new InfluxMessageJson("warning", "nothing was created: there are no databases here, all samples go into the one metric store");
        return Results.Json(new InfluxResultsJson([new InfluxResultJson(0, [note])]), ApiJson.Default.InfluxResultsJson);
    }

    private static IResult Health(PresentSources sources)
    {
        var status = sources.Hub();
        var isReady = status.Stage == HubStage.Ready;
        return Results.Json(
            new InfluxHealthJson("hms-ops", isReady ? "ready for writes" : status.Progress ?? "not ready", isReady ? "pass" : "fail", status.Version),
            ApiJson.Default.InfluxHealthJson, statusCode: isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private sealed class Reply(InfluxAnswer answer, bool isTwo) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.StatusCode = answer.Status;
            if (answer.Texts > 0)
                response.Headers["X-HMS-Skipped-Text-Fields"] = answer.Texts.ToString(CultureInfo.InvariantCulture);
            if (answer.RetryAfter is { } seconds)
                response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            if (answer.Message is not { } message)
                return;
            if (isTwo)
                await response.WriteAsJsonAsync(new InfluxProblemJson(answer.Code, message), ApiJson.Default.InfluxProblemJson, "application/json", httpContext.RequestAborted);
            else
                await response.WriteAsJsonAsync(new InfluxErrorJson(message), ApiJson.Default.InfluxErrorJson, "application/json", httpContext.RequestAborted);
        }
    }
}

internal sealed record InfluxProblemJson(string Code, string Message);

internal sealed record InfluxErrorJson(string Error);

internal sealed record InfluxResultsJson(IReadOnlyList<InfluxResultJson> Results);

internal sealed record InfluxResultJson([property: System.Text.Json.Serialization.JsonPropertyName("statement_id")] int StatementId, IReadOnlyList<InfluxMessageJson> Messages);

internal sealed record InfluxMessageJson(string Level, string Text);

internal sealed record InfluxHealthJson(string Name, string Message, string Status, string Version);
