using HmsOps.Record.Projections;

namespace HmsOps.Act.Paging;

/// <summary>
/// Which channel a page takes next, and when. Pure: all but the time stands in the page's entries, so a restart goes on where the hub stopped. A channel
/// keeps a page through a short trouble, but 30 s after its first try at the latest, or as soon as it asks for a longer rest than that, the next one has it.
/// One that rests has its turn again only if nobody has taken the page by then. No page is ever dropped: with nobody else left, the soonest is tried again.
/// </summary>
/// <param name="Channel">The way out.</param>
/// <param name="At">When; past or now for at once.</param>
/// <param name="Within">So long it may take.</param>
internal sealed record NextTry(IChannel Channel, DateTimeOffset At, TimeSpan Within)
{
    private const int FailuresBeforeNextChannel = 3;

    private static readonly TimeSpan KeepsFor = TimeSpan.FromSeconds(30);

    // A try given less could not be told from one that failed: it is what the channels allow themselves.
    private static readonly TimeSpan TryAtLeast = TimeSpan.FromSeconds(10);

    /// <summary>The next try; null when no channel can carry the page.</summary>
    public static NextTry? Of(Page page, IReadOnlyList<IChannel> channels, DateTimeOffset now)
    {
        var ladder = LadderOf(page, channels);
        if (ladder.Count == 0)
            return null;
        var last = ladder.FindIndex(c => c.Kind == page.Channel);
        if (last >= 0 && Keeps(page, ladder[last], now) is { } at)
            return On(page, ladder[last], at, now);
        var free = Enumerable.Range(1, ladder.Count).Select(n => ladder[(last + n) % ladder.Count]).MinBy(c => FreeAt(page, c, now));
        return On(page, free!, FreeAt(page, free!, now), now); // the ladder is not empty
    }

    /// <summary>The channels that may carry a page, best first: mail for an address, and whatever else is there rather than nobody.</summary>
    private static List<IChannel> LadderOf(Page page, IReadOnlyList<IChannel> channels)
    {
        var isAddress = page.Queued.Receiver.Contains('@');
        return [.. channels
            .Where(c => !page.GivenUp.Contains(c.Kind) && (isAddress || c.Kind != "smtp")) // mail needs an address
            .OrderBy(c => c.Kind == "smtp" == isAddress ? 0 : 1)];
    }

    /// <summary>When the channel tried last has the page again; null when it is another's turn.</summary>
    private static DateTimeOffset? Keeps(Page page, IChannel channel, DateTimeOffset now)
    {
        if (page.Stage == PageStage.Sending)
            return now; // a crash fell in between: the same channel, for only it may know the page already
        var tries = page.TriesOf(channel.Kind);
        var at = FreeAt(page, channel, now);
        return tries is not null && tries.Failures < FailuresBeforeNextChannel && at + TryAtLeast <= tries.Since + KeepsFor ? at : null;
    }

    private static DateTimeOffset FreeAt(Page page, IChannel channel, DateTimeOffset now) =>
        page.TriesOf(channel.Kind)?.RestsUntil is { } rests && rests > now ? rests : now;

    private static NextTry On(Page page, IChannel channel, DateTimeOffset at, DateTimeOffset now)
    {
        var left = (page.TriesOf(channel.Kind)?.Since ?? now) + KeepsFor - at;
        return new NextTry(channel, at, left >= TryAtLeast ? left : KeepsFor);
    }
}
