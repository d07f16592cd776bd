using HmsOps.Workspace;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Workspace;

/// <summary><c>GET /api/ops/v1/workspace</c>: what is in force, and what is wrong with the rest.</summary>
internal static class WorkspaceEndpoint
{
    public static void Map(IEndpointRouteBuilder api, PresentSources sources) => api.MapGet("/workspace", () =>
    {
        var version = sources.Workspace();
        return Results.Json(
            new WorkspaceJson(
                version.Hash,
                [.. version.Files.Select(f => new FileJson(f.Path, f.Sha256, f.State switch { FileState.InForce => "in force", FileState.LastGood => "last good", _ => "refused" }, f.Kind))],
                [.. version.Rules.Select(r => new RuleJson(
                    r.Id, r.Name, r.Metric, r.PromQL, r.Threshold, r.Unit, r.Window, r.Action?.Text, r.Notify, r.Source.File, r.Source.Line, r.Source.Column))],
                [.. version.Diagnostics.Select(d => new DiagnosticJson(
                    d.File, d.Line, d.Column, d.Code, d.Severity.ToString().ToLowerInvariant(), d.Message + (d.Suggestion is null ? "" : $" Did you mean '{d.Suggestion}'?"), d.Fix))]),
            ApiJson.Default.WorkspaceJson);
    });
}
