using System.Net;
using System.Text.Json;
using HmsOps.Observe.Scrape;
using HmsOps.Present.Tests.Stage;
using HmsOps.Series;
using HmsOps.Workspace.Scraping;

namespace HmsOps.Present.Tests.Api.Prometheus;

/// <summary>What is scraped, and what its makers say of it, as Prometheus' clients list it.</summary>
public sealed class TargetAddressesTests : IAsyncLifetime
{
    private TestHub _hub = null!; // set by InitializeAsync

    public async Task InitializeAsync()
    {
        ScrapeSet permits = new() { Job = "permits", Citation = "services/permits.yml" };
        ScrapeSet court = new() { Job = "court", Citation = "services/court.yml" };
        var up = new ScrapeStatus { Health = TargetHealth.Up, At = StoredSeries.Noon, Took = TimeSpan.FromMilliseconds(2.5), Samples = 3 };
        var targets = new TargetList(
            [
                Watched(permits, "http://127.0.0.1:8080/metrics?q=a%20b", up, new("permits_open", "gauge", "", "Waiting."), new("up_since", "gauge", "seconds", "")),
                Watched(permits, "http://10.0.0.7:8080/metrics", ScrapeStatus.Never),
            ],
            [new DroppedTarget("court", Labels.From(("__address__", "10.0.0.9:80")), null)], []);
        _hub = await TestHub.StartAsync(CountyCourt.Over.Sources(sources => sources with { PublicUrl = "https://hub.fairfax.example:9900", Targets = () => targets }));

        static WatchedTarget Watched(ScrapeSet set, string url, ScrapeStatus status, params MetricMetadata[] said) =>
            new(new ScrapeTarget(set, new Uri(url), Labels.From(("instance", new Uri(url).Authority), ("job", set.Job)), Labels.From(("__address__", new Uri(url).Authority))), status, said);
    }

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    [Fact]
    public async Task A_target_is_told_as_Prometheus_tells_it()
    {
        var data = await DataAsync("/api/v1/targets");
        Assert.Equal(["activeTargets", "droppedTargets", "droppedTargetCounts"], data.EnumerateObject().Select(field => field.Name));
        Assert.Equal(
            """{"discoveredLabels":{"__address__":"127.0.0.1:8080"},"labels":{"instance":"127.0.0.1:8080","job":"permits"},"scrapePool":"permits","scrapeUrl":"http://127.0.0.1:8080/metrics?q=a%20b","globalUrl":"http://hub.fairfax.example:8080/metrics?q=a%20b","lastError":"","lastScrape":"2026-11-20T12:00:00.000Z","lastScrapeDuration":0.0025,"health":"up","scrapeInterval":"15s","scrapeTimeout":"10s"}""",
            data.GetProperty("activeTargets")[0].GetRawText());
        var never = data.GetProperty("activeTargets")[1];
        Assert.Equal(("unknown", "0001-01-01T00:00:00.000Z"), (never.GetProperty("health").GetString(), never.GetProperty("lastScrape").GetString()));
        Assert.Equal("http://10.0.0.7:8080/metrics", never.GetProperty("globalUrl").GetString());
        Assert.Equal("""[{"discoveredLabels":{"__address__":"10.0.0.9:80"},"scrapePool":"court"}]""", data.GetProperty("droppedTargets").GetRawText());
        Assert.Equal("""{"court":1,"permits":0}""", data.GetProperty("droppedTargetCounts").GetRawText());
    }

    [Theory]
    [InlineData("", 2, 1)]
    [InlineData("state=any", 2, 1)]
    [InlineData("state=ACTIVE", 2, 0)]
    [InlineData("state=dropped", 0, 1)]
    [InlineData("state=gone", 0, 0)]
    [InlineData("scrapePool=court", 0, 1)]
    [InlineData("scrapePool=", 2, 1)]
    public async Task Targets_are_chosen_by_state_and_pool(string asked, int active, int dropped)
    {
        var data = await DataAsync($"/api/v1/targets?{asked}");
        Assert.Equal((active, dropped), (data.GetProperty("activeTargets").GetArrayLength(), data.GetProperty("droppedTargets").GetArrayLength()));
    }

    [Theory]
    [InlineData("", """[{"target":{"instance":"127.0.0.1:8080","job":"permits"},"metric":"permits_open","type":"gauge","help":"Waiting.","unit":""},{"target":{"instance":"127.0.0.1:8080","job":"permits"},"metric":"up_since","type":"gauge","help":"","unit":"seconds"}]""")]
    [InlineData("metric=up_since", """[{"target":{"instance":"127.0.0.1:8080","job":"permits"},"type":"gauge","help":"","unit":"seconds"}]""")]
    [InlineData("limit=1&match_target={job=\"permits\"}", """[{"target":{"instance":"127.0.0.1:8080","job":"permits"},"metric":"permits_open","type":"gauge","help":"Waiting.","unit":""}]""")]
    [InlineData("match_target={job=\"court\"}", "[]")]
    [InlineData("metric=nothing", "[]")]
    [InlineData("limit=0", "[]")]
    [InlineData("limit=-1&metric=up_since", """[{"target":{"instance":"127.0.0.1:8080","job":"permits"},"type":"gauge","help":"","unit":"seconds"}]""")]
    public async Task What_makers_say_is_told_target_by_target(string asked, string data) => Assert.Equal(data, (await DataAsync($"/api/v1/targets/metadata?{asked}")).GetRawText());

    [Theory]
    [InlineData("match_target=sum(up)", "match_target")]
    [InlineData("match_target={job=}", "match_target")]
    [InlineData("limit=many", "limit")]
    public async Task What_cannot_be_read_is_bad_data(string asked, string named)
    {
        using var answer = await _hub.Client.GetAsync($"/api/v1/targets/metadata?{asked}");
        var said = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((HttpStatusCode.BadRequest, "bad_data"), (answer.StatusCode, said.GetProperty("errorType").GetString()));
        Assert.Contains($"invalid parameter \"{named}\"", said.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    private async Task<JsonElement> DataAsync(string address)
    {
        using var answer = await _hub.Client.GetAsync(address);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body).RootElement.GetProperty("data");
    }
}
