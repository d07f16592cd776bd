using HmsOps.Present.Api.Prometheus;
using HmsOps.Present.Doors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Store;

/// <summary>The metric store for those who keep it: <c>GET /api/ops/v1/store</c> says what there is, <c>POST</c> below it orders. Parameters in the address or as a form.</summary>
internal static class StoreEndpoints
{
    public static void Map(IEndpointRouteBuilder api, PresentSources sources)
    {
        api.MapGet("/store", () => sources.Store() is { } store ? Results.Json(store.Size, ApiJson.Default.StoreSize) : NotReady.Problem(sources.Hub()).AsResult());
        MapOrder(api, sources, "compact", async (store, _, cancellationToken) =>
        {
            await store.CompactAsync(cancellationToken);
            return Results.Json(store.Size, ApiJson.Default.StoreSize);
        });
        MapOrder(api, sources, "verify", async (store, _, cancellationToken) => Results.Json(await store.VerifyAsync(cancellationToken), ApiJson.Default.StoreFindings));
        MapOrder(api, sources, "snapshot", async (store, parameters, cancellationToken) => parameters["folder"] is { Length: > 0 } folder
            ? Results.Json(new SnapshotJson(folder, await store.SnapshotAsync(folder, cancellationToken)), ApiJson.Default.SnapshotJson)
            : Refuse("Name the folder to put it in: ?folder=/backup/monday. It must not be there yet, and lie on the same file system as the data folder."));
        MapOrder(api, sources, "delete", DeleteAsync);
        MapOrder(api, sources, "import", ImportAsync);
    }

    private static void MapOrder(
        IEndpointRouteBuilder api, PresentSources sources, string name, Func<IStoreOrders, PromParameters, CancellationToken, Task<IResult>> carryOut) =>
        api.MapPost($"/store/{name}", async (HttpContext http) =>
        {
            if (sources.Hub() is { Stage: not HubStage.Ready } status || sources.Store() is not { } store)
                return NotReady.Problem(sources.Hub()).AsResult();
            try
            {
                return await carryOut(store, await PromParameters.ReadAsync(http.Request, http.RequestAborted), http.RequestAborted);
            }
            catch (StoreOrderException refusal)
            {
                return Refuse(refusal.Message);
            }
            catch (IOException failure)
            {
                return new Problem("store-failed", $"The store could not {name}", StatusCodes.Status503ServiceUnavailable, failure.Message).AsResult();
            }
        });

    private static async Task<IResult> DeleteAsync(IStoreOrders store, PromParameters parameters, CancellationToken cancellationToken)
    {
        if (parameters.Selectors(out var refused) is not { } selectors)
            return Refuse(refused!.Error);
        if (selectors.Count == 0)
            return Refuse("Name the series to delete from: ?match[]=up{job=\"node\"}. Times are start and end; without them all are meant.");
        if (!TryReadRange(parameters, out var from, out var to, out var why))
            return Refuse(why);
        var (series, samples) = (0, 0L);
        foreach (var matchers in selectors)
        {
            var deleted = await store.DeleteAsync(matchers, from, to, cancellationToken);
            (series, samples) = (series + deleted.SeriesInBlocks, samples + deleted.SamplesInMemory);
        }
        return Results.Json(new StoreDeletion(series, samples), ApiJson.Default.StoreDeletion);
    }

    private static async Task<IResult> ImportAsync(IStoreOrders store, PromParameters parameters, CancellationToken cancellationToken)
    {
        if (!TryReadRange(parameters, out var from, out var to, out var why))
            return Refuse(why);
        var (blocks, url) = (parameters["blocks"], parameters["url"]);
        if (blocks.Length > 0 == url.Length > 0)
            return Refuse("Name one thing to import from: ?blocks=FOLDER, a folder with blocks of Prometheus on the hub's machine, or ?url=ADDRESS, where a store answers remote read.");
        Uri? address = null;
        if (url.Length > 0 && (!Uri.TryCreate(url, UriKind.Absolute, out address) || address.Scheme is not ("http" or "https")))
            return Refuse($"'{url}' is no address; write it like http://prometheus:9090/api/v1/read.");
        return Results.Json(
            await store.ImportAsync(new StoreImportFrom(blocks.Length > 0 ? blocks : null, address, from, to), cancellationToken), ApiJson.Default.StoreImport);
    }

    private static bool TryReadRange(PromParameters parameters, out long from, out long to, out string why)
    {
        (from, to, why) = (long.MinValue, long.MaxValue, "");
        if (parameters.IsEmpty("start") || parameters.IsEmpty("end"))
            why = parameters.IsEmpty("start") ? "start is there and says nothing: leave it out to mean the beginning." : "end is there and says nothing: leave it out to mean the end.";
        else if (parameters.Has("start", out var start) && !PromTime.TryReadTime(start, out from))
            why = $"start: {PromTime.NoTime(start)}";
        else if (parameters.Has("end", out var end) && !PromTime.TryReadTime(end, out to))
            why = $"end: {PromTime.NoTime(end)}";
        else if (from > to)
            why = "start is after end.";
        return why.Length == 0;
    }

    private static IResult Refuse(string detail) => new Problem("bad-order", "The order cannot be read", StatusCodes.Status400BadRequest, detail).AsResult();
}
