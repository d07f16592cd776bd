using System.Text.Json;
using HmsOps.Labs.Tests.Prometheus;

namespace HmsOps.Labs.Tests.Queries;

/// <summary>A difference between what a Prometheus 2.42 and a hub with the same data answer, with its reason. docs/reference/clients.md has the same rows.</summary>
/// <param name="What">What differs.</param>
/// <param name="Why">Why that is right, or does no harm.</param>
/// <param name="ShowAsync">Fails when they do not differ, or differ in another way.</param>
internal sealed record KnownReading(string What, string Why, Func<WrittenAlike, Task> ShowAsync)
{
    /// <summary>The row of the page.</summary>
    public string Row => $"| {What} | {Why} |";
}

/// <summary>Every such difference. What promtool and Grafana's data source ask is the same but for these.</summary>
internal static class KnownReadings
{
    public static IReadOnlyList<KnownReading> All { get; } =
    [
        new("quantiles of native histograms: `7.2` there, `6.96` here, both in the bucket from 4 to 8", "the hub speaks the language of 3.14, in which observations lie in such a bucket exponentially; before 3.0 they lay there evenly", async both =>
        {
            const string quantile = "histogram_quantile(0.95, sum(rate(sizes_bytes[5m])))";
            Assert.Equal(("7.2", "6.96"), (Rounded(await ValueAsync(both.Prometheus.Http, quantile, both.Moment)), Rounded(await ValueAsync(both.Hub.Http, quantile, both.Moment))));
        }),
        new("a sample exactly at the old end of a window counts there, and not here: 5 samples in `[1m]`, and 4", "windows are open at their old end since 3.0", async both =>
        {
            const string count = "count_over_time(permits_open{office=\"fairfax\"}[1m])";
            Assert.Equal(("5", "4"), (await ValueAsync(both.Prometheus.Http, count, both.Newest), await ValueAsync(both.Hub.Http, count, both.Newest)));
        }),
        new("values of a label with `start` and `end`: there, those of series that ended up to two hours before too", "the hub looks at samples; 2.42 takes what is in memory for one stretch of time", async both =>
        {
            var asked = (Func<GrafanaDataSource, Task<JsonElement>>)(grafana => grafana.LabelValuesAsync("office", both.Moment - 300_000, both.Moment));
            var (there, here) = (await asked(new GrafanaDataSource(both.Prometheus.Http)), await asked(new GrafanaDataSource(both.Hub.Http)));
            Assert.Equal(("""["arlington","fairfax","loudoun"]""", """["fairfax","loudoun"]"""), (there.GetProperty("data").GetRawText(), here.GetProperty("data").GetRawText()));
        }),
        new("averages: `12.600000000000001` there, `12.6` here", "today's language divides a compensated sum by the count; before 3.0 a mean was carried along, which rounds at each sample", async both =>
        {
            const string average = "avg_over_time(permits_open{office=\"loudoun\"}[5m])";
            var at = both.Begin + 51 * LabSeries.EveryMs + 7_123; // of twenty samples eight are 12 and twelve are 13
            Assert.Equal(("12.600000000000001", "12.6"), (await ValueAsync(both.Prometheus.Http, average, at), await ValueAsync(both.Hub.Http, average, at)));
        }),
        new("the order of an aggregation's groups in an answer of one moment: as they are met there, by their labels here", "Prometheus promises none; over a range both order them by their labels", async both =>
        {
            Assert.Equal(["portal", "court"], await JobsAsync(both.Prometheus.Http, both));
            Assert.Equal(["court", "portal"], await JobsAsync(both.Hub.Http, both));
        }),
        new("fractions of seconds in vectors and ranges: `1795190400.500` there, `1795190400.5` here", "the same number", async both =>
        {
            var time = FormattableString.Invariant($"{both.Newest / 1_000}.5");
            Assert.Contains($"[{time}00,", await BodyAsync(both.Prometheus.Http, $"/api/v1/query?query=vector(1)&time={time}"), StringComparison.Ordinal);
            Assert.Contains($"[{time},", await BodyAsync(both.Hub.Http, $"/api/v1/query?query=vector(1)&time={time}"), StringComparison.Ordinal);
        }),
        new("`<`, `>` and `&` in texts: `\\u003c` there, themselves here", "the same text to whoever reads JSON; the answer is `application/json` with `nosniff`, which no browser takes for a page", async both =>
        {
            Assert.Contains("\\u003cf\\u003e", await BodyAsync(both.Prometheus.Http, "/api/v1/label/path/values"), StringComparison.Ordinal);
            Assert.Contains("<f>", await BodyAsync(both.Hub.Http, "/api/v1/label/path/values"), StringComparison.Ordinal);
        }),
        new("the words of an error; its kind (`errorType`) and status are the same", "the hub says where, what it found and what it expected", async both =>
        {
            var (there, here) = (await BodyAsync(both.Prometheus.Http, "/api/v1/query?query=sum("), await BodyAsync(both.Hub.Http, "/api/v1/query?query=sum("));
            Assert.All((string[])[there, here], body => Assert.StartsWith("""{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": """, body, StringComparison.Ordinal));
            Assert.NotEqual(there, here);
        }),
        new("a method that an address does not take: 405 in plain words there, with a problem in JSON that names the right ones here", "the status is what clients go by", async both =>
        {
            foreach (var http in (HttpClient[])[both.Prometheus.Http, both.Hub.Http])
            {
                using var answer = await http.PostAsync(new Uri("/api/v1/rules", UriKind.Relative), null);
                Assert.Equal(405, (int)answer.StatusCode);
                Assert.Equal(http == both.Hub.Http ? "application/problem+json" : "text/plain", answer.Content.Headers.ContentType?.MediaType);
            }
        }),
        new("`/api/v1/metadata` of metrics that came by remote write: none there, what the sender said here", "2.42 keeps it of scraped targets alone", async both =>
        {
            Assert.Equal("""{"status":"success","data":{}}""", await BodyAsync(both.Prometheus.Http, "/api/v1/metadata?metric=permits_open"));
            Assert.Contains("Permits that wait for a decision.", await BodyAsync(both.Hub.Http, "/api/v1/metadata?metric=permits_open"), StringComparison.Ordinal);
        }),
    ];

    /// <summary>True where an answer of one moment may come in another order: it has the groups of an aggregation.</summary>
    public static bool HasGroups(string expression) => expression.Contains(" by (", StringComparison.Ordinal) || expression.StartsWith("count_values", StringComparison.Ordinal);

    private static async Task<string> ValueAsync(HttpClient http, string query, long atMs) =>
        (await PrometheusServer.QueryAsync(http, query, atMs / 1_000.0))[0].GetProperty("value")[1].GetString() ?? "";

    private static string Rounded(string value) => double.Parse(value, System.Globalization.CultureInfo.InvariantCulture).ToString("0.##", System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<string[]> JobsAsync(HttpClient http, WrittenAlike both) =>
        [.. (await PrometheusServer.QueryAsync(http, "sum by (job) (http_requests_total)", both.Moment / 1_000.0)).EnumerateArray().Select(series => series.GetProperty("metric").GetProperty("job").GetString() ?? "")];

    private static async Task<string> BodyAsync(HttpClient http, string address)
    {
        using var answer = await http.GetAsync(new Uri(address, UriKind.Relative));
        return (await answer.Content.ReadAsStringAsync()).TrimEnd();
    }
}
