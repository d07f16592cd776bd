using HmsOps.App.Running;
using HmsOps.App.Tests.World;
using HmsOps.PromQL;
using HmsOps.Record.Projections;
using HmsOps.Simulation.Time;

namespace HmsOps.App.Tests.Running;

/// <summary>The hub is killed at moments drawn from a seed, up to six times in one afternoon, and started again on what the kernel kept.</summary>
public sealed class KilledHubTests
{
    private const int Seeds = 60;
    private const int KillsMax = 6;

    private static readonly TimeSpan SlowFrom = TimeSpan.Parse("16:00:20");
    private static readonly TimeSpan Until = TimeSpan.Parse("16:03:00");

    [Fact]
    public void Whenever_it_is_killed_the_rollback_runs_once_and_nothing_acknowledged_is_lost()
    {
        var killed = 0;
        for (var seed = 0; seed < Seeds; seed++)
            killed += LiveOneAfternoon(seed);

        Assert.True(killed > Seeds * 2, $"Only {killed} kills fell within {Seeds} afternoons: the dice miss the story.");
    }

    private static int LiveOneAfternoon(int seed)
    {
        var dice = new Random(seed);
        var county = new County(seed, County.ChapterFiles);
        var wentSlow = false;
        var sent = 0;
        var seen = new Dictionary<long, Guid>();
        var kills = 0;
        while (true)
        {
            var killAfter = kills < KillsMax ? dice.Next(20, 700) : long.MaxValue;
            if (county.Live(StretchAsync, killAfter))
                break;
            kills++;
        }
        Assert.True(county.Scripts.Executed.Count == 1, $"Seed {seed}: the rollback ran {county.Scripts.Executed.Count} times in {kills} kills.");
        Assert.True(county.Mail.Received.Any(m => m.Facts["kind"] == "fire"), $"Seed {seed}: nobody was told.");
        return kills;

        async Task StretchAsync(Hub hub, VirtualTime time)
        {
            foreach (var (sequence, id) in seen)
                Assert.True(hub.Journal.Read(sequence)?.Id == id, $"Seed {seed}: entry {sequence} was seen before the kill and is not there.");
            while (time.GetUtcNow().TimeOfDay < Until)
            {
                if (!wentSlow && time.GetUtcNow().TimeOfDay >= SlowFrom)
                    (wentSlow, county.DocketRule) = (true, 41);
                sent++;
                await county.CallAsync(hub, time, county.DocketRule == 41 ? 1_500 : 112);
                for (var s = (long)seen.Count; s < hub.Journal.State.Size; s++)
                    seen[s] = hub.Journal.Read(s)!.Id; // below the size: it is there
                await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
            }
            await Task.Delay(TimeSpan.FromSeconds(3), time, CancellationToken.None);
            Check(hub, time);
        }

        void Check(Hub hub, VirtualTime time)
        {
            var counted = Count(hub, time);
            Assert.True(counted >= county.Acknowledged.Count, $"Seed {seed}: {county.Acknowledged.Count} observations were acknowledged, {counted} are there.");
            Assert.True(counted <= sent, $"Seed {seed}: {sent} observations were sent, {counted} are there.");
            var acts = hub.Journal.State.Acts.Values.ToList();
            Assert.True(acts.Count(a => a.Settled?.Outcome == "succeeded") == 1, $"Seed {seed}: {string.Join(", ", acts.Select(a => a.Settled?.Outcome ?? "open"))}.");
            Assert.DoesNotContain(acts, a => a.IsOpen);
            Assert.All(hub.Journal.State.Alerts.Values, a => Assert.Equal(AlertPhase.Resolved, a.Phase));
            Assert.DoesNotContain(hub.Journal.State.Pages.Values, p => p.IsOpen);
            Assert.All(hub.Journal.State.Incidents.Values, i => Assert.False(i.IsOpen));
        }
    }

    private static double Count(Hub hub, VirtualTime time)
    {
        var expression = PromParser.Parse("histogram_count(county_api_ms)").Expression!; // a constant text that parses
        return hub.PromQL.Instant(expression, time.GetUtcNow().ToUnixTimeMilliseconds(), CancellationToken.None).Points.Sum(p => p.Value);
    }
}
