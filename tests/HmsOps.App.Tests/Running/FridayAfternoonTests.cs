using System.Diagnostics;
using HmsOps.App.Running;
using HmsOps.App.Tests.World;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;
using HmsOps.Simulation.Time;

namespace HmsOps.App.Tests.Running;

/// <summary>Chapter B's Friday afternoon, lived through in virtual time.</summary>
public sealed class FridayAfternoonTests
{
    [Fact]
    public void The_console_says_what_the_chapter_prints()
    {
        var county = new County(seed: 1, County.ChapterFiles);

        county.Live((hub, time) => AfternoonAsync(county, hub, time));

        Assert.Equal(
            [
                "[16:07] ALERT county_api_ms 1580 ms (threshold 1000)  → paging…",
                "[16:07] EXEC  rollback_docket_rule.sh               → success",
                "[16:07] ALERT county_api_ms 1580 ms (threshold 1000)  → rollback executed",
                "[16:08] ALERT_RESOLVED  county_api_ms back to 112 ms",
            ],
            county.Console);
        Assert.Equal(40, county.DocketRule);
        Assert.Equal(["/workspace/cd/rollback_docket_rule.sh"], county.Scripts.Executed);
    }

    [Fact]
    public void People_are_told_by_mail_and_by_web_hook_that_it_is_slow_and_that_it_is_over()
    {
        var county = new County(seed: 1, County.ChapterFiles);

        county.Live((hub, time) => AfternoonAsync(county, hub, time));

        Assert.Equal(
            ["[INC-2026-0001] ALERT county_api_ms 1580 ms (threshold 1000)", "[INC-2026-0001] Over: county_api_ms is back to 112 ms"],
            county.Mail.Received.Select(m => m.Subject));
        Assert.All(county.Mail.Received, m => Assert.Equal("oncall@opm.gov", m.To));
        Assert.Equal(["pager_duty", "pager_duty"], county.Hook.Received.Select(m => m.To));
        Assert.Contains("Runbook: wiki/slow-county-api", county.Mail.Received[0].Body);
    }

    [Fact]
    public void Every_step_is_an_entry_of_the_ledger_and_follows_from_the_one_before()
    {
        var county = new County(seed: 1, County.ChapterFiles);
        var story = new List<string>();

        county.Live(async (hub, time) =>
        {
            await AfternoonAsync(county, hub, time);
            var state = hub.Journal.State;
            var incident = Assert.Single(state.Incidents.Values);
            Assert.False(incident.IsOpen);
            story.AddRange(incident.Entries.Select(e => Record.EventCatalogue.NameOf(hub.Journal.Read(e)!.Event)));
            var act = Assert.Single(state.Acts.Values);
            Assert.Equal("succeeded", act.Settled?.Outcome);
            Assert.All(act.Plan!.Guards, g => Assert.True(g.Allows, g.Detail));
            Assert.True(hub.Journal.Read(act.Sequence)!.Cause is { } cause && cause == state.Alerts.Values.Single().FireId);
        });

        string[] mustStandThere =
        [
            "ops.alert.fire", "ops.page.queue", "ops.incident.open", "ops.act.intend", "ops.act.begin", "ops.page.send", "ops.page.accept", "ops.act.done",
            "ops.act.settle", "ops.alert.recover", "ops.alert.resolve", "ops.incident.resolve",
        ];
        Assert.Empty(mustStandThere.Except(story));
        Assert.True(story.IndexOf("ops.act.intend") < story.IndexOf("ops.act.begin"));
        Assert.True(story.IndexOf("ops.act.begin") < story.IndexOf("ops.act.done"));
    }

    [Fact]
    public void The_afternoon_takes_less_than_a_second_and_every_run_takes_the_same_steps()
    {
        var steps = new HashSet<long>();
        var fastest = TimeSpan.MaxValue;
        for (var run = 0; run < 3; run++)
        {
            var county = new County(seed: 7, County.ChapterFiles);
            var began = Stopwatch.GetTimestamp();
            county.Live((hub, time) => AfternoonAsync(county, hub, time));
            var took = Stopwatch.GetElapsedTime(began);
            fastest = took < fastest ? took : fastest;
            steps.Add(county.Steps);
        }
        Assert.Single(steps);
        Assert.True(fastest < TimeSpan.FromSeconds(1), $"The quickest of three runs took {fastest.TotalMilliseconds:0} ms.");
    }

    [Fact]
    public void A_mail_server_that_is_down_hides_nothing_and_the_page_arrives_another_way_or_later()
    {
        var county = new County(seed: 3, County.ChapterFiles);
        county.Mail.IsDown = true;

        county.Live(async (hub, time) =>
        {
            await SlowAsync(county, hub, time);
            await time.DelayTo("16:07:50");
            var page = hub.Journal.State.Pages.Values.Single(p => p.Queued is { Kind: "fire", Receiver: "oncall@opm.gov" });
            // Three failures on the mail server, then the web hook took it.
            Assert.Equal((PageStage.Accepted, "webhook"), (page.Stage, page.Channel));
            Assert.Equal("oncall@opm.gov", county.Hook.Received[^1].To);
        });
    }

    [Fact]
    public void A_missing_script_refuses_the_act_and_still_pages()
    {
        var county = new County(seed: 4, County.ChapterFiles.Where(f => !f.Item1.StartsWith("cd/", StringComparison.Ordinal)));

        county.Live((hub, time) => AfternoonAsync(county, hub, time));

        Assert.Contains(county.Console, l => l.Contains("→ rollback refused: there is no rollback_docket_rule.sh", StringComparison.Ordinal));
        Assert.Empty(county.Scripts.Executed);
        Assert.NotEmpty(county.Mail.Received);
    }

    [Fact]
    public void A_script_that_fails_calls_for_a_person()
    {
        var county = new County(seed: 5, County.ChapterFiles);
        county.Scripts.ExitCode = 3;

        county.Live((hub, time) => AfternoonAsync(county, hub, time));

        Assert.Contains("[16:07] EXEC  rollback_docket_rule.sh               → failed: rollback_docket_rule.sh ended with exit code 3", county.Console);
        Assert.Contains(county.Mail.Received, m => m.Subject.Contains("Someone needs to act", StringComparison.Ordinal));
    }

    [Fact]
    public void A_second_slow_spell_within_the_cooldown_is_not_rolled_back_and_says_when_it_would_be()
    {
        var county = new County(seed: 6, County.ChapterFiles);

        county.Live(async (hub, time) =>
        {
            await AfternoonAsync(county, hub, time);
            await time.DelayTo("16:10:00");
            await CallEverySecondAsync(county, hub, time, "16:12:30", 3_000);
            var refusal = hub.Journal.State.Acts.Values.Select(a => a.Refusal).OfType<ActRefused>().First();
            Assert.Equal("cooldown", refusal.Guard);
            Assert.Equal("16:17", refusal.AllowedAt?.ToString("HH:mm"));
        });

        Assert.Single(county.Scripts.Executed);
    }

    /// <summary>One call a minute, fast; at 16:07:30 the first slow one. Cured, the calls are fast again.</summary>
    private static async Task AfternoonAsync(County county, Hub hub, VirtualTime time)
    {
        await SlowAsync(county, hub, time);
        await time.DelayTo("16:07:55");
        foreach (var at in (string[])["16:08:05", "16:08:15", "16:08:25", "16:08:35"])
        {
            await time.DelayTo(at);
            await county.CallAsync(hub, time, county.DocketRule == 41 ? 4_520 : 112);
        }
        await time.DelayTo("16:09:30");
    }

    private static async Task SlowAsync(County county, Hub hub, VirtualTime time)
    {
        foreach (var at in (string[])["16:03:30", "16:04:30", "16:05:30", "16:06:30"])
        {
            await time.DelayTo(at);
            await county.CallAsync(hub, time, 110);
        }
        county.DocketRule = 41;
        await time.DelayTo("16:07:30");
        await county.CallAsync(hub, time, 4_520);
    }

    private static async Task CallEverySecondAsync(County county, Hub hub, VirtualTime time, string until, double milliseconds)
    {
        var end = TimeSpan.Parse(until);
        while (time.GetUtcNow().TimeOfDay < end)
        {
            await county.CallAsync(hub, time, milliseconds);
            await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
        }
    }
}

internal static class VirtualTimeOfDay
{
    /// <summary>Waits until a time of the simulated day.</summary>
    public static Task DelayTo(this VirtualTime time, string timeOfDay)
    {
        var wait = TimeSpan.Parse(timeOfDay) - time.GetUtcNow().TimeOfDay;
        return wait > TimeSpan.Zero ? Task.Delay(wait, time, CancellationToken.None) : Task.CompletedTask;
    }
}
