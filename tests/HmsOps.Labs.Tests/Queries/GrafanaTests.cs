using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Queries;

/// <summary>What Grafana's Prometheus data source asks, asked of a hub and of a Prometheus with the same data: both answer the same, in the shape that it reads.</summary>
[Collection(Readers.Name)]
public sealed class GrafanaTests(WrittenAlike both)
{
    private const int StepMs = 15_000;
    private const long OverlapMs = 600_000; // what an incremental query asks again

    private static readonly TimeSpan FiresWithin = TimeSpan.FromSeconds(30);

    private static readonly string[] Expressions =
    [
        "permits_open", "odd", "texts", "sizes_bytes", "sum by (job) (rate(http_requests_total[1m]))", "sum by (code) (increase(http_requests_total[5m]))",
        "histogram_quantile(0.95, sum by (le) (rate(request_seconds_bucket[1m])))", "sum(rate(sizes_bytes[5m]))", "histogram_sum(rate(sizes_bytes[5m])) / histogram_count(rate(sizes_bytes[5m]))", "sum_over_time(permits_open[5m])",
        "topk(1, permits_open)", "http_requests_total{code=\"500\"} / on (job) group_left () sum by (job) (http_requests_total)", "max(permits_open) or vector(0)", "nothing", "42",
    ];

    private GrafanaDataSource Here => new(both.Hub.Http);

    private GrafanaDataSource There => new(both.Prometheus.Http);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Save_and_test_finds_a_Prometheus(bool triesPostFirst)
    {
        var grafana = new GrafanaDataSource(both.Hub.Http, triesPostFirst);
        Assert.Equal("""{"status":"success","data":{"resultType":"scalar","result":[4,"2"]}}""", (await grafana.CheckHealthAsync()).GetRawText());

        var data = DataOf(await grafana.BuildInfoAsync());
        Assert.Equal(triesPostFirst ? ["POST 405", "GET 200"] : ["GET 200"], grafana.Tried);
        Assert.All(data.EnumerateObject(), field => Assert.Equal(JsonValueKind.String, field.Value.ValueKind));
        Assert.All((string[])["version", "revision", "branch", "buildUser", "buildDate", "goVersion"], name => Assert.True(data.TryGetProperty(name, out _), name));
        Assert.False(data.TryGetProperty("features", out _)); // whoever names features is taken for a Mimir
        Assert.True(Version.Parse(data.GetProperty("version").GetString() ?? "") >= new Version(2, 24, 0)); // from then on lists of labels are asked with match[]
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_asked_when_it_opens_is_answered(bool triesPostFirst)
    {
        var grafana = new GrafanaDataSource(both.Hub.Http, triesPostFirst);
        Assert.Equal(JsonValueKind.Array, DataOf(await grafana.RulesAsync()).GetProperty("groups").ValueKind);
        Assert.Equal("GET 200", grafana.Tried[^1]);
        Assert.Equal("[]", DataOf(await grafana.TryExemplarsAsync(both.Moment)).GetRawText());
        Assert.Equal(["POST 200"], grafana.Tried);
        var metadata = DataOf(await grafana.MetadataAsync(10));
        Assert.Equal(
            """{"http_requests_total":[{"type":"counter","help":"Requests, by status.","unit":""}],"permits_open":[{"type":"gauge","help":"Permits that wait for a decision.","unit":""}],"request_seconds":[{"type":"histogram","help":"How long requests took.","unit":"seconds"}]}""",
            metadata.GetRawText());
        Assert.Single(DataOf(await grafana.MetadataAsync(1)).EnumerateObject());
    }

    [Fact]
    public async Task A_panel_over_a_range_shows_the_same()
    {
        foreach (var expression in Expressions)
        {
            await SameAsync(expression, grafana => grafana.RangeAsync(expression, both.Begin + 601_234, both.Moment, 20_000));
            await SameAsync(expression, grafana => grafana.RangeAsync(expression, both.Moment - 120_000, both.Moment, 500)); // a step of half a second
        }
    }

    [Fact]
    public async Task A_panel_of_one_moment_shows_the_same()
    {
        foreach (var expression in Expressions)
        {
            await SameAsync(expression, grafana => grafana.InstantAsync(expression, both.Moment));
            await SameAsync(expression, grafana => grafana.QueryResultAsync(expression, both.Moment));
        }
        await SameAsync("a text", grafana => grafana.InstantAsync("\"a text\"", both.Moment));
        await SameAsync("a range vector", grafana => grafana.InstantAsync("permits_open{office=\"fairfax\"}[1m]", both.Moment));
    }

    [Fact]
    public async Task The_metrics_browser_lists_the_same()
    {
        var (from, to) = (both.Begin, both.Moment);
        await SameAsync("labels", grafana => grafana.LabelsAsync(from, to));
        await SameAsync("labels of some", grafana => grafana.LabelsAsync(from, to, "{__name__=\"http_requests_total\",code=\"200\"}"));
        await SameAsync("suggested labels", grafana => grafana.SuggestLabelsAsync(from, to, "permits_open", "http_requests_total{job=\"court\"}"));
        foreach (var label in (string[])["__name__", "office", "job", "path", "le", "nothing", "not.there"])
        {
            await SameAsync(label, grafana => grafana.LabelValuesAsync(label, from, to));
            await SameAsync($"{label} of some", grafana => grafana.LabelValuesAsync(label, from, to, "{__name__=~\".*requests.*\"}"));
        }
        await SameAsync("series", grafana => grafana.SeriesAsync(both.Begin, both.Moment, "{__name__!=\"\"}"));
        await SameAsync("series of some", grafana => grafana.SeriesAsync(both.Moment - 60_000, both.Moment, "permits_open"));
    }

    [Fact]
    public async Task Exemplars_beside_a_panel_are_the_same()
    {
        foreach (var expression in (string[])["histogram_quantile(0.95, sum by (le) (rate(request_seconds_bucket[1m])))", "request_seconds_bucket{le=\"0.5\"} + permits_open", "permits_open"])
            await SameAsync(expression, grafana => grafana.ExemplarsAsync(expression, both.Begin, both.Moment, StepMs));
        var data = DataOf(await Here.ExemplarsAsync("request_seconds_bucket", both.Begin, both.Moment, StepMs));
        var exemplars = Assert.Single(data.EnumerateArray()).GetProperty("exemplars");
        Assert.All(exemplars.EnumerateArray(), one =>
        {
            Assert.StartsWith(LabSeries.TraceId, one.GetProperty("labels").GetProperty("trace_id").GetString(), StringComparison.Ordinal);
            Assert.Equal((JsonValueKind.String, JsonValueKind.Number), (one.GetProperty("value").ValueKind, one.GetProperty("timestamp").ValueKind));
        });
        Assert.Equal(4, exemplars.GetArrayLength());
    }

    /// <summary>A panel that is shown on a wall: each refresh asks for the last ten minutes of what it has again, and for what is new.</summary>
    [Fact]
    public async Task What_an_incremental_query_asks_again_is_the_same_to_the_bit()
    {
        using var lab = new LabFolder();
        await using var hub = await RunningHub.StartAsync(lab);
        var grafana = new GrafanaDataSource(hub.Http);
        const int first = 100; // samples that are there when the panel is opened
        const int more = 6; // … at each refresh
        await WrittenAlike.WriteAsync(hub.Http, Wire.Snap(LabSeries.Request(both.Begin, 0, first)));
        var shown = new Dictionary<string, SortedDictionary<long, string>>(StringComparer.Ordinal);
        var (until, again) = (At(first - 1), 0);
        foreach (var expression in Expressions)
            again += Amend(shown, expression, await grafana.RangeAsync(expression, both.Begin, until, StepMs));
        Assert.Equal(0, again);
        for (var have = first; have + more <= LabSeries.Samples; have += more)
        {
            await WrittenAlike.WriteAsync(hub.Http, Wire.Snap(LabSeries.Request(both.Begin, have, have + more)));
            foreach (var expression in Expressions)
                again += Amend(shown, expression, await grafana.RangeAsync(expression, Math.Max(both.Begin, until - OverlapMs), At(have + more - 1), StepMs));
            until = At(have + more - 1);
        }
        Assert.True(again > 10_000, $"{again} points were asked again");

        // What has gathered is what one query answers, and what is worked out with no help of what was kept.
        foreach (var expression in Expressions)
        {
            var whole = new Dictionary<string, SortedDictionary<long, string>>(StringComparer.Ordinal);
            Amend(whole, expression, await grafana.RangeAsync(expression, both.Begin, until, StepMs));
            Assert.Equal(Text(whole), Text(shown.Where(series => series.Key.StartsWith($"{expression} ", StringComparison.Ordinal))));
            var afresh = new Dictionary<string, SortedDictionary<long, string>>(StringComparer.Ordinal);
            var (start, end) = ((both.Begin - both.Begin % StepMs) / 1_000, until / 1_000);
            Amend(afresh, expression, await hub.JsonAsync($"/api/v1/query_range?query={Uri.EscapeDataString(expression)}&start={start}&end={end}&step={StepMs / 1_000}&nocache=1"));
            Assert.Equal(Text(whole), Text(afresh));
        }
    }

    [Fact]
    public async Task The_alerting_pages_find_the_rule_and_its_alert()
    {
        await both.Hub.UntilAsync("/api/v1/alerts", body => body.Contains("\"state\":\"firing\"", StringComparison.Ordinal), FiresWithin);
        var group = Assert.Single(DataOf(await Here.RulesAsync()).GetProperty("groups").EnumerateArray());
        Assert.Equal(("rules/permits.yaml", "rules/permits.yaml", 1.0), (group.GetProperty("name").GetString(), group.GetProperty("file").GetString(), group.GetProperty("interval").GetDouble()));
        var rule = Assert.Single(group.GetProperty("rules").EnumerateArray());
        Assert.Equal(
            ("alerting", "many_permits", "firing", "ok", "warning"),
            (rule.GetProperty("type").GetString(), rule.GetProperty("name").GetString(), rule.GetProperty("state").GetString(), rule.GetProperty("health").GetString(), rule.GetProperty("labels").GetProperty("severity").GetString()));
        Assert.Equal("success", (await Here.InstantAsync(rule.GetProperty("query").GetString() ?? "", both.Moment)).GetProperty("status").GetString()); // it is linked to
        Assert.Equal("wiki/permits", rule.GetProperty("annotations").GetProperty("runbook_url").GetString());
        foreach (var alert in (JsonElement[])[Assert.Single(rule.GetProperty("alerts").EnumerateArray()), Assert.Single(DataOf(await Here.AlertsAsync()).GetProperty("alerts").EnumerateArray())])
        {
            Assert.Equal(("firing", "many_permits"), (alert.GetProperty("state").GetString(), alert.GetProperty("labels").GetProperty("alertname").GetString()));
            Assert.True(DateTimeOffset.TryParse(alert.GetProperty("activeAt").GetString(), CultureInfo.InvariantCulture, out _));
            Assert.True(double.TryParse(alert.GetProperty("value").GetString(), CultureInfo.InvariantCulture, out _));
        }
    }

    [Fact]
    public async Task A_mistake_is_told_in_words_that_it_shows()
    {
        var refused = await Here.InstantAsync("sum(", both.Moment);
        Assert.Equal(("error", "bad_data"), (refused.GetProperty("status").GetString(), refused.GetProperty("errorType").GetString()));
        Assert.Equal((await There.InstantAsync("sum(", both.Moment)).GetProperty("errorType").GetString(), refused.GetProperty("errorType").GetString());
        var grafana = Here;
        Assert.Equal("error", (await grafana.SeriesAsync(both.Begin, both.Moment, "}")).GetProperty("status").GetString());
        Assert.Equal(["POST 400", "GET 400"], grafana.Tried); // it asks again by GET, and is told the same
    }

    private async Task SameAsync(string what, Func<GrafanaDataSource, Task<JsonElement>> ask)
    {
        var (there, here) = (await ask(There), await ask(Here));
        Assert.Equal("success", here.GetProperty("status").GetString());
        Assert.False(here.TryGetProperty("warnings", out _));
        IsReadable(DataOf(here));
        var (theirs, ours) = (Text(DataOf(there), what), Text(DataOf(here), what));
        Assert.True(theirs == ours, $"{what}\nPrometheus: {theirs}\nthe hub:    {ours}");
    }

    // What its reader takes for granted: the type stands before the result, times are numbers and values texts.
    private static void IsReadable(JsonElement data)
    {
        if (data.ValueKind != JsonValueKind.Object)
            return;
        Assert.Equal(["resultType", "result"], data.EnumerateObject().Select(field => field.Name));
        if (data.GetProperty("resultType").GetString() is not ("vector" or "matrix"))
            return;
        foreach (var series in data.GetProperty("result").EnumerateArray())
        {
            Assert.All(series.GetProperty("metric").EnumerateObject(), label => Assert.Equal(JsonValueKind.String, label.Value.ValueKind));
            foreach (var sample in (series.TryGetProperty("values", out var values) ? values.EnumerateArray().ToArray() : series.TryGetProperty("value", out var value) ? [value] : []).Take(3))
                Assert.Equal((JsonValueKind.Number, JsonValueKind.String), (sample[0].ValueKind, sample[1].ValueKind));
        }
    }

    private static JsonElement DataOf(JsonElement answer)
    {
        Assert.Equal("success", answer.GetProperty("status").GetString());
        return answer.GetProperty("data");
    }

    // An item a line.
    private static string Text(JsonElement data, string asked)
    {
        if (data.ValueKind == JsonValueKind.Array)
            return string.Join('\n', data.EnumerateArray().Select(Sorted));
        var type = data.TryGetProperty("resultType", out var named) ? named.GetString() : null;
        if (type is not ("vector" or "matrix"))
            return Sorted(data);
        var lines = data.GetProperty("result").EnumerateArray().Select(Sorted);
        return $"{type} {string.Join('\n', type == "vector" && KnownReadings.HasGroups(asked) ? lines.Order(StringComparer.Ordinal) : lines)}";
    }

    private static string Sorted(JsonElement element)
    {
        static JsonNode? By(JsonNode? node) => node switch
        {
            JsonObject named => new JsonObject(named.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Key, By(field.Value?.DeepClone())))),
            JsonArray list => new JsonArray([.. list.Select(item => By(item?.DeepClone()))]),
            JsonValue number when number.GetValueKind() == JsonValueKind.Number => number.GetValue<decimal>() / 1.000_000_000m, // .500 is .5
            _ => node,
        };
        return By(JsonNode.Parse(element.GetRawText()))?.ToJsonString() ?? "";
    }

    // Takes points over; answers how many were there already, and says when one of them was another.
    private static int Amend(Dictionary<string, SortedDictionary<long, string>> shown, string expression, JsonElement answer)
    {
        var again = 0;
        foreach (var series in DataOf(answer).GetProperty("result").EnumerateArray())
        {
            var name = $"{expression} {Sorted(series.GetProperty("metric"))}";
            if (!shown.TryGetValue(name, out var points))
                shown.Add(name, points = []);
            foreach (var kind in (string[])["values", "histograms"])
            {
                foreach (var point in series.TryGetProperty(kind, out var samples) ? samples.EnumerateArray().ToArray() : [])
                {
                    var (at, value) = ((long)(point[0].GetDecimal() * 1_000), point[1].GetRawText());
                    if (points.TryGetValue(at, out var before))
                    {
                        Assert.True(before == value, $"{name} at {at}: first {before}, then {value}");
                        again++;
                    }
                    points[at] = value;
                }
            }
        }
        return again;
    }

    private static string Text(IEnumerable<KeyValuePair<string, SortedDictionary<long, string>>> shown)
    {
        var text = new StringBuilder();
        foreach (var (name, points) in shown.OrderBy(series => series.Key, StringComparer.Ordinal))
            text.Append(name).Append(": ").AppendJoin(' ', points.Select(point => $"{point.Key}={point.Value}")).Append('\n');
        return text.ToString();
    }

    private long At(int sample) => both.Begin + sample * (long)LabSeries.EveryMs;
}
