using System.Globalization;
using System.Text;
using HmsOps.Labs.Tests.Prometheus;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Stores;

/// <summary>The verbs of the metric store, typed at a running hub's folder and at a stopped one's: the same words, the same answers.</summary>
public sealed class StoreVerbTests
{
    private const string AllOfIt = "count_over_time(history[3d])";

    [Fact]
    public async Task What_Prometheus_kept_is_taken_over_checked_copied_and_deleted()
    {
        using var lab = new LabFolder();
        var blocks = await BlocksAsync(lab, DateTimeOffset.UtcNow.AddDays(-2), minutes: 600);
        string[] data = ["--data", lab.Data];
        await using (var hub = await RunningHub.StartAsync(lab))
        {
            await SaysAsync("1,200 of 1,200 samples are in the store", ["store", "import", "--blocks", blocks, .. data]); // the folder is the hub's, so the hub is asked
            await SaysAsync("1,200 of 1,200 samples are in the store", ["store", "import", "--blocks", blocks, "--hub", hub.Url]); // twice makes no double
            Assert.Equal(["600", "600"], await CountsAsync(hub));
            await SaysAsync("Deleted ", ["store", "delete", "--match", "history{half=\"b\"}", .. data]);
            Assert.Equal(["600"], await CountsAsync(hub));
            await SaysAsync(" blocks hold ", ["store", "compact", .. data]);
            await SaysAsync("good  ", ["store", "verify", .. data]);
            var size = await hub.JsonAsync("/api/ops/v1/store");
            Assert.True(size.GetProperty("blocks").GetInt32() >= 1 && size.GetProperty("samples").GetInt64() >= 600, size.ToString());
            await SaysAsync("Start a hub on it with", ["store", "snapshot", Path.Combine(lab.Root, "copy"), .. data]);
            var (status, body) = await hub.PostAsync("/api/ops/v1/store/delete?match[]=up{", "");
            Assert.Equal(400, status);
            Assert.Contains("parse error", body, StringComparison.Ordinal);
            await hub.StopAsync();
        }
        await SaysAsync("good  ", ["store", "verify", .. data]);
        await SaysAsync("Deleted ", ["store", "delete", "--match", "history", "--end", DateTimeOffset.UtcNow.AddDays(-1).ToString("O", CultureInfo.InvariantCulture), .. data]);
        await SaysAsync(" blocks hold ", ["store", "compact", .. data]);
        await using (var hub = await RunningHub.StartAsync(lab))
            Assert.Empty(await CountsAsync(hub));

        // The copy knows nothing of what was done since.
        var copy = await Checkout.OpsAsync("store", "verify", "--data", Path.Combine(lab.Root, "copy"), "--json");
        Assert.True(copy.Code == 0 && copy.Output.Contains("\"faults\":[]", StringComparison.Ordinal), copy.Output + copy.Errors);
        Directory.Delete(lab.Data, recursive: true);
        Directory.Move(Path.Combine(lab.Root, "copy"), lab.Data);
        await using var restored = await RunningHub.StartAsync(lab);
        Assert.Equal(["600"], await CountsAsync(restored));
    }

    [Fact]
    public async Task What_a_running_Prometheus_has_is_fetched_by_remote_read()
    {
        using var lab = new LabFolder();
        await using var prometheus = await PrometheusServer.StartAsync(lab, "");
        await prometheus.UntilAsync("count_over_time(prometheus_build_info[1m]) > 2", TimeSpan.FromSeconds(60));
        await using var hub = await RunningHub.StartAsync(lab);
        var start = DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        await SaysAsync(" samples are in the store", ["store", "import", "--url", new Uri(prometheus.Http.BaseAddress!, "/api/v1/read").ToString(), "--start", start, "--data", lab.Data]);

        var time = DateTimeOffset.UtcNow.AddSeconds(-1).ToUnixTimeMilliseconds() / 1_000.0;
        foreach (var query in (string[])["prometheus_build_info", "count({job=\"prometheus\"} > -1) > 100"])
            Assert.Equal(1, (await PrometheusServer.QueryAsync(hub.Http, query, time)).GetArrayLength());
    }

    [Fact]
    public async Task An_order_that_cannot_be_read_says_what_to_write()
    {
        using var lab = new LabFolder();
        await RefusesAsync(2, "is no data folder", "store", "verify", "--data", lab.Root);
        await RefusesAsync(2, "name one thing to import from", "store", "import", "--data", lab.Data);
        await RefusesAsync(2, "write seconds since 1970", "store", "delete", "--match", "up", "--start", "yesterday", "--data", lab.Data);
        await RefusesAsync(2, "--match up{", "store", "delete", "--match", "up{", "--data", lab.Data);
        await RefusesAsync(4, "no hub answers", "store", "compact", "--hub", "http://127.0.0.1:9");
    }

    private static async Task SaysAsync(string expected, params string[] arguments)
    {
        var ended = await Checkout.OpsAsync(arguments);
        Assert.True(ended.Code == 0 && ended.Output.Contains(expected, StringComparison.Ordinal), $"hms-ops {string.Join(' ', arguments)}: {ended.Code}\n{ended.Output}\n{ended.Errors}");
    }

    private static async Task RefusesAsync(int code, string why, params string[] arguments)
    {
        var ended = await Checkout.OpsAsync(arguments);
        Assert.True(ended.Code == code && ended.Errors.Contains(why, StringComparison.Ordinal), $"hms-ops {string.Join(' ', arguments)}: {ended.Code}\n{ended.Output}\n{ended.Errors}");
    }

    private static async Task<string[]> CountsAsync(RunningHub hub)
    {
        var result = await PrometheusServer.QueryAsync(hub.Http, AllOfIt);
        return [.. result.EnumerateArray().Select(series => series.GetProperty("value")[1].GetString() ?? "")];
    }

    // Two series, a sample a minute, made into blocks by Prometheus' own tool.
    private static async Task<string> BlocksAsync(LabFolder lab, DateTimeOffset from, int minutes)
    {
        var text = new StringBuilder("# TYPE history gauge\n");
        for (var half = 0; half < 2; half++)
        {
            for (var minute = 0; minute < minutes; minute++)
                text.Append(CultureInfo.InvariantCulture, $"history{{half=\"{(half == 0 ? 'a' : 'b')}\"}} {minute * 0.5} {from.AddMinutes(minute).ToUnixTimeSeconds()}\n");
        }
        var file = Path.Combine(lab.Root, "history.txt");
        await File.WriteAllTextAsync(file, text.Append("# EOF\n").ToString());
        var folder = Path.Combine(lab.Root, "blocks");
        var made = await Ended.RunAsync("/usr/bin/promtool", ["tsdb", "create-blocks-from", "openmetrics", file, folder], lab.Root);
        Assert.True(made.Code == 0, made.Output + made.Errors);
        return folder;
    }
}
