using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Hub;

/// <summary>How the hub is: <c>/healthz</c>, <c>/readyz</c>, <c>/metrics</c> for machines, <c>/api/ops/v1/hub</c> in full.</summary>
internal static class HubEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, IEndpointRouteBuilder api, PresentSources sources)
    {
        routes.MapGet("/healthz", (HttpResponse response) =>
        {
            response.Headers.CacheControl = "no-store";
            return sources.Hub().StuckLoop is { } loop
                ? Results.Text($"stuck: {loop}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
                : Results.Text("ok\n");
        });
        routes.MapGet("/readyz", (HttpResponse response) =>
        {
            response.Headers.CacheControl = "no-store";
            var status = sources.Hub();
            return Results.Json(
                new ReadyJson(Word(status.Stage), status.Progress, status.Impaired), ApiJson.Default.ReadyJson,
                statusCode: status.Stage == HubStage.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        });
        routes.MapGet("/metrics", (HttpResponse response) =>
        {
            response.Headers.CacheControl = "no-store";
            return Results.Text(sources.Metrics(), "text/plain; version=0.0.4; charset=utf-8");
        });
        api.MapGet("/hub", () =>
        {
            var s = sources.Hub();
            return Results.Json(
                new HubJson(
                    Word(s.Stage), s.Progress, s.Version, s.Name, s.StartedAt.UtcDateTime, s.Impaired, s.Series, s.Samples, s.Refused,
                    new LedgerHeadJson(s.LedgerSize, s.LedgerRoot, sources.Journal.Log.State.ToString().ToLowerInvariant()), s.LogBytes, s.Log),
                ApiJson.Default.HubJson);
        });
    }

    private static string Word(HubStage stage) => stage.ToString().ToLowerInvariant();
}
