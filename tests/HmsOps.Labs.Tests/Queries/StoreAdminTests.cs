using System.Text.Json;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Queries;

/// <summary>Prometheus' own orders to a store, <c>/api/v1/admin/tsdb/…</c>, given to a running hub: what they do, what they answer, and who may not give them.</summary>
public sealed class StoreAdminTests
{
    private const string Admin = "/api/v1/admin/tsdb";

    [Fact]
    public async Task Series_are_deleted_and_the_store_is_copied_as_Prometheus_does_it()
    {
        using var lab = new LabFolder();
        await using var hub = await RunningHub.StartAsync(lab);
        var newest = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 30;
        var lines = string.Concat(Enumerable.Range(0, 20).SelectMany(i => (string[])["fairfax", "loudoun"], (i, office) => $"permits_open,office={office} value={i} {newest - 15 * i}\n"));
        var (written, said) = await hub.PostAsync("/write?precision=s", lines);
        Assert.True(written == 204, $"{written} {said}");
        Assert.Equal("fairfax:20 loudoun:20", await CountsAsync(hub));
        var head = (await hub.JsonAsync("/api/v1/status/tsdb")).GetProperty("data").GetProperty("headStats");
        Assert.Equal((2, newest * 1_000), (head.GetProperty("numSeries").GetInt32(), head.GetProperty("maxTime").GetInt64()));

        var (status, copied) = await hub.PostAsync($"{Admin}/snapshot?skip_head=false", "");
        Assert.True(status == 200, $"{status} {copied}");
        var name = JsonDocument.Parse(copied).RootElement.GetProperty("data").GetProperty("name").GetString();
        Assert.Matches("^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}$", name);
        Assert.True(Directory.Exists(Path.Combine(lab.Data, "snapshots", $"{name}", "metrics")));

        Assert.Equal((204, ""), await hub.PostAsync($"{Admin}/delete_series?match[]=permits_open{{office=\"loudoun\"}}&end={newest - 60}", ""));
        Assert.Equal("fairfax:20 loudoun:4", await CountsAsync(hub));
        Assert.Equal((204, ""), await PutAsync(hub, $"{Admin}/clean_tombstones"));
        Assert.Equal((204, ""), await PutAsync(hub, $"{Admin}/delete_series?match[]={{office=\"loudoun\"}}&match[]={{office=\"nowhere\"}}"));
        Assert.Equal("fairfax:20", await CountsAsync(hub));

        var second = JsonDocument.Parse((await hub.PostAsync($"{Admin}/snapshot", "")).Body).RootElement.GetProperty("data").GetProperty("name").GetString();
        Assert.NotEqual(name, second);
        foreach (var (copy, series) in ((string?, int)[])[(name, 2), (second, 1)])
        {
            var verified = await Checkout.OpsAsync("query", "count_over_time(permits_open[1h])", "--format", "csv", "--data", Path.Combine(lab.Data, "snapshots", $"{copy}"));
            Assert.True(verified.Code == 0 && verified.Output.TrimEnd().Split('\n').Length == series + 1, $"{verified.Code}\n{verified.Output}{verified.Errors}");
        }
    }

    [Fact]
    public async Task What_is_not_said_plainly_or_not_by_whom_it_should_be_is_not_done()
    {
        using var lab = new LabFolder();
        await using var hub = await RunningHub.StartAsync(lab);
        Assert.Equal(204, (await hub.PostAsync("/write?precision=s", $"permits_open,office=fairfax value=1 {DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 30}\n")).Status);
        foreach (var (asked, why) in ((string, string)[])
            [
                ("delete_series", "no match[] parameter provided"), ("delete_series?match[]=up{", "parse error"), ("delete_series?match[]=permits_open&start=", "says nothing"),
                ("delete_series?match[]=permits_open&end=noon", "end"), ("snapshot?skip_head=true", "skip_head"),
            ])
        {
            var (status, body) = await hub.PostAsync($"{Admin}/{asked}", "");
            Assert.Equal((400, "bad_data"), (status, JsonDocument.Parse(body).RootElement.GetProperty("errorType").GetString()));
            Assert.Contains(why, body, StringComparison.Ordinal);
        }
        foreach (var order in (string[])["delete_series?match[]=permits_open", "clean_tombstones", "snapshot"])
        {
            Assert.Equal(405, (await hub.GetAsync($"{Admin}/{order}")).Status);
            using var foreign = new HttpRequestMessage(HttpMethod.Post, new Uri($"{Admin}/{order}", UriKind.Relative)); // a page of somebody else's in the same browser
            foreign.Headers.Add("Origin", "https://elsewhere.example");
            foreign.Headers.Add("Sec-Fetch-Site", "cross-site");
            using var refused = await hub.Http.SendAsync(foreign);
            Assert.Equal(403, (int)refused.StatusCode);
        }
        Assert.Equal("fairfax:1", await CountsAsync(hub));
        Assert.False(Directory.Exists(Path.Combine(lab.Data, "snapshots")));
    }

    private static async Task<string> CountsAsync(RunningHub hub) => string.Join(' ', (await hub.JsonAsync("/api/v1/query?query=sort_by_label(count_over_time(permits_open[1h]),\"office\")"))
        .GetProperty("data").GetProperty("result").EnumerateArray().Select(series => $"{series.GetProperty("metric").GetProperty("office").GetString()}:{series.GetProperty("value")[1].GetString()}"));

    private static async Task<(int Status, string Body)> PutAsync(RunningHub hub, string path)
    {
        using var answer = await hub.Http.PutAsync(new Uri(path, UriKind.Relative), null);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
