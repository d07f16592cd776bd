using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary>
/// <c>/api/v1/admin/tsdb/…</c>: <c>delete_series</c>, <c>clean_tombstones</c> and <c>snapshot</c>, as Prometheus takes them. They change the store, so the
/// door's rules for orders hold.
/// </summary>
internal sealed class StoreAdminEndpoints(PresentSources sources)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        string[] methods = [HttpMethods.Post, HttpMethods.Put];
        routes.MapMethods("/api/v1/admin/tsdb/delete_series", methods, http => OrderAsync(http, DeleteAsync));
        routes.MapMethods("/api/v1/admin/tsdb/clean_tombstones", methods, http => OrderAsync(http, async (store, _, cancellationToken) =>
        {
            await store.CompactAsync(cancellationToken);
            return new Done(null);
        }));
        routes.MapMethods("/api/v1/admin/tsdb/snapshot", methods, http => OrderAsync(http, SnapshotAsync));
    }

    private async Task OrderAsync(HttpContext http, Func<IStoreOrders, PromParameters, CancellationToken, Task<Done>> carryOut)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (sources.Hub() is { Stage: not HubStage.Ready } status || sources.Store() is not { } store)
        {
            await PromDoor.RefuseAsync(http, new PromRefusal(503, "unavailable", NotReady.Problem(sources.Hub()).Detail));
            return;
        }
        try
        {
            var asked = await PromParameters.ReadAsync(http.Request, http.RequestAborted);
            var done = await carryOut(store, asked, http.RequestAborted);
            if (done.Refused is not null)
                await PromDoor.RefuseAsync(http, done.Refused);
            else if (done.Write is null)
                http.Response.StatusCode = StatusCodes.Status204NoContent;
            else
                await PromDoor.SendAsync(http, done.Write);
        }
        catch (StoreOrderException refusal)
        {
            await PromDoor.RefuseAsync(http, new PromRefusal(400, "bad_data", refusal.Message));
        }
        catch (IOException failure)
        {
            await PromDoor.RefuseAsync(http, new PromRefusal(500, "internal", failure.Message));
        }
    }

    private static async Task<Done> DeleteAsync(IStoreOrders store, PromParameters asked, CancellationToken cancellationToken)
    {
        if (asked.Selectors(out var refused) is not { } selectors)
            return new Done(refused);
        if (selectors.Count == 0)
            return new Done(new PromRefusal(400, "bad_data", "no match[] parameter provided: name the series, as in match[]=up{job=\"node\"}"));
        foreach (var bound in (string[])["start", "end"])
        {
            if (asked.IsEmpty(bound)) // elsewhere as good as not there; here it would delete everything
                return new Done(PromRefusal.Bad(bound, "it is there and says nothing: leave it out to mean all time"));
        }
        if (asked.Range(out var from, out var to) is { } badRange)
            return new Done(badRange);
        foreach (var matchers in selectors)
            await store.DeleteAsync(matchers, from, to, cancellationToken);
        return new Done(null);
    }

    private async Task<Done> SnapshotAsync(IStoreOrders store, PromParameters asked, CancellationToken cancellationToken)
    {
        if (asked["skip_head"].ToLowerInvariant() is not ("" or "false" or "f" or "0"))
            return new Done(PromRefusal.Bad("skip_head", "a snapshot holds what is in memory too: leave it out, or say false"));
        var now = sources.Time.GetUtcNow();
        var name = $"{now:yyyyMMdd'T'HHmmss'Z'}-{now.UtcTicks:x16}"; // as Prometheus names them, and no two alike
        await store.SnapshotAsync($"{store.SnapshotsFolder}/{name}", cancellationToken);
        return new Done(null)
        {
            Write = json => PromAnswer.WriteData(json, data =>
            {
                data.WriteStartObject();
                data.WriteString("name", name);
                data.WriteEndObject();
            }),
        };
    }

    private sealed record Done(PromRefusal? Refused)
    {
        public Action<Utf8JsonWriter>? Write { get; init; }
    }
}
