using HmsOps.Present.Doors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Queries;

/// <summary><c>GET /api/ops/v1/queries</c> lists what is asked of the metric store just now; <c>DELETE</c> of one ends it, and its asker is told who did.</summary>
internal static class QueriesEndpoints
{
    private const int TextMax = 2_000; // characters of an expression that are shown
    private const int AgentMax = 100;

    public static void Map(IEndpointRouteBuilder api, RunningQueries queries)
    {
        api.MapGet("/queries", () => Results.Json(new QueriesJson([.. queries.All.Select(Json)]), ApiJson.Default.QueriesJson));
        api.MapDelete("/queries/{id:long}", (HttpContext http, long id) => queries.TryEnd(id, WhoAsks(http))
            ? Results.NoContent()
            : new Problem("no-query", $"There is no query {id}", StatusCodes.Status404NotFound, "It has come to its end. GET /api/ops/v1/queries lists those that are under way.").AsResult());
    }

    /// <summary>Who sent a request, in words: its address, and what the program there calls itself.</summary>
    public static string WhoAsks(HttpContext http)
    {
        var agent = http.Request.Headers.UserAgent.ToString();
        return $"{http.Connection.RemoteIpAddress}{(agent.Length == 0 ? "" : $" ({Cut(agent, AgentMax)})")}";
    }

    private static QueryJson Json(RunningQuery query) => new(
        query.Id, query.Stage.ToString().ToLowerInvariant(), query.Address, Cut(query.Text, TextMax), query.From, query.Started.UtcDateTime,
        Math.Round(query.Elapsed.TotalSeconds, 3), query.Account.Samples, query.Account.Bytes);

    private static string Cut(string text, int max) => text.Length > max ? text[..max] + "…" : text;
}
