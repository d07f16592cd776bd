using System.Buffers;
using HmsOps.Observe.Federation;
using HmsOps.PromQL;
using HmsOps.Series;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary><c>/federate</c>: the newest sample of every series that matches, as a target would show it, for a Prometheus or another hub that scrapes this one.</summary>
internal sealed class FederateEndpoint(PresentSources sources, PromDoor door)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/federate", [HttpMethods.Get, HttpMethods.Post], AnswerAsync);

    private async Task AnswerAsync(HttpContext http)
    {
        var form = FederationForm.Of(BulkDoor.Header(http.Request, "Accept"));
        var page = new ArrayBufferWriter<byte>(4_096);
        var refused = await door.TryAsync(http, (asked, cancellationToken) => Write(asked, form, page, cancellationToken));
        http.Response.ContentType = refused is null ? form.ContentType : "text/plain; charset=utf-8";
        if (refused is not null)
        {
            http.Response.StatusCode = refused.Status;
            await http.Response.WriteAsync($"{refused.Error}\n", http.RequestAborted);
            return;
        }
        http.Response.ContentLength = page.WrittenCount;
        await http.Response.Body.WriteAsync(page.WrittenMemory, http.RequestAborted);
    }

    private PromRefusal? Write(PromParameters asked, FederationForm form, ArrayBufferWriter<byte> page, CancellationToken cancellationToken)
    {
        if (asked.Selectors(out var refused) is not { } selectors)
            return refused;
        if (selectors.Count == 0)
            return new PromRefusal(400, "bad_data", "no match[] parameter provided: name the series, as in /federate?match[]={job=\"node\"}");
        var limits = PromLimits.Default;
        var now = sources.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var from = now - (long)limits.LookBack.TotalMilliseconds + 1; // a sample exactly that old is gone
        var budget = new QueryBudget(limits.SamplesMax);
        var newest = new FederatedSamples(form);
        foreach (var matchers in selectors)
        {
            using var cursor = sources.Series.Select(new Selection(matchers, from, now), budget, cancellationToken);
            while (cursor.MoveNext())
            {
                newest.Add(cursor.Current);
                if (newest.Count > limits.SeriesMax)
                    return new PromRefusal(422, "execution", $"more than {limits.SeriesMax} series match; ask for them in several requests") { Limit = "series_limit" };
            }
        }
        newest.Write(page, sources.Metadata);
        return null;
    }
}
