using HmsOps.Series;

namespace HmsOps.Observe.RemoteRead;

/// <summary>What is fetched from another store.</summary>
public sealed record RemoteReadPlan
{
    /// <summary>Where it answers: <c>http://…/api/v1/read</c>.</summary>
    public required Uri Address { get; init; }

    /// <summary>First millisecond, inclusive.</summary>
    public required long From { get; init; }

    /// <summary>Last millisecond, inclusive.</summary>
    public required long To { get; init; }

    /// <summary>Which series.</summary>
    public IReadOnlyList<Matcher> Matchers { get; init; } = [new Matcher("__name__", MatchOp.Regex, ".+")];

    /// <summary>How much time is asked for at once. The other store walks all its series for each.</summary>
    public TimeSpan Slice { get; init; } = TimeSpan.FromHours(2);

    /// <summary>How long the other store may take until it begins to answer, and between two parts of an answer.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);
}
