using HmsOps.Act.Paging;
using HmsOps.Act.Paging.Smtp;
using HmsOps.Act.Paging.Webhook;
using HmsOps.Act.Tests.Support;
using HmsOps.Record.Events;
using HmsOps.Record.Projections;

namespace HmsOps.Act.Tests.Paging;

public sealed class NextTryTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 20, 16, 7, 0, TimeSpan.Zero);

    private static readonly IChannel Hook = new WebhookChannel(new(new Uri("http://127.0.0.1:9/pages"), SigningSecret: null), (_, _) => Task.FromResult<string?>(null), new HandTime());

    private static readonly IChannel Mail = new SmtpChannel(new("127.0.0.1", 9, "ops@opm.gov", User: null, PasswordSecret: null), (_, _) => Task.FromResult<string?>(null), new HandTime());

    private static readonly IReadOnlyList<IChannel> Both = [Hook, Mail];

    /// <summary>What has happened so far, as "second: channel fails[ until second]"; then who is next, and at which second.</summary>
    [Theory]
    [InlineData("", "smtp at 0")]
    [InlineData("0: smtp fails until 1", "smtp at 1")]
    [InlineData("0: smtp fails until 1, 1: smtp fails until 3", "smtp at 3")]
    [InlineData("0: smtp fails until 1, 1: smtp fails until 3, 3: smtp fails until 7", "webhook at 3")]
    [InlineData("0: smtp fails until 20", "smtp at 20")] // over by second 30
    [InlineData("0: smtp fails until 21", "webhook at 0")] // might not be
    [InlineData("0: smtp fails until 3600", "webhook at 0")]
    [InlineData("0: smtp fails until 1, 15: smtp fails until 25", "webhook at 15")]
    [InlineData("0: smtp fails until 3600, 0: webhook fails until 1", "webhook at 1")]
    [InlineData("0: smtp fails until 3600, 30: webhook fails until 330", "webhook at 330")]
    [InlineData("0: smtp fails until 40, 30: webhook fails until 330", "smtp at 40")]
    [InlineData("0: smtp rejects", "webhook at 0")]
    [InlineData("0: smtp rejects, 0: webhook fails until 3600", "webhook at 3600")]
    [InlineData("0: smtp rejects, 0: webhook rejects", "nobody")]
    [InlineData("0: smtp tries", "smtp at 0")] // and the hub died
    public void A_page_has_its_next_channel(string story, string next)
    {
        var (page, now) = Played(story);

        Assert.Equal(next, NextTry.Of(page, Both, now) is { } said ? $"{said.Channel.Kind} at {(said.At - Start).TotalSeconds:0}" : "nobody");
    }

    [Theory]
    [InlineData("", 30)]
    [InlineData("0: smtp fails until 1", 29)]
    [InlineData("0: smtp fails until 20", 10)]
    [InlineData("0: smtp fails until 3600", 30)] // the web hook's first
    [InlineData("0: smtp rejects, 0: webhook fails until 3600", 30)] // nobody else: no less than a first try
    public void A_try_ends_in_time_for_the_next_channel(string story, int seconds)
    {
        var (page, now) = Played(story);

        Assert.Equal(seconds, NextTry.Of(page, Both, now)?.Within.TotalSeconds);
    }

    [Fact]
    public void Mail_goes_to_addresses_only()
    {
        Assert.Equal("webhook", NextTry.Of(Fresh("pager_duty"), Both, Start)?.Channel.Kind);
        Assert.Null(NextTry.Of(Fresh("pager_duty"), [Mail], Start));
    }

    [Fact]
    public void An_entry_without_a_rest_meant_its_time_for_the_channel_too()
    {
        var page = Fresh("oncall@opm.gov").Trying(new PageSending("p", "smtp", 1, Start)).Failing(new PageFailed("p", "smtp", "busy", false, Start.AddHours(1), Start));

        Assert.Equal(Start.AddHours(1), page.TriesOf("smtp")?.RestsUntil);
        Assert.Equal("webhook", NextTry.Of(page, Both, Start)?.Channel.Kind);
    }

    private static Page Fresh(string receiver) => new()
    {
        Queued = new PageQueued("p", "fire", receiver, null, null, Start),
        QueueId = Guid.Empty,
        QueueSequence = 0,
        Stage = PageStage.Queued,
    };

    private static (Page Page, DateTimeOffset Now) Played(string story)
    {
        var (page, now) = (Fresh("oncall@opm.gov"), Start);
        foreach (var words in story.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(s => s.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries)))
        {
            now = Start.AddSeconds(int.Parse(words[0]));
            page = page.Trying(new PageSending("p", words[1], page.Attempts + 1, now));
            DateTimeOffset? until = words.Length > 3 ? Start.AddSeconds(int.Parse(words[4])) : null;
            if (words[2] != "tries")
                page = page.Failing(new PageFailed("p", words[1], "trouble", words[2] == "rejects", RetryAt: now, now, until));
        }
        return (page, now);
    }
}
