using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Kills;

/// <summary>The hub is killed as a crash would, again and again: what it had promised stands.</summary>
public sealed class TenKillsTests
{
    private const int Seed = 41;
    private const int HealthyKills = 3;  // before anything is wrong
    private const int LaterKills = 6;    // around and after the one in the midst of the rollback
    private const double QuickMs = 100;
    private const double SlowMs = 100_000; // above the threshold in the window's average, whatever the quick ones before weigh

    private const string Rule = "metric: county_api_ms\nthreshold: 1000\nwindow: \"3m\"\naction: \"ROLLBACK:DOCKET_RULE\"\n";

    private const string Script = """
        #!/bin/sh
        echo begun >>"$(dirname "$OPS_SCRIPT")/../runs"
        sleep 3
        echo ended >>"$(dirname "$OPS_SCRIPT")/../runs"
        """;

    private const string InItsMidst = "begun\n";
    private const string OnceToItsEnd = "begun\nended\n";

    private static readonly TimeSpan RollbackBeginsWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SettledWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan CountedWithin = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Ten_kills_lose_no_accepted_metric_no_envelope_and_roll_back_once()
    {
        var random = new Random(Seed);
        using var lab = new LabFolder();
        lab.Write("workspace.yaml", "interval: 1s\n");
        lab.Write("alerts/county_api.yml", Rule);
        lab.WriteScript("cd/rollback_docket_rule.sh", Script);
        var seen = new SortedDictionary<long, string>();

        var hub = await RunningHub.StartAsync(lab);
        try
        {
            await using var sender = new PatientSender(hub, QuickMs);
            for (var kill = 0; kill < HealthyKills; kill++)
                hub = await KillAndStartAsync(hub, lab, sender, seen, random.NextDouble() * 1.5);

            sender.Value = SlowMs;
            await BegunAsync(lab);
            hub = await KillAndStartAsync(hub, lab, sender, seen, after: random.NextDouble() * 0.5, () => Assert.Equal(InItsMidst, lab.Read("runs")));
            for (var kill = 0; kill < LaterKills; kill++)
                hub = await KillAndStartAsync(hub, lab, sender, seen, random.NextDouble() * 1.5);

            await hub.UntilAsync("/api/ops/v1/incidents", body => body.Contains("\"succeeded\"", StringComparison.Ordinal), SettledWithin);
            await sender.FinishAsync(SettledWithin);
            await AssertEachIsCountedOnceAsync(hub, sender);
            await AssertOneRollbackAsync(hub);
            Assert.Equal(OnceToItsEnd, lab.Read("runs"));
            AssertNothingWasLost(seen, await LedgerAsync(hub));
            Assert.Equal(0, (await hub.StopAsync()).Code);
        }
        finally
        {
            await hub.DisposeAsync();
        }
        var verified = await Checkout.OpsAsync("ledger", "verify", lab.Data);
        Assert.True(verified.Code == 0 && verified.Output.StartsWith("GOOD", StringComparison.Ordinal), verified.Output + verified.Errors);
    }

    private static async Task<RunningHub> KillAndStartAsync(
        RunningHub hub, LabFolder lab, PatientSender sender, SortedDictionary<long, string> seen, double after, Action? whileDead = null)
    {
        await Task.Delay(TimeSpan.FromSeconds(after)); // the chosen moment; nothing is waited for
        foreach (var (sequence, envelope) in await LedgerAsync(hub))
            seen[sequence] = envelope;
        await hub.DisposeAsync(); // SIGKILL
        whileDead?.Invoke();
        var next = await RunningHub.StartAsync(lab);
        sender.MoveTo(next);
        return next;
    }

    private static async Task BegunAsync(LabFolder lab)
    {
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!File.Exists(Path.Combine(lab.Workspace, "runs")))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < RollbackBeginsWithin, "the rollback did not begin");
            await timer.WaitForNextTickAsync();
        }
    }

    private static async Task<SortedDictionary<long, string>> LedgerAsync(RunningHub hub)
    {
        var all = new SortedDictionary<long, string>();
        for (long? after = -1; after is not null;)
        {
            var page = await hub.JsonAsync($"/api/ops/v1/ledger?limit=1000&after={after}");
            foreach (var entry in page.GetProperty("entries").EnumerateArray())
                all[entry.GetProperty("sequence").GetInt64()] = entry.GetProperty("envelope").GetRawText(); // the bytes as they were entered
            after = page.TryGetProperty("next", out var next) ? next.GetInt64() : null;
        }
        return all;
    }

    private static async Task AssertEachIsCountedOnceAsync(RunningHub hub, PatientSender sender)
    {
        Assert.True(sender.Repeats > 0, "no kill fell into a request: nothing was tried");
        var expected = sender.Acknowledged.ToString(CultureInfo.InvariantCulture);
        // The last second is stored when it is over.
        await hub.UntilAsync("/api/v1/query?query=histogram_count(county_api_ms)", body => ValueOf(body) == expected, CountedWithin);
    }

    private static string? ValueOf(string body)
    {
        using var json = JsonDocument.Parse(body);
        var result = json.RootElement.GetProperty("data").GetProperty("result");
        return result.GetArrayLength() == 1 ? result[0].GetProperty("value")[1].GetString() : null;
    }

    private static async Task AssertOneRollbackAsync(RunningHub hub)
    {
        var incidents = (await hub.JsonAsync("/api/ops/v1/incidents")).GetProperty("incidents");
        var acts = incidents.EnumerateArray().SelectMany(i => i.GetProperty("acts").EnumerateArray()).Select(a => a.GetProperty("state").GetString());
        Assert.Equal(["succeeded"], acts);
    }

    private static void AssertNothingWasLost(SortedDictionary<long, string> seen, SortedDictionary<long, string> now)
    {
        Assert.NotEmpty(seen);
        foreach (var (sequence, envelope) in seen)
            Assert.Equal(envelope, now.GetValueOrDefault(sequence));
    }
}
