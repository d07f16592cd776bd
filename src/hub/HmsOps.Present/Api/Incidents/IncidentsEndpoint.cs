using HmsOps.Present.Doors;
using HmsOps.Present.Readings;
using HmsOps.Record.Projections;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Incidents;

/// <summary><c>GET /api/ops/v1/incidents</c> and <c>/incidents/{id}</c></summary>
internal static class IncidentsEndpoint
{
    public static void Map(IEndpointRouteBuilder api, PresentSources sources)
    {
        api.MapGet("/incidents", () =>
        {
            var state = sources.Journal.State;
            return Results.Json(
                new IncidentListJson([.. state.Incidents.Values.OrderByDescending(i => i.OpenedAt).Select(i => AsJson(i, state))]), ApiJson.Default.IncidentListJson);
        });
        api.MapGet("/incidents/{id}", (string id) =>
        {
            var state = sources.Journal.State;
            return state.Incidents.TryGetValue(id, out var incident)
                ? Results.Json(AsJson(incident, state), ApiJson.Default.IncidentJson)
                : new Problem("no-incident", $"There is no incident {id}", StatusCodes.Status404NotFound, "GET /api/ops/v1/incidents lists those there are.").AsResult();
        });
    }

    private static IncidentJson AsJson(Incident incident, RecordState state)
    {
        var episodes = Episode.OfIncident(state, incident);
        return new IncidentJson(
            incident.Id, incident.Title, incident.Service, incident.Severity, incident.IsOpen ? "open" : "resolved", incident.OpenedAt.UtcDateTime,
            incident.ResolvedAt?.UtcDateTime,
            [.. episodes.Select(e => new AlertJson(
                e.Key, e.Name, e.Metric, e.FiredAt.UtcDateTime, e.ResolvedAt?.UtcDateTime, e.Alert?.Fired?.Value, e.Alert?.Fired?.Threshold,
                e.Alert?.Fired?.Unit, e.Alert?.Fired?.PromQL, e.Alert?.Fired?.Rule))],
            [.. episodes.SelectMany(e => e.Acts).Select(AsJson)],
            [.. state.Pages.Values.Where(p => p.Queued.Episode is { } e && incident.Episodes.Contains(e)).OrderBy(p => p.QueueSequence).Select(p => new PageJson(
                p.Queued.Page, p.Queued.Kind, p.Queued.Receiver, p.Stage.ToString().ToLowerInvariant(), p.Attempts, p.Channel, p.AcceptedAt?.UtcDateTime, p.LastFailure))],
            [.. incident.Entries]);
    }

    private static ActJson AsJson(RecordedAct act) => new(
        act.Id, act.Title, act.Verb, act.Refusal is not null ? "refused" : act.Settled?.Outcome ?? "open",
        act.Refusal?.Detail ?? act.Settled?.Detail, act.At.UtcDateTime, act.Settled?.At.UtcDateTime,
        [.. (act.Plan?.Guards ?? []).Select(g => new GuardJson(g.Guard, g.Allows, g.Detail))]);
}
