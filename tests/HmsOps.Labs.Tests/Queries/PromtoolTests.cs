using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Queries;

/// <summary>Every verb of <c>promtool query</c>, as Debian has it, asks a hub and a Prometheus with the same data, and prints the same.</summary>
[Collection(Readers.Name)]
public sealed partial class PromtoolTests(WrittenAlike both)
{
    private const string Promtool = "/usr/bin/promtool";

    private static readonly string[] Vectors =
    [
        "permits_open", "permits_open offset 20m", "odd", "texts", "sizes_bytes", "http_requests_total{code=~\"2..\"}", "sum by (job) (rate(http_requests_total[5m]))",
        "histogram_quantile(0.9, rate(request_seconds_bucket[5m]))", "histogram_count(sizes_bytes)", "rate(sizes_bytes[5m])", "topk(2, permits_open)", "bottomk(1, http_requests_total)", "sort(permits_open)", "sort_desc(http_requests_total)", "permits_open > 15",
        "http_requests_total{code=\"500\"} / on (job) group_left () sum by (job) (http_requests_total)", "absent(nothing)", "nothing", "increase(http_requests_total[20m])",
        "label_replace(permits_open, \"place\", \"$1\", \"office\", \"(.*)o.*\")", "count_values(\"v\", odd)", "1 + 2", "vector(1e-7)", "time()",
    ];

    [Fact]
    public async Task Instant_prints_the_same()
    {
        foreach (var expression in Vectors)
        {
            foreach (var format in (string[])["promql", "json"])
                await SameAsync(KnownReadings.HasGroups(expression) ? InAnyOrder : As, "instant", $"--format={format}", $"--time={Seconds(both.Moment)}", "URL", expression);
        }
        await SameAsync(As, "instant", $"--time={DateTimeOffset.FromUnixTimeMilliseconds(both.Moment):yyyy-MM-ddTHH:mm:ss.fffZ}", "URL", "sum(permits_open)");
        await SameAsync(As, "instant", $"--time={Seconds(both.Moment)}", "URL", "permits_open{office=\"fairfax\"}[1m]");
        await SameAsync(WithoutTimes, "instant", "URL", "scalar(sum(nothing)) + 2");
    }

    [Fact]
    public async Task Range_prints_the_same()
    {
        foreach (var expression in Vectors)
        {
            foreach (var format in (string[])["promql", "json"])
                await SameAsync(As, "range", $"--format={format}", "--header=X-Scope-OrgID=1", $"--start={Seconds(both.Moment - 1_200_000)}", $"--end={Seconds(both.Moment)}", "--step=50s", "URL", expression);
        }
        await SameAsync(WithoutTimes, "range", "URL", "vector(2)"); // five minutes until now, in steps that it chooses
    }

    [Fact]
    public async Task Series_prints_the_same()
    {
        await SameAsync(As, "series", "--match={__name__=~\".+\"}", "URL");
        await SameAsync(As, "series", "--format=json", "--match={__name__!=\"\"}", "URL");
        await SameAsync(As, "series", "--match=permits_open", "--match=http_requests_total{job=\"court\"}", "--match=permits_open{office=\"fairfax\"}", "URL");
        await SameAsync(As, "series", "--match=permits_open", $"--start={Seconds(both.Newest - 60_000)}", $"--end={Seconds(both.Newest)}", "URL");
        await SameAsync(As, "series", "--match=nothing", "URL");
    }

    [Fact]
    public async Task Labels_prints_the_same()
    {
        foreach (var name in (string[])["__name__", "office", "path", "word", "le", "nothing"])
        {
            await SameAsync(As, "labels", "URL", name);
            await SameAsync(As, "labels", "--format=json", $"--start={Seconds(both.Begin)}", $"--end={Seconds(both.Newest)}", "URL", name);
        }
        await SameAsync(As, "labels", "--match=http_requests_total", "--match=permits_open", "URL", "__name__");
    }

    [Theory]
    [InlineData("instant", "URL", "sum(")]
    [InlineData("instant", "URL", "\"a text\"")] // which this promtool cannot read
    [InlineData("instant", "URL", "permits_open + on () permits_open")]
    [InlineData("range", "URL", "permits_open[5m]")]
    [InlineData("range", "--start=1", "--end=100000", "--step=1s", "URL", "1")]
    [InlineData("series", "--match=}", "URL")]
    [InlineData("labels", "--match={}", "URL", "job")]
    public async Task What_cannot_be_answered_is_refused_alike(params string[] question)
    {
        var (there, here) = (await AskAsync($"{both.Prometheus.Http.BaseAddress}", question), await AskAsync(both.Hub.Url, question));
        Assert.Equal((1, ""), (here.Code, here.Output));
        // The kind of refusal; what follows are each one's own words.
        Assert.Equal((there.Code, there.Output, Kind().Match(there.Errors).Value), (here.Code, here.Output, Kind().Match(here.Errors).Value));
        Assert.NotEmpty(Kind().Match(here.Errors).Value);
    }

    private async Task SameAsync(Func<string, string> read, params string[] question)
    {
        var (there, here) = (await AskAsync($"{both.Prometheus.Http.BaseAddress}", question), await AskAsync(both.Hub.Url, question));
        Assert.True((here.Code, here.Errors) == (0, ""), $"promtool query {string.Join(' ', question)}: {here.Code}\n{here.Output}{here.Errors}");
        Assert.Equal((0, ""), (there.Code, there.Errors));
        Assert.True(read(there.Output) == read(here.Output), $"promtool query {string.Join(' ', question)}\nPrometheus:\n{there.Output}\nthe hub:\n{here.Output}");
    }

    private static Task<Ended> AskAsync(string url, string[] question) =>
        Ended.RunAsync(Promtool, ["query", .. question.Select(word => word == "URL" ? url.TrimEnd('/') : word)], Checkout.Root);

    private static string As(string printed) => printed;

    private static string InAnyOrder(string printed)
    {
        if (!printed.StartsWith('['))
            return string.Join('\n', printed.Split('\n').Order(StringComparer.Ordinal));
        using var json = JsonDocument.Parse(printed);
        return string.Join('\n', json.RootElement.EnumerateArray().Select(one => one.GetRawText()).Order(StringComparer.Ordinal));
    }

    // Asked one after the other, at what is then now.
    private static string WithoutTimes(string printed) => Times().Replace(printed, "@[]");

    private static string Seconds(long milliseconds) => (milliseconds / 1_000m).ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"@\[[0-9.]+\]")]
    private static partial Regex Times();

    [GeneratedRegex("^query error: [A-Za-z_]+: ")]
    private static partial Regex Kind();
}
