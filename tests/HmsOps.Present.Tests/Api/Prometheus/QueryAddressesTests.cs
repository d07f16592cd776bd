using System.Net;
using System.Text.Json;
using HmsOps.Present.Tests.Stage;
using HmsOps.PromQL.Caching;
using HmsOps.Series;

namespace HmsOps.Present.Tests.Api.Prometheus;

/// <summary>What Prometheus' clients may ask besides plain queries: answers of every type, limits, costs, plans, exemplars, metadata, expressions.</summary>
public sealed class QueryAddressesTests : IAsyncLifetime
{
    private static readonly StoredSeries Stored = new(batch =>
    {
        foreach (var job in (string[])["a", "b", "c"])
        {
            var requests = batch.AddSeries(Labels.From(("__name__", "requests_total"), ("job", job)));
            for (var i = 0; i < 40; i++)
                batch.Add(requests, StoredSeries.Before(15_000 * (40 - i)), i);
            if (job == "a")
                batch.Exemplars.Add(new Exemplar(requests, Labels.From(("trace_id", "4bf92f35")), StoredSeries.Before(20_000), 0.25));
        }
        batch.Metadata.Add(new MetricMetadata("requests_total", "counter", "", "All of them."));
        batch.Metadata.Add(new MetricMetadata("seconds", "gauge", "seconds", "How long."));
    });

    private TestHub _hub = null!; // set by InitializeAsync

    public async Task InitializeAsync()
    {
        var sources = Stored.Sources();
        _hub = await TestHub.StartAsync(sources with
        {
            Ranges = new RangeCache(sources.PromQL, Stored.Store, 1 << 20),
            AllMetadata = Stored.Store.Metadata,
            Exemplars = Stored.Store.Exemplars,
            Flags = () => [new("query.timeout", "30s"), new("storage.tsdb.retention.time", "100d")],
            Configuration = () => "listen: 127.0.0.1:9900\n",
        });
    }

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    [Theory]
    [InlineData("query=%22grants%22&time=5", """{"resultType":"string","result":[5,"grants"]}""")]
    [InlineData("query=((%22grants%22))&time=5", """{"resultType":"string","result":[5,"grants"]}""")]
    [InlineData("query=1e21&time=5", """{"resultType":"scalar","result":[5,"1e+21"]}""")]
    [InlineData("query=0.0000001&time=5", """{"resultType":"scalar","result":[5,"1e-07"]}""")]
    [InlineData("query=vector(1)&time=5", """{"resultType":"vector","result":[{"metric":{},"value":[5,"1"]}]}""")]
    public async Task An_answer_has_the_type_of_its_expression(string question, string data) => Assert.Equal(data, (await DataAsync($"/api/v1/query?{question}")).GetRawText());

    [Theory]
    [InlineData("/api/v1/query?query=%22a%2Bb'%3Cé%3E%26%22&time=5", """{"status":"success","data":{"resultType":"string","result":[5,"a+b'<é>&"]}}""")]
    [InlineData("/api/v1/query?query=label_replace(vector(1),%22l%22,%22c%2B%2B%22,%22%22,%22%22)&time=5", """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"l":"c++"},"value":[5,"1"]}]}}""")]
    [InlineData("/api/v1/format_query?query=%22a%2Bb%22", """{"status":"success","data":"\"a+b\""}""")]
    [InlineData("/api/v1/query?query=1&time=a%2Bb", """{"status":"error","errorType":"bad_data","error":"invalid parameter \"time\": cannot parse \"a+b\" to a valid timestamp: seconds since 1970 or RFC 3339"}""")]
    public async Task Texts_stand_in_an_answer_as_they_are(string address, string body) => Assert.Equal(body, await (await _hub.Client.GetAsync(address)).Content.ReadAsStringAsync());

    [Fact]
    public async Task A_range_vector_is_answered_with_its_samples()
    {
        var data = await DataAsync("/api/v1/query?query=requests_total{job=\"a\"}[45s]");
        Assert.Equal("matrix", data.GetProperty("resultType").GetString());
        var values = data.GetProperty("result")[0].GetProperty("values");
        Assert.Equal(["38", "39"], values.EnumerateArray().Select(pair => pair[1].GetString()!));
    }

    [Fact]
    public async Task A_limit_cuts_the_answer_and_says_so()
    {
        var answer = await JsonAsync("/api/v1/query?query=requests_total&limit=2");
        Assert.Equal(2, answer.GetProperty("data").GetProperty("result").GetArrayLength());
        Assert.Equal("results truncated due to limit", answer.GetProperty("warnings")[0].GetString());
        Assert.False((await JsonAsync("/api/v1/query?query=requests_total&limit=3")).TryGetProperty("warnings", out _));
    }

    [Fact]
    public async Task Costs_are_told_to_who_asks()
    {
        var samples = (await DataAsync("/api/v1/query?query=sum(rate(requests_total[1m]))&stats=all")).GetProperty("stats").GetProperty("samples");
        Assert.Equal(9, samples.GetProperty("totalQueryableSamples").GetInt64()); // three series, three samples each: a window is open at its old end
        Assert.False((await DataAsync("/api/v1/query?query=1")).TryGetProperty("stats", out _));
    }

    [Fact]
    public async Task Costs_have_every_field_that_Prometheus_names_for_every_kind_of_answer()
    {
        foreach (var expression in (string[])["1", "%22text%22", "requests_total", "requests_total[1m]"])
        {
            var stats = (await DataAsync($"/api/v1/query?query={expression}&stats=true")).GetProperty("stats");
            Assert.Equal(
                ["evalTotalTime", "resultSortTime", "queryPreparationTime", "innerEvalTime", "execQueueTime", "execTotalTime"],
                stats.GetProperty("timings").EnumerateObject().Select(time => time.Name));
            Assert.Equal(["totalQueryableSamples", "samplesRead", "peakSamples"], stats.GetProperty("samples").EnumerateObject().Select(count => count.Name));
        }
        Assert.False((await JsonAsync("/api/v1/query?query=1&stats=all")).TryGetProperty("warnings", out _));
        Assert.Equal(
            """["value \"some\" for parameter \"stats\" is deprecated, use \"true\" or \"all\""]""", (await JsonAsync("/api/v1/query?query=1&stats=some")).GetProperty("warnings").GetRawText());
    }

    [Theory]
    [InlineData("/api/v1/query?query=vector(1)&time=&timeout=&limit=&lookback_delta=&stats=&explain=")]
    [InlineData("/api/v1/query?query=vector(1)&query=sum(&limit=1&limit=x")] // the first is meant
    [InlineData("/api/v1/labels?start=&end=&limit=")]
    [InlineData("/api/v1/labels?start=-9223309901257974&end=9223309901257975")]
    [InlineData("/api/v1/series?match[]=requests_total&start=-292273086-05-16T16:47:06Z&end=292277025-08-18T07:12:54.999999999Z")]
    [InlineData("/api/v1/query_exemplars?query=requests_total&start=&end=")]
    [InlineData("/api/v1/metadata?limit=&limit_per_metric=&metric=")]
    [InlineData("/api/v1/status/tsdb?limit=")]
    public async Task What_says_nothing_is_as_good_as_not_there(string address) => Assert.NotEqual("[]", (await DataAsync(address)).GetRawText());

    [Fact]
    public async Task Who_has_no_time_is_told_that_it_is_over()
    {
        var range = $"start={StoredSeries.Before(600_000) / 1000}&end={StoredSeries.Before(0) / 1000}&step=1&nocache=1";
        using var answer = await _hub.Client.GetAsync($"/api/v1/query_range?query=rate(requests_total[1m])&timeout=-1&{range}");
        var said = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "timeout"), (answer.StatusCode, said.GetProperty("errorType").GetString()));
        Assert.StartsWith("query timed out: timeout=\"-1\" is over", said.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_says_what_would_be_done_and_a_run_what_was()
    {
        const string question = "query=sum by (job) (rate(requests_total[1m])) / sum by (job) (increase(requests_total[1m]))";
        var plan = (await DataAsync($"/api/v1/query?{question}&explain=plan")).GetProperty("explain");
        Assert.Equal("joins one to one by all labels but the name, keys once a series", plan.GetProperty("how").GetString());
        Assert.Contains("folds sum by (job) as it reads, and keeps no series: rate over the last 1m", plan.GetProperty("parts")[0].GetProperty("how").GetString(), StringComparison.Ordinal);
        Assert.Contains("one walk with sum by (job) (increase(requests_total[1m]))", plan.GetProperty("parts")[0].GetProperty("how").GetString(), StringComparison.Ordinal);
        Assert.False(plan.TryGetProperty("series", out _));

        var run = await DataAsync($"/api/v1/query?{question}&explain=run");
        Assert.Equal(3, run.GetProperty("result").GetArrayLength());
        Assert.Equal((3, 9), (run.GetProperty("explain").GetProperty("series").GetInt32(), run.GetProperty("explain").GetProperty("samples").GetInt32()));
    }

    [Fact]
    public async Task A_kept_range_is_the_same_as_one_worked_out()
    {
        var (from, to) = (StoredSeries.Before(400_000) / 1000, StoredSeries.Before(0) / 1000);
        var question = $"/api/v1/query_range?query=rate(requests_total[1m])&start={from}&end={to}&step=15";
        var worked = await (await _hub.Client.GetAsync($"{question}&nocache=1")).Content.ReadAsStringAsync();
        Assert.Equal(worked, await (await _hub.Client.GetAsync(question)).Content.ReadAsStringAsync());
        Assert.Equal(worked, await (await _hub.Client.GetAsync(question)).Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("lookback_delta=1s", 0)]
    [InlineData("lookback_delta=20s", 3)]
    [InlineData("lookback_delta=0", 3)] // as if nothing were said
    [InlineData("", 3)]
    public async Task The_look_back_may_be_another(string asked, int series) =>
        Assert.Equal(series, (await DataAsync($"/api/v1/query?query=requests_total&{asked}")).GetProperty("result").GetArrayLength());

    [Theory]
    [InlineData("/api/v1/query?query=1&lookback_delta=-1", "lookback_delta")]
    [InlineData("/api/v1/query?query=1&explain=all", "explain")]
    [InlineData("/api/v1/query?query=up[5m]&explain=run", "explain what is made of them")]
    [InlineData("/api/v1/query?query='x'&explain=plan", "explain what is made of them")]
    [InlineData("/api/v1/query?query=1&limit=x", "limit")]
    [InlineData("/api/v1/query_range?query=up[5m]&start=1&end=2&step=1", "invalid expression type \"range vector\" for range query")]
    [InlineData("/api/v1/query_range?query=\"x\"&start=1&end=2&step=1", "invalid expression type \"string\" for range query")]
    [InlineData("/api/v1/format_query?query=sum(", "1:5: parse error")]
    [InlineData("/api/v1/parse_query?query=", "parse error")]
    [InlineData("/api/v1/query_exemplars?query=up&start=x", "start")]
    [InlineData("/api/v1/metadata?limit=many", "limit")]
    [InlineData("/api/v1/rules?type=all", "type")]
    [InlineData("/api/v1/rules?exclude_alerts=perhaps", "exclude_alerts")]
    [InlineData("/api/v1/rules?match[]=}", "match[]")]
    [InlineData("/api/v1/rules?group_limit=0", "group_limit")]
    [InlineData("/api/v1/rules?group_next_token=a", "group_limit needs to be present")]
    [InlineData("/api/v1/rules?group_limit=1&group_next_token=a", "were rules changed?")]
    [InlineData("/api/v1/status/tsdb?limit=0", "limit")]
    [InlineData("/api/v1/series?match[]=up @ 5", "expected a selector")]
    public async Task What_cannot_be_read_is_bad_data(string address, string named)
    {
        using var answer = await _hub.Client.GetAsync(address);
        var said = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("bad_data", said.GetProperty("errorType").GetString());
        Assert.Contains(named, said.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expression_is_laid_out_and_taken_apart()
    {
        Assert.Equal("sum by (job) (rate(up[5m]))", (await DataAsync("/api/v1/format_query?query=sum(rate(up[5m])) by(job)")).GetString());
        var tree = await DataAsync("/api/v1/parse_query?query=up{job=\"a\"} %2B on(job) group_left(zone) down offset 5m");
        Assert.Equal(
            """{"type":"binaryExpr","op":"+","lhs":{"type":"vectorSelector","name":"up","matchers":[{"name":"__name__","value":"up","type":"="},{"name":"job","value":"a","type":"="}],"offset":0,"offsetExpr":null,"timestamp":null,"startOrEnd":null,"anchored":false,"smoothed":false},"rhs":{"type":"vectorSelector","name":"down","matchers":[{"name":"__name__","value":"down","type":"="}],"offset":300000,"offsetExpr":null,"timestamp":null,"startOrEnd":null,"anchored":false,"smoothed":false},"bool":false,"matching":{"card":"many-to-one","on":true,"labels":["job"],"include":["zone"],"fillValues":{"lhs":null,"rhs":null}}}""",
            tree.GetRawText());
    }

    [Fact]
    public async Task Exemplars_and_metadata_are_told()
    {
        var exemplars = await DataAsync($"/api/v1/query_exemplars?query=rate(requests_total[1m])&start={StoredSeries.Before(60_000) / 1000}&end={StoredSeries.Before(0) / 1000}");
        Assert.Equal(
            $$"""[{"seriesLabels":{"__name__":"requests_total","job":"a"},"exemplars":[{"labels":{"trace_id":"4bf92f35"},"value":"0.25","timestamp":{{StoredSeries.Before(20_000) / 1000}}}]}]""",
            exemplars.GetRawText());
        Assert.Equal("""{"requests_total":[{"type":"counter","help":"All of them.","unit":""}],"seconds":[{"type":"gauge","help":"How long.","unit":"seconds"}]}""", (await DataAsync("/api/v1/metadata")).GetRawText());
        Assert.Equal("""{"seconds":[{"type":"gauge","help":"How long.","unit":"seconds"}]}""", (await DataAsync("/api/v1/metadata?metric=seconds")).GetRawText());
        Assert.Single((await DataAsync("/api/v1/metadata?limit=1")).EnumerateObject());
        Assert.Empty((await DataAsync("/api/v1/metadata?limit=0")).EnumerateObject());
        Assert.Equal((await DataAsync("/api/v1/metadata")).GetRawText(), (await DataAsync("/api/v1/metadata?limit=-1&limit_per_metric=0")).GetRawText());
    }

    [Fact]
    public async Task Clients_learn_what_they_talk_to()
    {
        var build = await DataAsync("/api/v1/status/buildinfo");
        Assert.Equal(("HMS-OPS", "3.14.0"), (build.GetProperty("application").GetString(), build.GetProperty("version").GetString()));
        var runtime = await DataAsync("/api/v1/status/runtimeinfo");
        Assert.Equal("100d", runtime.GetProperty("storageRetention").GetString());
        Assert.Equal(
            ["startTime", "CWD", "hostname", "serverTime", "reloadConfigSuccess", "lastConfigTime", "corruptionCount", "goroutineCount", "GOMAXPROCS", "GOMEMLIMIT", "GOGC", "GODEBUG", "storageRetention"],
            runtime.EnumerateObject().Select(field => field.Name));
        Assert.Equal("30s", (await DataAsync("/api/v1/status/flags")).GetProperty("query.timeout").GetString());
        Assert.Equal("listen: 127.0.0.1:9900\n", (await DataAsync("/api/v1/status/config")).GetProperty("yaml").GetString());
        var store = await DataAsync("/api/v1/status/tsdb");
        Assert.Equal(3, store.GetProperty("headStats").GetProperty("numSeries").GetInt32());
        Assert.Equal("""[{"name":"requests_total","value":3}]""", store.GetProperty("seriesCountByMetricName").GetRawText());
        Assert.Equal("""[{"name":"job","value":3},{"name":"__name__","value":1}]""", store.GetProperty("labelValueCountByLabelName").GetRawText());
    }

    private async Task<JsonElement> DataAsync(string address) => (await JsonAsync(address)).GetProperty("data");

    private async Task<JsonElement> JsonAsync(string address)
    {
        using var answer = await _hub.Client.GetAsync(address);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body).RootElement;
    }
}
