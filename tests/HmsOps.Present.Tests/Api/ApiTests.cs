using System.Net;
using System.Text.Json;
using HmsOps.Ledger;
using HmsOps.Present.Readings;
using HmsOps.Present.Tests.Stage;
using HmsOps.Record;
using HmsOps.Record.Events;
using HmsOps.Simulation.Disk;

namespace HmsOps.Present.Tests.Api;

public sealed class ApiTests : IAsyncLifetime
{
    private TestHub _hub = null!; // set by InitializeAsync

    public async Task InitializeAsync() => _hub = await TestHub.StartAsync(CountyCourt.Over.Sources());

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    [Fact]
    public async Task A_range_is_answered_in_Prometheus_shape()
    {
        using var answer = await _hub.Client.GetAsync(
            "/api/v1/query_range?query=histogram_avg(sum(rate(county_api_ms[30s])))&start=2026-11-20T16:00:00Z&end=1795190460&step=1m");
        var data = (await JsonAsync(answer)).GetProperty("data");

        Assert.Equal("matrix", data.GetProperty("resultType").GetString());
        var values = data.GetProperty("result")[0].GetProperty("values");
        Assert.Equal(2, values.GetArrayLength());
        Assert.Equal(1_795_190_400, values[0][0].GetInt64());
        Assert.InRange(double.Parse(values[0][1].GetString()!), 96, 126); // the store played 96 to 126 ms then
    }

    [Fact]
    public async Task A_form_is_answered_as_an_address_is()
    {
        using var form = await _hub.Client.SendAsync(TestHub.Post("/api/v1/query", "query=1%2B1&time=1795190460.5", "application/x-www-form-urlencoded"));
        using var address = await _hub.Client.GetAsync("/api/v1/query?query=1%2B1&time=1795190460.5");

        Assert.Equal("{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1795190460.5,\"2\"]}}", await form.Content.ReadAsStringAsync());
        Assert.Equal(await form.Content.ReadAsStringAsync(), await address.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/api/v1/query?query=sum(", "query")]
    [InlineData("/api/v1/query", "query")]
    [InlineData("/api/v1/query?query=1&time=noon", "time")]
    [InlineData("/api/v1/query?query=1&timeout=soon", "timeout")]
    [InlineData("/api/v1/query_range?query=1&end=2&step=1", "start")]
    [InlineData("/api/v1/query_range?query=1&start=&end=2&step=1", "start")]
    [InlineData("/api/v1/query_range?query=1&start=3&end=2&step=1", "end")]
    [InlineData("/api/v1/query_range?query=1&start=1&end=2&step=0", "step")]
    [InlineData("/api/v1/query_range?query=1&start=1&end=2&step=-1s", "step")]
    [InlineData("/api/v1/query_range?query=1&start=0&end=11001&step=1", "11,000")]
    [InlineData("/api/v1/series", "no match[] parameter provided")]
    [InlineData("/api/v1/series?match[]=up{", "1:4: parse error")]
    [InlineData("/api/v1/series?match[]=up[5m]", "expected a selector")]
    [InlineData("/api/v1/series?match[]=up offset 5m", "expected a selector")]
    [InlineData("/api/v1/series?match[]=sum(up)", "expected a selector")]
    [InlineData("/api/v1/series?match[]={}", "1:1: parse error")]
    [InlineData("/api/v1/labels?match[]=up&match[]=}", "match[]")]
    [InlineData("/api/v1/labels?start=noon", "\"start\"")]
    [InlineData("/api/v1/labels?end=noon", "\"end\"")]
    [InlineData("/api/v1/labels?start=3&end=2", "before start")]
    [InlineData("/api/v1/label/job/values?limit=-1", "\"limit\"")]
    [InlineData("/api/v1/label/job/values?limit=many", "\"limit\"")]
    public async Task A_question_that_cannot_be_read_is_bad_data_with_its_place(string address, string named)
    {
        using var answer = await _hub.Client.GetAsync(address);
        var said = await JsonAsync(answer);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(("error", "bad_data"), (said.GetProperty("status").GetString(), said.GetProperty("errorType").GetString()));
        Assert.Contains(named, said.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_push_from_a_page_of_another_origin_is_refused_by_name()
    {
        var request = TestHub.Post("/metric", "{}");
        request.Headers.Add("Sec-Fetch-Site", "cross-site");
        using var answer = await _hub.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("urn:hms-ops:problem:foreign-origin", (await JsonAsync(answer)).GetProperty("type").GetString());
    }

    [Theory]
    [InlineData(HubStage.Starting)]
    [InlineData(HubStage.Stopping)]
    public async Task Before_it_is_ready_the_hub_says_so_at_every_door_that_needs_the_store(HubStage stage)
    {
        await using var hub = await TestHub.StartAsync(CountyCourt.Over.Sources(s => s with { Hub = () => CountyCourt.Over.Status() with { Stage = stage, Progress = "Replaying 3 of 9 segments." } }));
        using var ready = await hub.Client.GetAsync("/readyz");
        using var push = await hub.Client.SendAsync(TestHub.Post("/metric", "{}"));
        using var query = await hub.Client.GetAsync("/api/v1/query?query=1");
        using var healthy = await hub.Client.GetAsync("/healthz");

        Assert.Equal(503, (int)ready.StatusCode);
        Assert.Contains("Replaying 3 of 9 segments.", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal((503, 503, 200), ((int)push.StatusCode, (int)query.StatusCode, (int)healthy.StatusCode));
        Assert.Equal(200, (int)(await hub.Client.GetAsync("/board/county_api_ms")).StatusCode);
    }

    [Fact]
    public async Task An_impaired_hub_is_ready_and_names_the_part()
    {
        await using var hub = await TestHub.StartAsync(CountyCourt.Over.Sources(s => s with
        {
            Hub = () => CountyCourt.Over.Status() with { Impaired = [new("ledger", "poisoned", "The ledger cannot be written.", "Free space and start again.")], StuckLoop = "scheduler" },
        }));
        using var ready = await hub.Client.GetAsync("/readyz");

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal("ledger", (await JsonAsync(ready)).GetProperty("impaired")[0].GetProperty("part").GetString());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await hub.Client.GetAsync("/healthz")).StatusCode);
        Assert.Contains("The ledger cannot be written.", await hub.Client.GetStringAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_ledger_is_read_page_by_page_to_its_end()
    {
        var found = new List<long>();
        for (long? after = -1; after is not null;)
        {
            using var answer = await _hub.Client.GetAsync($"/api/ops/v1/ledger?after={after}&limit=5");
            var page = await JsonAsync(answer);
            found.AddRange(page.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("sequence").GetInt64()));
            after = page.TryGetProperty("next", out var next) ? next.GetInt64() : null;
        }

        Assert.Equal(Enumerable.Range(0, (int)CountyCourt.Over.Journal.State.Size).Select(i => (long)i), found);
    }

    [Theory]
    [InlineData("kind=act", 4)]
    [InlineData("kind=alert", 2)]
    [InlineData("incident=INC-2026-0001", 13)]
    [InlineData("kind=page&incident=INC-2026-0001", 5)]
    [InlineData("incident=INC-1", 0)]
    public async Task The_ledger_is_filtered_by_kind_and_incident(string filter, int entries)
    {
        using var answer = await _hub.Client.GetAsync($"/api/ops/v1/ledger?{filter}");

        Assert.Equal(entries, (await JsonAsync(answer)).GetProperty("entries").GetArrayLength());
    }

    [Theory]
    [InlineData("after=x")]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("kind=gossip")]
    [InlineData("kind=3")]
    public async Task A_filter_that_is_not_understood_is_refused_by_name(string filter)
    {
        using var answer = await _hub.Client.GetAsync($"/api/ops/v1/ledger?{filter}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Tiles_are_the_trees_hashes_and_may_be_kept()
    {
        var log = CountyCourt.Over.Journal.Log;
        using var tile = await _hub.Client.GetAsync($"/ledger/tile/0/000.p/{log.Size}");
        Assert.Contains("immutable", tile.Headers.CacheControl?.ToString() ?? "", StringComparison.Ordinal);
        Assert.Equal(
            Enumerable.Range(0, (int)log.Size).SelectMany(i => log.ProveInclusion(i, log.Size).Leaf.ToArray()),
            await tile.Content.ReadAsByteArrayAsync());
        using var entries = await _hub.Client.GetAsync("/ledger/tile/entries/000.p/1");
        Assert.Equal(log.Read(0)!.Bytes.ToArray(), (await entries.Content.ReadAsByteArrayAsync())[2..]);
        Assert.Contains("private", entries.Headers.CacheControl?.ToString() ?? "", StringComparison.Ordinal);
        foreach (var none in (string[])[$"/ledger/tile/0/000.p/{log.Size + 1}", "/ledger/tile/0/000", "/ledger/tile/x", "/ledger/tile/entries/0"])
            Assert.Equal(HttpStatusCode.NotFound, (await _hub.Client.GetAsync(none)).StatusCode);
    }

    [Fact]
    public async Task Every_entry_comes_with_a_proof_that_holds_and_none_holds_for_another_entry()
    {
        var log = CountyCourt.Over.Journal.Log;
        for (var i = 0L; i < log.Size; i++)
        {
            using var answer = await _hub.Client.GetAsync($"/api/ops/v1/ledger/{i}?proof=1");
            var proof = (await JsonAsync(answer)).GetProperty("proof");
            var read = new InclusionProof(
                i, proof.GetProperty("size").GetInt64(), TreeHash.Parse(proof.GetProperty("leaf").GetString()!), log.Root,
                [.. proof.GetProperty("path").EnumerateArray().Select(h => TreeHash.Parse(h.GetString()!))]); // strings, or the parse throws and the test fails

            Assert.True(ProofCheck.Holds(read, log.Read(i)!.Bytes.Span));
            Assert.False(ProofCheck.Holds(read, log.Read((i + 1) % log.Size)!.Bytes.Span));
            Assert.False(ProofCheck.Holds(read with { Sequence = (i + 1) % log.Size }, log.Read(i)!.Bytes.Span));
        }
    }

    [Theory]
    [InlineData("/api/ops/v1/nothing")]
    [InlineData("/api/nothing")]
    [InlineData("/api/ops/v1/incidents/INC-0")]
    [InlineData("/api/ops/v1/ledger/99999")]
    public async Task What_the_API_does_not_have_is_a_problem_and_no_page(string address)
    {
        using var answer = await _hub.Client.GetAsync(address);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("POST", "/api/v1/rules", "GET")]
    [InlineData("POST", "/api/v1/status/buildinfo", "GET")]
    [InlineData("POST", "/api/v1/targets/metadata", "GET")]
    [InlineData("POST", "/api/ops/v1/ledger/5", "GET")]
    [InlineData("PUT", "/api/v1/label/job/values", "GET, POST")]
    [InlineData("GET", "/api/v1/write", "POST")]
    [InlineData("DELETE", "/api/v1/admin/tsdb/snapshot", "POST, PUT")]
    public async Task An_address_that_is_asked_by_another_method_names_the_right_ones(string method, string address, string allowed)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), address);
        using var answer = await _hub.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(allowed, string.Join(", ", answer.Content.Headers.Allow));
        Assert.Equal("urn:hms-ops:problem:wrong-method", (await JsonAsync(answer)).GetProperty("type").GetString());
    }

    [Fact]
    public async Task An_incident_is_told_with_its_alert_act_and_pages()
    {
        using var answer = await _hub.Client.GetAsync($"/api/ops/v1/incidents/{CountyCourt.Incident}");
        var incident = await JsonAsync(answer);

        Assert.Equal("resolved", incident.GetProperty("state").GetString());
        Assert.Equal("2026-11-20T16:07:02Z", incident.GetProperty("openedAt").GetString());
        Assert.Equal("succeeded", incident.GetProperty("acts")[0].GetProperty("state").GetString());
        Assert.Equal(2, incident.GetProperty("pages").GetArrayLength());
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task The_live_stream_says_hello_then_each_growth_then_each_second()
    {
        using var stopping = new CancellationTokenSource();
        var clock = new StoppedClock(CountyCourt.At(16, 0, 0));
        var journal = Journal.Open(replay => MerkleLog.Open(new SimulatedDisk(new Random(1)), "ledger", "hub/ledger", clock, replay), new CountingIds());
        var writer = journal.Log.RunAsync(stopping.Token);
        await using var hub = await TestHub.StartAsync(CountyCourt.Over.Sources(s => s with { Journal = journal, Time = clock }));
        using var answer = await hub.Client.GetAsync("/api/ops/v1/live", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());

        Assert.Equal("hello", (await EventAsync(lines)).Name);
        await journal.WriteAsync(new EventDraft(new HubStarted("0.1.0", "ops", clock.GetUtcNow()), "system:hub"), stopping.Token);
        Assert.Equal(("state", "1", "{\"size\":1}"), await EventAsync(lines));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("tick", "1", "{\"t\":1795190401000}"), await EventAsync(lines));

        stopping.Cancel();
        await writer;
    }

    [Fact]
    public async Task The_ledger_is_followed_from_where_the_listener_was()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/ops/v1/ledger?kind=incident");
        request.Headers.Add("Accept", "text/event-stream");
        request.Headers.Add("Last-Event-ID", "4");
        using var answer = await _hub.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var (name, id, data) = await EventAsync(lines);

        Assert.Equal(("entry", "15"), (name, id));
        Assert.Contains("ops.incident.resolve", data, StringComparison.Ordinal);
    }

    private static async Task<(string Name, string Id, string Data)> EventAsync(StreamReader lines)
    {
        var name = (await lines.ReadLineAsync())!["event: ".Length..]; // a stream that ends early fails the test
        var id = (await lines.ReadLineAsync())!["id: ".Length..];
        var data = (await lines.ReadLineAsync())!["data: ".Length..];
        await lines.ReadLineAsync();
        return (name, id, data);
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer)
    {
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return document.RootElement.Clone();
    }
}
