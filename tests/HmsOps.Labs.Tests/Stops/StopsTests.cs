using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Stops;

/// <summary>How a hub ends and begins again, on the clock of whoever waits for it.</summary>
public sealed class StopsTests
{
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ScriptGets = TimeSpan.FromSeconds(10); // of a hub that stops
    private static readonly TimeSpan ScriptBeginsWithin = TimeSpan.FromSeconds(15);

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

    [Fact]
    public async Task A_script_that_is_not_done_in_time_is_ended_with_the_hub_and_never_run_again()
    {
        using var lab = new LabFolder();
        lab.Write("alerts/county_api.yml", "metric: county_api_ms\nthreshold: 1000\nwindow: \"3m\"\naction: \"ROLLBACK:DOCKET_RULE\"\n");
        lab.WriteScript("cd/rollback_docket_rule.sh", "#!/bin/sh\necho $$ >>\"$(dirname \"$OPS_SCRIPT\")/../runs\"\nsleep 300\n");
        string runs;
        await using (var hub = await RunningHub.StartAsync(lab))
        {
            Assert.Equal(200, (await hub.PostAsync("/metric", """{"name": "county_api_ms", "val": 9000, "id": "slow"}""")).Status);
            await hub.UntilAsync("/api/ops/v1/incidents", _ => IsWritten(lab), ScriptBeginsWithin);
            runs = lab.Read("runs");
            var (code, took) = await hub.StopAsync();
            Assert.Equal(0, code);
            Assert.InRange(took, ScriptGets, ScriptGets + StopWithin);
            Assert.Contains(hub.Output.All, line => line.EndsWith("EXEC  rollback_docket_rule.sh               → unknown", StringComparison.Ordinal));
        }
        Assert.False(Directory.Exists($"/proc/{runs.Trim()}"), "the script outlived the hub's orderly stop");

        await using var again = await RunningHub.StartAsync(lab);
        var incidents = await again.UntilAsync("/api/ops/v1/incidents", body => body.Contains("\"unknown\"", StringComparison.Ordinal), ScriptBeginsWithin);
        Assert.Contains("the hub was stopped", incidents);
        Assert.Equal(runs, lab.Read("runs"));
    }

    private static bool IsWritten(LabFolder lab) => File.Exists(Path.Combine(lab.Workspace, "runs")) && lab.Read("runs").EndsWith('\n');
}
