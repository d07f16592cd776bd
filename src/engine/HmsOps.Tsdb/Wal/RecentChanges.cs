using HmsOps.Series;

namespace HmsOps.Tsdb.Wal;

/// <summary>
/// Since when nothing has changed, for those who keep answers. What comes between two marks is one entry, however many batches it was, so it is as long as there were
/// questions. Noted when readers can see a change, never before. Safe for concurrent use.
/// </summary>
internal sealed class RecentChanges
{
    private const int EntriesMax = 4_096;

    private readonly Lock _lock = new();
    private readonly Queue<(long Entry, long From)> _closed = new();
    private long _entry; // the one that is open
    private long _from = long.MaxValue;
    private long _forgotten = -1; // the newest entry that is not there any more

    /// <summary>Readers may see something new, no older than this.</summary>
    public void Note(long time)
    {
        lock (_lock)
            _from = Math.Min(_from, time);
    }

    /// <summary>As <see cref="IChanges.Mark"/>.</summary>
    public long Mark()
    {
        lock (_lock)
        {
            if (_from == long.MaxValue)
                return _entry; // nothing came since the last one
            _closed.Enqueue((_entry++, _from));
            _from = long.MaxValue;
            if (_closed.Count > EntriesMax)
                _forgotten = _closed.Dequeue().Entry;
            return _entry;
        }
    }

    /// <summary>As <see cref="IChanges.ChangedFrom"/>.</summary>
    public long ChangedFrom(long mark)
    {
        lock (_lock)
        {
            if (mark <= _forgotten)
                return long.MinValue;
            var from = _from;
            foreach (var closed in _closed)
                from = closed.Entry >= mark ? Math.Min(from, closed.From) : from;
            return from;
        }
    }
}
