using System.Net;
using System.Text.Json;
using HmsOps.Present.Tests.Stage;
using HmsOps.Series;

namespace HmsOps.Present.Tests.Api;

/// <summary>Queries that are under way: seen at <c>/api/ops/v1/queries</c>, and ended there.</summary>
public sealed class RunningQueriesTests : IAsyncLifetime
{
    private const string Question = "/api/v1/query?query=sum(requests_total)";

    private static readonly StoredSeries Stored = new(batch => batch.Add(batch.AddSeries(Labels.From(("__name__", "requests_total"))), StoredSeries.Before(1_000), 3));

    private readonly TaskCompletionSource _runs = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _mayGoOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TestHub _hub = null!; // set by InitializeAsync

    public async Task InitializeAsync() => _hub = await TestHub.StartAsync(Stored.Sources() with
    {
        RunQuery = async work =>
        {
            _runs.SetResult();
            await _mayGoOn.Task;
            work();
        },
    });

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    [Fact]
    public async Task A_query_that_is_worked_out_is_listed_with_who_asks_what()
    {
        var asked = AskAsync("county-dashboard/2");
        await _runs.Task;
        var query = Assert.Single(await ListedAsync());
        _mayGoOn.SetResult();
        using var answer = await asked;

        Assert.Equal(("runs", "/api/v1/query", "sum(requests_total)"), (Text(query, "stage"), Text(query, "address"), Text(query, "query")));
        Assert.Equal("127.0.0.1 (county-dashboard/2)", Text(query, "from"));
        Assert.Equal((0, 0), (query.GetProperty("samples").GetInt64(), query.GetProperty("bytes").GetInt64()));
        Assert.Equal(StoredSeries.Noon, query.GetProperty("started").GetDateTimeOffset());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("\"3\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(await ListedAsync());
    }

    [Fact]
    public async Task A_query_that_somebody_ends_is_answered_with_who_did()
    {
        var asked = AskAsync("county-dashboard/2");
        await _runs.Task;
        var id = Assert.Single(await ListedAsync()).GetProperty("id").GetInt64();
        using var ended = await _hub.Client.DeleteAsync($"/api/ops/v1/queries/{id}");
        _mayGoOn.SetResult();
        using var answer = await asked;
        var said = (await JsonAsync(answer)).RootElement;

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.ServiceUnavailable), (ended.StatusCode, answer.StatusCode));
        Assert.Equal(("canceled", $"the query was ended by 127.0.0.1, at /api/ops/v1/queries/{id}"), (Text(said, "errorType"), Text(said, "error")));
    }

    [Fact]
    public async Task A_query_that_is_over_cannot_be_ended()
    {
        using var answer = await _hub.Client.DeleteAsync("/api/ops/v1/queries/7");
        var said = (await JsonAsync(answer)).RootElement;

        Assert.Equal((HttpStatusCode.NotFound, "urn:hms-ops:problem:no-query"), (answer.StatusCode, Text(said, "type")));
        Assert.Equal("There is no query 7", Text(said, "title"));
    }

    [Fact]
    public async Task A_page_of_another_origin_ends_no_query()
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/api/ops/v1/queries/7");
        request.Headers.Add("Sec-Fetch-Site", "cross-site");
        using var answer = await _hub.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    private Task<HttpResponseMessage> AskAsync(string agent)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, Question);
        request.Headers.Add("User-Agent", agent);
        return _hub.Client.SendAsync(request);
    }

    private async Task<List<JsonElement>> ListedAsync()
    {
        using var answer = await _hub.Client.GetAsync("/api/ops/v1/queries");
        return [.. (await JsonAsync(answer)).RootElement.GetProperty("queries").EnumerateArray()];
    }

    private static async Task<JsonDocument> JsonAsync(HttpResponseMessage answer) => JsonDocument.Parse(await answer.Content.ReadAsStringAsync());

    private static string? Text(JsonElement of, string name) => of.GetProperty(name).GetString();
}
