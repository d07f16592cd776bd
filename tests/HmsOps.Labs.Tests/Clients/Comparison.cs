namespace HmsOps.Labs.Tests.Clients;

/// <summary>What Prometheus and the hub keep of one job, held against each other: what agrees, what differs as is known, and what nobody can explain.</summary>
internal sealed class Comparison(string job, IReadOnlyList<KnownDifference> known)
{
    private const int Shown = 12; // unexplained differences, in a message

    private readonly Dictionary<KnownDifference, int> _met = known.Where(each => each.Jobs.Contains(job)).ToDictionary(each => each, _ => 0);
    private readonly HashSet<string> _series = [];
    private readonly List<string> _unexplained = [];
    private long _samples;

    /// <summary>Holds one set of series against the other; may be called for one part of a job after another.</summary>
    public void Add(IEnumerable<KeptSeries> there, IEnumerable<KeptSeries> here)
    {
        var ours = here.SelectMany(AsThere).ToDictionary(series => series.Key);
        foreach (var their in there.Select(AsHere))
        {
            if (ours.Remove(their.Key, out var our))
                Compare(their, our);
            else if (!Met<KnownDifference.OnlyThere>(each => each.IsIt(their)))
                _unexplained.Add($"Prometheus alone has {their.Key}, {their.Samples.Count} samples, first {their.Samples[0]}");
        }
        foreach (var our in ours.Values.Where(our => !Met<KnownDifference.OnlyHere>(each => each.IsIt(our))))
            _unexplained.Add($"the hub alone has {our.Key}, {our.Samples.Count} samples, first {our.Samples[0]}");
    }

    /// <summary>Holds texts by names against each other.</summary>
    public void AddTexts(string what, IReadOnlyDictionary<string, string> there, IReadOnlyDictionary<string, string> here)
    {
        foreach (var name in there.Keys.Union(here.Keys).Where(name => there.GetValueOrDefault(name) != here.GetValueOrDefault(name)))
            _unexplained.Add($"{what}: {name} is {there.GetValueOrDefault(name) ?? "not there"} in Prometheus, {here.GetValueOrDefault(name) ?? "not there"} here");
    }

    /// <summary>Notes that something is not as it has to be.</summary>
    public void Complain(string complaint) => _unexplained.Add(complaint);

    /// <summary>One line of figures for each job, and below it one for each known difference that was met.</summary>
    public IEnumerable<string> Report() =>
        [$"{job}: {_series.Count} series and {_samples} samples are the same, {_unexplained.Count} unexplained differences", .. _met.Select(each => $"    {each.Value} x {each.Key.What}")];

    /// <summary>What has to be looked into: nothing, when all is well.</summary>
    public IEnumerable<string> Complaints() =>
    [
        .. _unexplained.Take(Shown).Select(each => $"{job}: {each}"),
        .. _unexplained.Count > Shown ? [$"{job}: and {_unexplained.Count - Shown} more"] : Array.Empty<string>(),
        .. _met.Where(each => each.Value == 0).Select(each => $"{job}: '{each.Key.What}' is listed as a difference, and does not occur any more"),
        .. _samples == 0 ? [$"{job}: nothing was compared"] : Array.Empty<string>(),
    ];

    // Prometheus' series with the labels it would have here.
    private KeptSeries AsHere(KeptSeries their)
    {
        foreach (var each in _met.Keys.OfType<KnownDifference.Labels>().ToList())
        {
            var changed = their.With(each.Change);
            if (changed.Key != their.Key)
                _met[each]++;
            their = changed;
        }
        return their;
    }

    // The hub's series in the form Prometheus has them in.
    private IEnumerable<KeptSeries> AsThere(KeptSeries our)
    {
        foreach (var each in _met.Keys.OfType<KnownDifference.Form>().ToList())
        {
            if (each.Change(our) is not { } changed)
                continue;
            _met[each]++;
            return changed;
        }
        return [our];
    }

    private void Compare(KeptSeries their, KeptSeries our)
    {
        if (their.Samples.SequenceEqual(our.Samples))
        {
            _series.Add(our.Key);
            _samples += our.Samples.Count;
        }
        else if (!their.Samples.Select(each => each.Place).SequenceEqual(our.Samples.Select(each => each.Place)))
        {
            var (lacking, more) = (their.Samples.ExceptBy(our.Samples.Select(each => each.Place), each => each.Place), our.Samples.ExceptBy(their.Samples.Select(each => each.Place), each => each.Place));
            _unexplained.Add($"{our.Key}: Prometheus alone has [{string.Join("; ", lacking.Take(3))}], the hub alone has [{string.Join("; ", more.Take(3))}], of {their.Samples.Count} and {our.Samples.Count}");
        }
        else if (!Met<KnownDifference.Values>(each => each.IsIt(our) && their.Samples.Zip(our.Samples).All(pair => pair.First == pair.Second || each.Holds(pair.First, pair.Second))))
        {
            var (first, second) = their.Samples.Zip(our.Samples).First(pair => pair.First != pair.Second);
            _unexplained.Add($"{our.Key}: {first} in Prometheus, {second} here");
        }
    }

    private bool Met<TKind>(Func<TKind, bool> isIt)
        where TKind : KnownDifference
    {
        var each = _met.Keys.OfType<TKind>().FirstOrDefault(isIt);
        if (each is null)
            return false;
        _met[each]++;
        return true;
    }
}
