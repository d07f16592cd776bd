using HmsOps.Series;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// The newest exemplars: a fixed number of places in a ring, so many a series, so that one that sends many crowds out its own and no other's. Grows up to
/// its size as exemplars come. Written by the holder of the turn, read by anybody, both under the head's lock.
/// </summary>
internal sealed class ExemplarRing(int places)
{
    /// <summary>Exemplars of one series.</summary>
    public const int PerSeries = 10;

    /// <summary>Bytes of the labels of one: what a place of 192 bytes has beside the rest.</summary>
    public const int LabelBytesMax = 160;

    private readonly List<Place> _places = [];
    private readonly Dictionary<int, List<int>> _bySeries = []; // places, oldest first
    private int _hand;

    public int Count { get; private set; }

    public bool Contains(int id, in Exemplar exemplar)
    {
        if (!_bySeries.TryGetValue(id, out var own))
            return false;
        foreach (var place in own)
        {
            var held = _places[place];
            if (held.Time == exemplar.Time && held.Value.Equals(exemplar.Value) && held.Labels == exemplar.Labels)
                return true;
        }
        return false;
    }

    public void Add(int id, Labels labels, long time, double value)
    {
        if (!_bySeries.TryGetValue(id, out var own))
            _bySeries.Add(id, own = []);
        int place;
        if (own.Count == PerSeries)
        {
            place = own[0];
            own.RemoveAt(0);
        }
        else if (_places.Count < places)
        {
            place = _places.Count;
            _places.Add(default);
            Count++;
        }
        else
        {
            place = _hand;
            _hand = (_hand + 1) % places;
            Leave(place);
        }
        _places[place] = new Place(id, labels, time, value);
        own.Add(place);
    }

    /// <summary>The exemplars of a series in a range, oldest first.</summary>
    public IReadOnlyList<(Labels Labels, long Time, double Value)> Of(int id, long from, long to) =>
        _bySeries.TryGetValue(id, out var own)
            ? [.. own.Select(place => _places[place]).Where(held => held.Time >= from && held.Time <= to)
                .OrderBy(held => held.Time).Select(held => (held.Labels, held.Time, held.Value))]
            : [];

    /// <summary>Those of series that have new ids, under these; the others' (−1) are left out.</summary>
    public ExemplarRing Renumbered(ReadOnlySpan<int> newIds)
    {
        var ring = new ExemplarRing(places);
        foreach (var (id, labels, time, value) in All())
        {
            if (newIds[id] >= 0)
                ring.Add(newIds[id], labels, time, value);
        }
        return ring;
    }

    /// <summary>All, in the order of places, to be added again in that order.</summary>
    public IEnumerable<(int Id, Labels Labels, long Time, double Value)> All()
    {
        for (var i = 0; i < _places.Count; i++)
        {
            var held = _places[(_hand + i) % _places.Count];
            yield return (held.Id, held.Labels, held.Time, held.Value);
        }
    }

    private void Leave(int place)
    {
        var id = _places[place].Id;
        var others = _bySeries[id];
        others.Remove(place);
        if (others.Count == 0)
            _bySeries.Remove(id);
    }

    private readonly record struct Place(int Id, Labels Labels, long Time, double Value);
}
