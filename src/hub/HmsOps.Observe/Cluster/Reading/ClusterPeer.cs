namespace HmsOps.Observe.Cluster.Reading;

/// <summary>A cluster that is asked for series: anything that answers Prometheus' addresses.</summary>
public sealed record ClusterPeer
{
    /// <summary>
    /// How long the way there may take to be made; for the handler of <see cref="Http"/>. A machine that is gone answers nothing at all, and each question would wait for as long as
    /// the system tries.
    /// </summary>
    public static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(3);

    /// <summary>
    /// What rules wait, by a door of their own: they are worked out one after another, and a cluster that hangs may keep one of them so long each time it is tried again, and with it all the others.
    /// </summary>
    public static readonly TimeSpan PatienceOfRules = TimeSpan.FromSeconds(5);

    /// <summary>The way there; who makes it sees to credentials and to which addresses may be reached, and follows no redirects, which would take the credentials to other hosts.</summary>
    public required HttpClient Http { get; init; }

    /// <summary>What stands before <c>api/v1/query</c>: <c>http://prometheus:9090</c>, <c>http://vmselect:8481/select/0/prometheus</c>.</summary>
    public required Uri Address { get; init; }

    /// <summary>Its address of remote read, whole; null where it has none.</summary>
    public Uri? ReadAddress { get; init; }

    /// <summary>
    /// How long it may take until it begins to answer, and from one part of an answer (some thousand samples; a list is one) to the next. A question's own end may come before.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>One of its addresses.</summary>
    internal Uri At(string path) => new($"{Address.AbsoluteUri.TrimEnd('/')}/api/v1/{path}");
}
