namespace HmsOps.Act.Paging.Smtp;

/// <summary>One answer of a mail server: a code and its lines (RFC 5321 §4.2).</summary>
internal sealed record SmtpReply(int Code, IReadOnlyList<string> Lines)
{
    public bool IsPositive => Code is >= 200 and < 300;

    /// <summary>A 4xx: it may go better later.</summary>
    public bool IsTransient => Code is >= 400 and < 500;

    /// <summary>The keyword's line in the answer to EHLO, without the keyword; null when it is not offered.</summary>
    public string? Offer(string keyword)
    {
        foreach (var line in Lines.Skip(1))
        {
            var end = line.AsSpan().IndexOfAny(' ', '='); // some servers write AUTH=LOGIN
            if ((end < 0 ? line : line[..end]).Equals(keyword, StringComparison.OrdinalIgnoreCase))
                return end < 0 ? "" : line[(end + 1)..];
        }
        return null;
    }
}
