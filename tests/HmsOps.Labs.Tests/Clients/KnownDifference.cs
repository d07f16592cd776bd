namespace HmsOps.Labs.Tests.Clients;

/// <summary>
/// A difference between Prometheus and the hub that is meant, with its reason. docs/reference/clients.md has the same rows. One that does not occur any more fails the lab
/// as an unknown one does.
/// </summary>
/// <param name="Jobs">Where it is expected: in each of these.</param>
/// <param name="What">What differs.</param>
/// <param name="Why">Why that is right.</param>
internal abstract record KnownDifference(string[] Jobs, string What, string Why)
{
    /// <summary>The row of the page.</summary>
    public string Row => $"| {string.Join(", ", Jobs)} | {What} | {Why} |";

    /// <summary>Prometheus' series has other labels here.</summary>
    /// <param name="Change">Makes Prometheus' labels ours; changes nothing where they are.</param>
    internal sealed record Labels(string[] Jobs, string What, string Why, Action<SortedDictionary<string, string>> Change) : KnownDifference(Jobs, What, Why);

    /// <summary>A series that Prometheus alone has.</summary>
    internal sealed record OnlyThere(string[] Jobs, string What, string Why, Func<KeptSeries, bool> IsIt) : KnownDifference(Jobs, What, Why);

    /// <summary>A series that the hub alone has.</summary>
    internal sealed record OnlyHere(string[] Jobs, string What, string Why, Func<KeptSeries, bool> IsIt) : KnownDifference(Jobs, What, Why);

    /// <summary>A series of the hub that says the same in another form.</summary>
    /// <param name="Change">Makes the hub's series those that Prometheus has; null where it is in the same form already.</param>
    internal sealed record Form(string[] Jobs, string What, string Why, Func<KeptSeries, IEnumerable<KeptSeries>?> Change) : KnownDifference(Jobs, What, Why);

    /// <summary>A series whose samples have other values, at the same places.</summary>
    /// <param name="IsIt">Whether the series is one of these.</param>
    /// <param name="Holds">What has to be true all the same of Prometheus' sample and the hub's.</param>
    internal sealed record Values(string[] Jobs, string What, string Why, Func<KeptSeries, bool> IsIt, Func<KeptSample, KeptSample, bool> Holds) : KnownDifference(Jobs, What, Why);
}
