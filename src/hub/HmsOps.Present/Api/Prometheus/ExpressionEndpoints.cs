using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary><c>/api/v1/format_query</c> and <c>/api/v1/parse_query</c>: an expression laid out for people, and as a tree for programs. Nothing is evaluated.</summary>
internal sealed class ExpressionEndpoints(PromDoor door)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Post];
        routes.MapMethods("/api/v1/format_query", methods, http => door.AnswerAsync(http, static (asked, json, _) =>
        {
            if (asked.Expression("query", out var expression) is { } refused)
                return refused;
            PromAnswer.WriteData(json, data => data.WriteStringValue(expression.Laid()));
            return null;
        }));
        routes.MapMethods("/api/v1/parse_query", methods, http => door.AnswerAsync(http, static (asked, json, _) =>
        {
            if (asked.Expression("query", out var expression) is { } refused)
                return refused;
            PromAnswer.WriteData(json, data => ExpressionJson.Write(data, expression.Root));
            return null;
        }));
    }
}
