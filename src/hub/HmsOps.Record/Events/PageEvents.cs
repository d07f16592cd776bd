namespace HmsOps.Record.Events;

/// <summary>Who is to be told what, and since when. The page's key is its identity everywhere.</summary>
/// <param name="Page">The page's key.</param>
/// <param name="Kind"><c>fire</c>, <c>resolve</c> or <c>attention</c> (an act failed or its outcome is unknown).</param>
/// <param name="Receiver">As written: a mail address or a receiver's name.</param>
/// <param name="Episode">The alert's episode; null for a page about an act a person ordered.</param>
/// <param name="Text">What an attention page says; the others are worded from the episode when they are sent.</param>
public sealed record PageQueued(string Page, string Kind, string Receiver, string? Episode, string? Text, DateTimeOffset At) : OpsEvent;

/// <summary>A channel is about to be tried.</summary>
public sealed record PageSending(string Page, string Channel, int Attempt, DateTimeOffset At) : OpsEvent;

/// <summary>The other side took it.</summary>
public sealed record PageAccepted(string Page, string Channel, string ProviderId, DateTimeOffset At) : OpsEvent;

/// <summary>A try failed. <paramref name="RetryAt"/> is null when no channel is left to try: the page is undeliverable and shown in red.</summary>
/// <param name="Rejected">The other side will never take it over this channel.</param>
/// <param name="RetryAt">When the page is tried again, over whichever channel.</param>
/// <param name="RestsUntil">Before that this channel is not tried again with this page; left out by the first entries of this name, which meant <paramref name="RetryAt"/>.</param>
public sealed record PageFailed(
    string Page, string Channel, string Reason, bool Rejected, DateTimeOffset? RetryAt, DateTimeOffset At, DateTimeOffset? RestsUntil = null) : OpsEvent;
