using System.Runtime.InteropServices;

namespace HmsOps.Observe.Scrape;

/// <summary>
/// The series of one target, by the hash of their text, in the order of its last answer. A target sends the same series in the same order nearly always: the one that
/// came next last time is looked at first, and a table is built only in a round in which that fails. So a known series costs a hash of its text and a comparison;
/// 64 bytes each are kept, and its labels only where the store did not say what it knows it by. Owned by one scrape loop.
/// </summary>
internal sealed class SeriesMemory
{
    private Entry[] _entries = [];
    private int _used; // entries below it are taken or free
    private readonly Stack<int> _free = new();
    private List<int> _order = [];
    private List<int> _next = [];
    private Dictionary<UInt128, int>? _table;
    private int _cursor;
    private int _round;

    /// <summary>Series known now.</summary>
    public int Count => _used - _free.Count;

    /// <summary>Begins an answer.</summary>
    public void Begin()
    {
        _round++;
        _cursor = 0;
        _next.Clear();
    }

    public ref Entry this[int at] => ref _entries[at];

    /// <summary>The place of a series; −1 when it is new.</summary>
    public int Find(UInt128 text)
    {
        if (_cursor < _order.Count && _entries[_order[_cursor]].Text == text)
            return _order[_cursor++];
        if (Count == 0)
            return -1;
        _table ??= Table();
        if (!_table.TryGetValue(text, out var at))
            return -1;
        // The order goes on behind it.
        if (_entries[at].Position >= 0 && _entries[at].Position < _order.Count)
            _cursor = _entries[at].Position + 1;
        return at;
    }

    /// <summary>Adds a series; answers its place.</summary>
    public int Add(UInt128 text)
    {
        if (!_free.TryPop(out var at))
        {
            if (_used == _entries.Length)
                Array.Resize(ref _entries, Math.Max(64, _entries.Length * 2));
            at = _used++;
        }
        _entries[at] = new Entry { Text = text, Added = _round, State = EntryState.Known, Position = -1 };
        _table?.Add(text, at);
        return at;
    }

    /// <summary>Marks a series as seen in this answer; false when it was seen before.</summary>
    public bool See(int at)
    {
        ref var entry = ref _entries[at];
        if (entry.Seen == _round)
            return false;
        entry.Seen = _round;
        _next.Add(at);
        return true;
    }

    public bool IsSeen(int at) => _entries[at].Seen == _round;

    public bool IsNew(int at) => _entries[at].Added == _round;

    /// <summary>All places that hold a series, in an order that is the same in every run.</summary>
    public IEnumerable<int> All()
    {
        for (var at = 0; at < _used; at++)
        {
            if (_entries[at].State != EntryState.Free)
                yield return at;
        }
    }

    /// <summary>Ends an answer that was taken: series that were not in it are forgotten, and its order is the one to expect.</summary>
    public void Keep()
    {
        for (var at = 0; at < _used; at++)
        {
            if (_entries[at].State != EntryState.Free && _entries[at].Seen != _round)
                Remove(at);
        }
        (_order, _next) = (_next, _order);
        for (var i = 0; i < _order.Count; i++)
            _entries[_order[i]].Position = i;
        _table = null;
    }

    /// <summary>Ends an answer that was not taken: what it added is forgotten, so that a target cannot grow by failing.</summary>
    public void Undo()
    {
        for (var at = 0; at < _used; at++)
        {
            if (_entries[at].State != EntryState.Free && _entries[at].Added == _round)
                Remove(at);
        }
        _table = null;
    }

    /// <summary>Forgets all texts, because they would mean other series now; the series themselves are kept until they are seen again or end.</summary>
    public void ForgetTexts()
    {
        for (var at = 0; at < _used; at++)
            _entries[at].Text = UInt128.MaxValue - (UInt128)at;
        _order.Clear();
        _table = null;
    }

    private void Remove(int at)
    {
        _entries[at] = default;
        _free.Push(at);
    }

    private Dictionary<UInt128, int> Table()
    {
        var table = new Dictionary<UInt128, int>(Count);
        for (var at = 0; at < _used; at++)
        {
            if (_entries[at].State != EntryState.Free)
                table[_entries[at].Text] = at;
        }
        return table;
    }

    /// <summary>One series.</summary>
    [StructLayout(LayoutKind.Auto)]
    public struct Entry
    {
        /// <summary>The hash of its text.</summary>
        public UInt128 Text;

        /// <summary>What the store knows it by; zero when it did not say.</summary>
        public UInt128 Identity;

        /// <summary>Its label bytes, where the store did not say what it knows it by.</summary>
        public byte[]? Key;

        /// <summary>The hash of its label bytes: two texts may be one series.</summary>
        public ulong Labels;

        public int Added;
        public int Seen;
        public int Position;
        public EntryState State;

        /// <summary>It has a newest sample that is no end, so that it ends when it is gone.</summary>
        public bool IsLive;

        public bool IsHistogram;
    }
}

/// <summary>What a place of the memory holds.</summary>
internal enum EntryState : byte
{
    Free,
    Known,

    /// <summary>Relabelling drops it.</summary>
    Dropped,
}
