using HmsOps.App.Running;
using HmsOps.App.Tests.World;
using HmsOps.Simulation.Time;

namespace HmsOps.App.Tests.Running;

/// <summary>What an orderly stop does with a script that runs, and when old runs are forgotten.</summary>
public sealed class StopTests
{
    private static readonly TimeSpan FiresWithin = TimeSpan.FromSeconds(3); // a rule is looked at each second

    [Fact]
    public void A_script_that_is_done_within_ten_seconds_of_the_stop_ends_by_itself()
    {
        var county = new County(seed: 21, County.ChapterFiles);
        county.Scripts.Takes = TimeSpan.FromSeconds(9);

        county.Live((hub, time) => UntilItRunsAsync(county, hub, time));

        Assert.Equal("succeeded", OutcomeAfterRestart(county));
        Assert.Single(county.Scripts.Executed);
    }

    [Fact]
    public void A_longer_one_is_ended_entered_and_never_run_again_and_someone_is_called()
    {
        var county = new County(seed: 22, County.ChapterFiles);
        county.Scripts.Takes = TimeSpan.FromMinutes(4);
        var told = TimeSpan.Zero;

        county.Live(async (hub, time) =>
        {
            await UntilItRunsAsync(county, hub, time);
            told = time.GetUtcNow().TimeOfDay;
        });

        Assert.InRange(county.Now.TimeOfDay - told, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(13));
        Assert.Contains("[16:00] EXEC  rollback_docket_rule.sh               → unknown", county.Console);
        Assert.Equal("unknown", OutcomeAfterRestart(county));
        Assert.Empty(county.Scripts.Executed);
        Assert.Contains(county.Mail.Received, m => m.Subject.Contains("Someone needs to act", StringComparison.Ordinal));
    }

    [Fact]
    public void Old_runs_are_forgotten_at_the_start_and_hourly_and_never_while_an_intent_is_open()
    {
        var county = new County(seed: 24, County.ChapterFiles);
        county.Scripts.Takes = TimeSpan.FromMinutes(90);

        county.Live(async (hub, time) =>
        {
            await UntilItRunsAsync(county, hub, time);
            await time.DelayTo("18:10:00");
        });

        Assert.Equal(["16:00", "18:00"], county.Scripts.CleanUps.Select(at => at.ToString("HH:mm")));
    }

    private static async Task UntilItRunsAsync(County county, Hub hub, VirtualTime time)
    {
        await county.CallAsync(hub, time, 4_520);
        await Task.Delay(FiresWithin, time, CancellationToken.None);
        Assert.Contains(hub.Journal.State.Acts.Values, a => a.IsInFlight);
    }

    private static string? OutcomeAfterRestart(County county)
    {
        string? outcome = null;
        county.Live(async (hub, time) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(5), time, CancellationToken.None);
            outcome = Assert.Single(hub.Journal.State.Acts.Values).Settled?.Outcome;
        });
        return outcome;
    }
}
