using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Stops;

/// <summary>How a hub ends and begins again, on the clock of whoever waits for it.</summary>
public sealed class StopsTests
{
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task A_stop_is_orderly()
    {
        using var lab = LabFolder.OfTheCountyCourt();
        await using (var hub = await RunningHub.StartAsync(lab))
        {
            Assert.Equal(200, (await hub.PostAsync("/metric", """{"name": "county_api_ms", "val": 112, "id": "one"}""")).Status);
            using var open = await hub.Http.GetAsync(new Uri("/api/ops/v1/live", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead); // a page that stays open
            var (code, took) = await hub.StopAsync();
            Assert.Equal(0, code);
            Assert.True(took < StopWithin, $"SIGTERM took {took.TotalSeconds:0.0} s");
        }
        await using (var hub = await RunningHub.StartAsync(lab))
        {
            Assert.Equal(200, (await hub.PostAsync("/metric", """{"name": "county_api_ms", "val": 112, "id": "two"}""")).Status);
            await hub.KillAsync();
        }
        await using var again = await RunningHub.StartAsync(lab);
        Assert.True(again.ReadyAfter < ReadyWithin, $"ready {again.ReadyAfter.TotalSeconds:0.0} s after a kill");
    }
}
