using HmsOps.App.Running;
using HmsOps.App.Tests.World;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;

namespace HmsOps.App.Tests.Running;

/// <summary>A channel in trouble: the next one has the page within 30 s, and every try is entered.</summary>
public sealed class PagingTests
{
    private static readonly TimeSpan NextChannelWithin = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_mail_server_that_asks_for_an_hour_does_not_hold_the_page_back_and_is_not_asked_again()
    {
        var county = new County(seed: 11, County.ChapterFiles);
        county.Mail.RetryAfter = TimeSpan.FromHours(1);

        county.Live(async (hub, time) =>
        {
            await county.CallAsync(hub, time, 4_520);
            await Task.Delay(TimeSpan.FromMinutes(90), time, CancellationToken.None);
            var page = FirePage(hub);
            Assert.Equal((PageStage.Accepted, "webhook"), (page.Stage, page.Channel));
            Assert.InRange(page.AcceptedAt!.Value - page.Queued.At, TimeSpan.Zero, NextChannelWithin); // accepted: it has the time
            Assert.Equal(["send smtp", "fail smtp", "send webhook", "accept webhook"], TriesEntered(hub, page));
        });

        Assert.Single(county.Hook.Received, m => m is { To: "oncall@opm.gov" } && m.Facts["kind"] == "fire");
        Assert.Empty(county.Mail.Received);
    }

    [Fact]
    public void A_mail_server_that_never_answers_does_not_hold_the_page_back()
    {
        var county = new County(seed: 12, County.ChapterFiles);
        county.Mail.Hangs = true;

        county.Live(async (hub, time) =>
        {
            await county.CallAsync(hub, time, 4_520);
            await Task.Delay(TimeSpan.FromMinutes(2), time, CancellationToken.None);
            var page = FirePage(hub);
            Assert.Equal((PageStage.Accepted, "webhook"), (page.Stage, page.Channel));
            Assert.InRange(county.Hook.Tried[^1] - page.Queued.At, TimeSpan.Zero, NextChannelWithin + TimeSpan.FromSeconds(2)); // the loop looks each second
            Assert.Contains("smtp did not answer within 30 s", ReasonsOf(hub, page));
        });
    }

    [Fact]
    public void A_short_rest_that_is_asked_for_is_given()
    {
        var county = new County(seed: 13, County.ChapterFiles);
        county.Mail.RetryAfter = TimeSpan.FromSeconds(5);

        county.Live(async (hub, time) =>
        {
            await county.CallAsync(hub, time, 4_520);
            await Task.Delay(TimeSpan.FromSeconds(3), time, CancellationToken.None); // a rule is looked at each second
            Assert.NotNull(FirePage(hub).LastFailure);
            county.Mail.RetryAfter = null;
            await Task.Delay(TimeSpan.FromSeconds(20), time, CancellationToken.None);
            Assert.Equal((PageStage.Accepted, "smtp"), (FirePage(hub).Stage, FirePage(hub).Channel));
            Assert.InRange(county.Mail.Tried[1] - county.Mail.Tried[0], TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(7));
        });
    }

    [Fact]
    public void With_every_channel_in_trouble_each_has_its_turn_again_and_the_rest_asked_for_is_kept()
    {
        var county = new County(seed: 14, County.ChapterFiles);
        county.Mail.RetryAfter = TimeSpan.FromHours(1);
        county.Hook.IsDown = true;

        county.Live(async (hub, time) =>
        {
            await county.CallAsync(hub, time, 4_520);
            await Task.Delay(TimeSpan.FromMinutes(59), time, CancellationToken.None);
            var page = FirePage(hub);
            Assert.Equal(1, page.TriesOf("smtp")?.Failures);
            Assert.InRange(page.TriesOf("webhook")?.Failures ?? 0, 10, 25); // a second, two, four … five minutes apart
            county.Mail.RetryAfter = null;
            await Task.Delay(TimeSpan.FromMinutes(3), time, CancellationToken.None);
            Assert.Equal((PageStage.Accepted, "smtp"), (FirePage(hub).Stage, FirePage(hub).Channel));
        });
    }

    [Fact]
    public void After_a_restart_the_rest_a_channel_asked_for_is_still_known()
    {
        var county = new County(seed: 15, County.ChapterFiles);
        county.Mail.RetryAfter = TimeSpan.FromHours(1);
        county.Hook.IsDown = true;
        county.Live(async (hub, time) =>
        {
            await county.CallAsync(hub, time, 4_520);
            await Task.Delay(TimeSpan.FromMinutes(2), time, CancellationToken.None);
        });
        var tries = county.Mail.Tried.Count;

        county.Live((_, time) => Task.Delay(TimeSpan.FromMinutes(10), time, CancellationToken.None));

        Assert.Equal(tries, county.Mail.Tried.Count);
    }

    private static Page FirePage(Hub hub) => hub.Journal.State.Pages.Values.First(p => p.Queued is { Kind: "fire", Receiver: "oncall@opm.gov" });

    private static IEnumerable<string> TriesEntered(Hub hub, Page page) => EventsOf(hub, page).Select(e => e switch
    {
        PageSending sending => $"send {sending.Channel}",
        PageAccepted accepted => $"accept {accepted.Channel}",
        PageFailed failed => $"fail {failed.Channel}",
        _ => "",
    }).Where(said => said.Length > 0);

    private static IEnumerable<string> ReasonsOf(Hub hub, Page page) => EventsOf(hub, page).OfType<PageFailed>().Select(f => f.Reason);

    private static IEnumerable<OpsEvent> EventsOf(Hub hub, Page page) =>
        hub.Journal.ReadRange(0, (int)hub.Journal.State.Size).Select(e => e.Event).Where(e => e switch
        {
            PageSending sending => sending.Page == page.Queued.Page,
            PageAccepted accepted => accepted.Page == page.Queued.Page,
            PageFailed failed => failed.Page == page.Queued.Page,
            _ => false,
        });
}
