using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Prometheus;

/// <summary>Debian's Prometheus is asked for what only the hub has, and fetches it by remote read.</summary>
public sealed class RemoteReadTests
{
    [Fact]
    public async Task A_real_Prometheus_reads_from_the_hub_and_both_say_the_same()
    {
        using var lab = new LabFolder();
        await using var hub = await RunningHub.StartAsync(lab);
        var now = DateTimeOffset.UtcNow;
        var lines = Enumerable.Range(0, 40).Select(i => FormattableString.Invariant($"county,office=fairfax waiting={i}.125,note=\"x\" {now.AddSeconds(i - 60).ToUnixTimeMilliseconds()}"));
        using var body = new StringContent(string.Join('\n', lines));
        using var stored = await hub.Http.PostAsync(new Uri("/api/v2/write?precision=ms", UriKind.Relative), body);
        Assert.True(stored.IsSuccessStatusCode, await stored.Content.ReadAsStringAsync());
        await using var prometheus = await PrometheusServer.StartAsync(lab, $"remote_read: [{{url: '{hub.Url}/api/v1/read', read_recent: true}}]");

        var time = now.ToUnixTimeMilliseconds() / 1_000.0;
        foreach (var query in (string[])["county_waiting[5m]", "sum(sum_over_time(county_waiting[90s]))", "{office=~\"fair.*\",office!=\"x\",office!~\"y|z\"}", "count_over_time(county_waiting[1h])"])
        {
            var theirs = await PrometheusServer.QueryAsync(prometheus.Http, query, time);
            Assert.Equal(1, theirs.GetArrayLength());
            if (!query.EndsWith(']'))
                Assert.Equal((await PrometheusServer.QueryAsync(hub.Http, query, time))[0].GetProperty("value")[1].GetString(), theirs[0].GetProperty("value")[1].GetString());
            else
                Assert.Equal(Enumerable.Range(0, 40).Select(i => FormattableString.Invariant($"{i}.125")), theirs[0].GetProperty("values").EnumerateArray().Select(v => v[1].GetString()));
        }
    }
}
