using HmsOps.Ledger.Tiles;
using HmsOps.Present.Doors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Ledger;

/// <summary><c>/ledger/tile/…</c>: the ledger's hashes and entries, 256 at a time, as tlog-tiles lays a log out. What was answered once never changes.</summary>
internal sealed class TileEndpoints(PresentSources sources)
{
    private readonly LedgerTiles _tiles = new(sources.Journal.Log);

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/ledger/tile/{**rest}", AnswerAsync);

    private async Task AnswerAsync(HttpContext http, string rest)
    {
        if (!TilePath.TryParse($"tile/{rest}", out var path) || _tiles.Read(path) is not { } bytes)
        {
            var problem = new Problem(
                "no-tile", $"The ledger has no {$"tile/{rest}"}", StatusCodes.Status404NotFound,
                $"It has {sources.Journal.Log.Size} entries; tile/<level>/<number> and tile/entries/<number>, the number in groups of three digits, are of 256 each, those with .p/<width> of fewer.");
            await problem.WriteAsync(http.Response, http.RequestAborted);
            return;
        }
        http.Response.Headers.CacheControl = path.Level is null ? "private, max-age=31536000, immutable" : "public, max-age=31536000, immutable";
        http.Response.ContentType = "application/octet-stream";
        http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
    }
}
