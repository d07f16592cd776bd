namespace HmsOps.Act.Paging;

/// <summary>One way a page leaves the hub. Called by one outbox loop a channel; every call has a deadline.</summary>
public interface IChannel
{
    /// <summary><c>smtp</c> or <c>webhook</c>.</summary>
    string Kind { get; }

    /// <summary>Hands one page to the other side. A failure is an outcome, never an exception; the token ends the attempt.</summary>
    Task<SendOutcome> SendAsync(PageMessage message, CancellationToken cancellationToken);
}

/// <summary>A page as it is sent.</summary>
/// <param name="Key">Its identity everywhere: incident, receiver, generation. Where the other side removes duplicates, it does so by this.</param>
/// <param name="Incident"><c>INC-2026-0042</c></param>
/// <param name="To">A mail address, or the receiver's name.</param>
/// <param name="Subject">One line.</param>
/// <param name="Body">Plain text.</param>
/// <param name="PossibleRepeat">A crash fell between sending and knowing: the receiver may have this page already.</param>
/// <param name="Facts">The same for programs: alert, service, value, threshold, runbook, links, tree head.</param>
public sealed record PageMessage(
    string Key, string Incident, string To, string Subject, string Body, bool PossibleRepeat, IReadOnlyDictionary<string, string> Facts);

/// <summary>What the other side said.</summary>
public abstract record SendOutcome
{
    private SendOutcome()
    {
    }

    /// <summary>It took the page.</summary>
    /// <param name="ProviderId">Its own id for it; empty when it gives none.</param>
    public sealed record Accepted(string ProviderId) : SendOutcome;

    /// <summary>It did not, and may later: refused connection, time-out, 429, 5xx, SMTP 4xx.</summary>
    /// <param name="Reason">For people, with the address tried.</param>
    /// <param name="RetryAfter">When the other side named a time.</param>
    public sealed record Failed(string Reason, TimeSpan? RetryAfter = null) : SendOutcome;

    /// <summary>It never will as things are: bad address, SMTP 5xx, 4xx. Another channel has to take it.</summary>
    public sealed record Rejected(string Reason) : SendOutcome;
}

/// <summary>The value behind a secret's name, fetched at each use so that a changed one counts at once; null when nothing defines it. Never shown, never kept.</summary>
public delegate Task<string?> SecretValue(string name, CancellationToken cancellationToken);
