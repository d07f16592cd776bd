using HmsOps.Tsdb.Index;

namespace HmsOps.Tsdb.Head;

/// <summary>
/// Makes a head without the series that were forgotten: else every pod that ever was would stay in the index. Labels, which take longest, are gathered while
/// appends go on; the rest is copied in one hold of the turn. Walks that began before end on the head they began on. Used once.
/// </summary>
/// <param name="old">The head.</param>
/// <param name="horizon">Samples before it are in blocks. A forgotten series with a newer one stays: what the log says of it next is held against that.</param>
internal sealed class HeadRenewal(SeriesHead old, long horizon)
{
    private const int SeriesTogether = 1024; // under one hold of the lock

    private SeriesIndex? _index;
    private int[] _newIds = [];

    /// <summary>True when so many are forgotten, and so large a part of all, that they are worth the work.</summary>
    public static bool IsWorth(SeriesHead head, int forgottenMin) => head.Forgotten >= forgottenMin && head.Forgotten * 10L > head.Index.Count * 3L;

    /// <summary>Gathers the labels of those that are needed. Whoever calls holds nothing.</summary>
    public void GatherLabels(CancellationToken cancellationToken)
    {
        var needed = new bool[old.Index.Count];
        for (var from = 0; from < needed.Length; from += SeriesTogether)
        {
            lock (old.Lock)
            {
                for (var id = from; id < Math.Min(needed.Length, from + SeriesTogether); id++)
                    needed[id] = IsNeeded(id);
            }
        }
        (_index, _newIds) = old.Index.Compacted(old.HashKey, needed, cancellationToken);
    }

    /// <summary>The new head, with what came meanwhile, and the exemplars of its series. The holder of the turn's.</summary>
    public (SeriesHead Head, ExemplarRing Exemplars) Finish(ExemplarRing exemplars)
    {
        var index = _index ?? throw new InvalidOperationException("Labels are gathered first.");
        var gathered = _newIds.Length;
        Array.Resize(ref _newIds, old.Index.Count);
        Array.Fill(_newIds, -1, gathered, _newIds.Length - gathered);
        var room = new LabelsRoom();
        for (var id = 0; id < _newIds.Length; id++)
        {
            if (_newIds[id] >= 0 || !IsNeeded(id))
                continue;
            var labels = old.Index.LabelsOf(id, room);
            _newIds[id] = index.Add(labels, index.IdentityOf(labels.Bytes));
        }
        room.Return();
        var head = new SeriesHead(old, index);
        for (var id = 0; id < _newIds.Length; id++)
        {
            if (_newIds[id] >= 0)
                head.TakeOver(old, id, _newIds[id]);
        }
        return (head, exemplars.Renumbered(_newIds));
    }

    private bool IsNeeded(int id)
    {
        ref readonly var record = ref old.Record(id);
        return !record.Is(SeriesMarks.Forgotten) || record.LastTime >= horizon;
    }
}
