using System.Text.RegularExpressions;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.CountyCourt;

/// <summary>Chapter B's mini lab, played as its reader plays it: the hub, the burst, the four lines, the board.</summary>
public sealed class CountyCourtTests
{
    private static readonly TimeSpan PageWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LineWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BurstWithin = TimeSpan.FromSeconds(100); // 30 s of them are the chapter's: so long the cure must hold

    [Fact]
    public async Task The_chapters_mini_lab_prints_the_chapters_lines_and_recovers()
    {
        await using var mail = new MailServer();
        await using var hook = new WebhookListener();
        using var lab = LabFolder.OfTheCountyCourt();
        lab.Write("roster.yaml", $"channels:\n  smtp:\n    host: 127.0.0.1\n    port: {mail.Port}\n    from: ops@opm.gov\n  webhook:\n    url: {hook.Url}\n");
        await using var hub = await RunningHub.StartAsync(lab);

        var burst = await Ended.RunAsync(
            "/usr/bin/python3", ["send_burst.py"], lab.Workspace, new Dictionary<string, string?> { ["OPS_URL"] = hub.Url, ["PYTHONDONTWRITEBYTECODE"] = "1" }, BurstWithin);
        Assert.True(burst.Code == 0, $"send_burst.py: {burst.Code}\n{burst.Output}{burst.Errors}\nThe hub:\n{string.Join('\n', hub.Output.All)}\n{string.Join('\n', hub.Log.All)}");

        await hub.Output.FirstAsync(line => line.Contains("ALERT_RESOLVED", StringComparison.Ordinal), LineWithin, "ALERT_RESOLVED");
        AssertLines(
            [
                @"^\[\d\d:\d\d\] ALERT county_api_ms 1[0-9]{3} ms \(threshold 1000\)  → paging…$",
                @"^\[\d\d:\d\d\] EXEC  rollback_docket_rule\.sh               → success$",
                @"^\[\d\d:\d\d\] ALERT county_api_ms 1[0-9]{3} ms \(threshold 1000\)  → rollback executed$",
                @"^\[\d\d:\d\d\] ALERT_RESOLVED  county_api_ms back to [1-9][0-9]{2} ms$",
            ],
            [.. hub.Output.All.Where(line => line.StartsWith('['))]);
        Assert.Equal("v40\n", lab.Read("docket_rule"));
        await AssertPagesAsync(mail, hook);
        await AssertVerbsAsync(hub, lab);
        await AssertScreensAsync(hub);

        var (code, _) = await hub.StopAsync();
        Assert.Equal(0, code);
        Assert.Equal((0, 0), (mail.More, hook.More)); // nothing comes from a hub that has ended
        var verified = await Checkout.OpsAsync("ledger", "verify", lab.Data);
        Assert.True(verified.Code == 0 && verified.Output.StartsWith("GOOD", StringComparison.Ordinal), verified.Output + verified.Errors);
    }

    private static void AssertLines(string[] patterns, IReadOnlyList<string> lines)
    {
        var whole = string.Join('\n', lines);
        Assert.True(lines.Count == patterns.Length, $"{patterns.Length} lines belong on the console, there are:\n{whole}");
        for (var i = 0; i < patterns.Length; i++)
            Assert.True(Regex.IsMatch(lines[i], patterns[i], RegexOptions.None, TimeSpan.FromSeconds(1)), $"Line {i + 1} is not {patterns[i]}:\n{whole}");
    }

    private static async Task AssertPagesAsync(MailServer mail, WebhookListener hook)
    {
        foreach (var subject in (string[])["ALERT county_api_ms", "Over: county_api_ms"]) // once that it is slow, once that it is over
        {
            var letter = await mail.NextAsync(PageWithin);
            Assert.Equal(["oncall@opm.gov"], letter.To);
            Assert.Contains("Auto-Submitted: auto-generated", letter.Text);
            Assert.Contains(subject, letter.Text);
            var call = await hook.NextAsync(PageWithin);
            Assert.Equal("pager_duty", call.GetProperty("to").GetString());
            Assert.Contains(subject, call.GetProperty("subject").GetString());
        }
    }

    private static async Task AssertVerbsAsync(RunningHub hub, LabFolder lab)
    {
        var running = await Checkout.OpsAsync("ledger", "verify", lab.Data);
        Assert.True(running.Code == 0 && running.Output.StartsWith("GOOD", StringComparison.Ordinal), running.Output + running.Errors);
        var address = await Checkout.OpsAsync("dashboard", "county_api_ms", "--window", "1h", "--hub", hub.Url);
        Assert.Equal((0, $"{hub.Url}/d/board/county_api_ms\n", ""), (address.Code, address.Output, address.Errors));
    }

    private static async Task AssertScreensAsync(RunningHub hub)
    {
        var incident = (await hub.JsonAsync("/api/ops/v1/incidents")).GetProperty("incidents")[0].GetProperty("id").GetString();
        await using var browser = await Screen.OpenAsync();
        await browser.AssertBoardAsync(hub, Look.Desk, "board");
        await browser.AssertBoardAsync(hub, Look.DeskAtNight, "board-dark");
        await browser.AssertBoardAsync(hub, Look.Phone, "board-phone");
        await browser.AssertBoardAsync(hub, Look.PhoneAtNight, picture: null);
        await browser.AssertIncidentAsync(hub, incident ?? "", "incident");
    }
}
