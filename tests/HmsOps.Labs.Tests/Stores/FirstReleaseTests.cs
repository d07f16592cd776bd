using System.IO.Compression;
using System.Text.Json;
using HmsOps.Labs.Tests.Prometheus;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Stores;

/// <summary>
/// The data folder of the first release, as it lay there after the county court's alert had fired, its rollback had run, and a kill: today's program starts on it and goes on. Beside it lies
/// what that release itself answered of it.
/// </summary>
public sealed class FirstReleaseTests
{
    private const string Range = "/api/v1/query_range?query=histogram_sum(county_api_ms)&start=1795287834&end=1795287894&step=1";

    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(10);
    private static readonly string Kept = Path.Combine(Checkout.Root, "tests", "HmsOps.Labs.Tests", "Stores", "first-release");

    [Fact]
    public async Task A_data_folder_of_the_first_release_is_served_and_gone_on_with()
    {
        using var lab = LabFolder.OfTheCountyCourt();
        await ZipFile.ExtractToDirectoryAsync(Path.Combine(Kept, "data.zip"), lab.Data);
        await using (var hub = await StartAsync(lab))
        {
            await AssertHasAllAsync(hub);
            Assert.DoesNotContain(hub.Log.All, line => line.Contains("metric log", StringComparison.Ordinal)); // nothing was lost or passed over
            Assert.Equal(200, (await hub.PostAsync("/metric", """{"name": "county_api_ms", "val": 112, "id": "new-0"}""")).Status);
            await hub.UntilAsync("/api/v1/query?query=histogram_count(county_api_ms)", body => body.Contains("\"101\"", StringComparison.Ordinal), SeenWithin); // on top of the hundred
            await hub.KillAsync();
        }
        // That release itself would not read what was added: it is told so, and refuses the folder.
        Assert.Contains("\"format\": 2", await File.ReadAllTextAsync(Path.Combine(lab.Data, "VERSION")), StringComparison.Ordinal);
        await using (var hub = await StartAsync(lab))
        {
            await AssertHasAllAsync(hub);
            Assert.Equal(0, (await hub.StopAsync()).Code);
        }
        foreach (var verify in (string[][])[["store", "verify", "--data", lab.Data], ["ledger", "verify", lab.Data]])
        {
            var ended = await Checkout.OpsAsync(verify);
            Assert.True(ended.Code == 0, $"{string.Join(' ', verify)}: {ended.Code}\n{ended.Output}{ended.Errors}");
        }
    }

    [Fact]
    public async Task A_data_folder_of_a_newer_release_is_refused_by_name_and_left_as_it_is()
    {
        using var lab = LabFolder.OfTheCountyCourt();
        Directory.CreateDirectory(lab.Data);
        await File.WriteAllTextAsync(Path.Combine(lab.Data, "VERSION"), "{\"format\": 3, \"program\": \"9.1.0\"}\n");
        var ended = await Checkout.OpsAsync("serve", "--workspace", lab.Workspace, "--data", lab.Data, "--listen", "127.0.0.1:0");
        Assert.Equal(1, ended.Code);
        Assert.Contains($"{lab.Data} was written by hms-ops 9.1.0 (format 3)", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("Start hms-ops 9.1.0 or newer. Nothing was changed.", ended.Errors, StringComparison.Ordinal);
        Assert.Equal("{\"format\": 3, \"program\": \"9.1.0\"}\n", await File.ReadAllTextAsync(Path.Combine(lab.Data, "VERSION")));
        Assert.False(Directory.Exists(Path.Combine(lab.Data, "metrics")));
    }

    // Its samples are of one afternoon, and this test is run for years.
    private static Task<RunningHub> StartAsync(LabFolder lab) => RunningHub.StartAsync(lab, "--retention-time", "100y");

    private static async Task AssertHasAllAsync(RunningHub hub)
    {
        Assert.Equal(Result(await File.ReadAllTextAsync(Path.Combine(Kept, "range.json"))), Result((await hub.GetAsync(Range)).Body));
        Assert.Equal("100", (await PrometheusServer.QueryAsync(hub.Http, "histogram_count(permits_open)", 1795287894))[0].GetProperty("value")[1].GetString());

        using var then = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Kept, "ledger.json")));
        var entries = (await hub.JsonAsync("/api/ops/v1/ledger?limit=1000")).GetProperty("entries");
        foreach (var entry in then.RootElement.GetProperty("entries").EnumerateArray())
            Assert.Equal(entry.GetProperty("envelope").GetRawText(), entries[(int)entry.GetProperty("sequence").GetInt64()].GetProperty("envelope").GetRawText());

        var incident = Assert.Single((await hub.JsonAsync("/api/ops/v1/incidents")).GetProperty("incidents").EnumerateArray());
        Assert.Equal("county_api_ms 1029 ms, over 1000 ms", incident.GetProperty("title").GetString());
        Assert.Equal("2026-11-21T19:04:41Z", Assert.Single(incident.GetProperty("alerts").EnumerateArray()).GetProperty("firedAt").GetString());
        Assert.Equal(["succeeded"], incident.GetProperty("acts").EnumerateArray().Select(act => act.GetProperty("state").GetString()));
    }

    private static string Result(string body)
    {
        using var json = JsonDocument.Parse(body);
        return json.RootElement.GetProperty("data").GetProperty("result").GetRawText();
    }
}
