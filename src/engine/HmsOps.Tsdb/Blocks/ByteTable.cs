namespace HmsOps.Tsdb.Blocks;

/// <summary>Distinct byte strings, numbered in the order in which they came. One arena, no object a string.</summary>
internal sealed class ByteTable
{
    private byte[] _arena = new byte[1024];
    private int[] _ends = new int[64]; // of string i: where it ends; it begins where the one before ends
    private int[] _slots = new int[128]; // number + 1, open addressing
    private int _used;

    public int Count { get; private set; }

    public ReadOnlySpan<byte> this[int number]
    {
        get
        {
            var start = number == 0 ? 0 : _ends[number - 1];
            return _arena.AsSpan(start, _ends[number] - start);
        }
    }

    /// <summary>The number of a string, that is added if need be.</summary>
    public int Add(ReadOnlySpan<byte> bytes)
    {
        var slot = SlotOf(bytes);
        if (_slots[slot] != 0)
            return _slots[slot] - 1;
        Append(bytes);
        _slots[slot] = Count;
        if (Count > _slots.Length / 2)
            Rehash();
        return Count - 1;
    }

    private int SlotOf(ReadOnlySpan<byte> bytes)
    {
        var mask = _slots.Length - 1;
        var slot = Hash(bytes) & mask;
        while (_slots[slot] != 0 && !this[_slots[slot] - 1].SequenceEqual(bytes))
            slot = (slot + 1) & mask;
        return slot;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if ((long)_used + bytes.Length > Array.MaxLength)
            throw new InvalidOperationException("A block holds at most 2 GiB of distinct names and values: seal the head in shorter spans.");
        if (_used + bytes.Length > _arena.Length)
            Array.Resize(ref _arena, (int)Math.Min(Array.MaxLength, Math.Max(_arena.Length * 2L, _used + bytes.Length)));
        if (Count == _ends.Length)
            Array.Resize(ref _ends, Count * 2);
        bytes.CopyTo(_arena.AsSpan(_used));
        _used += bytes.Length;
        _ends[Count++] = _used;
    }

    private void Rehash()
    {
        _slots = new int[_slots.Length * 2];
        for (var i = 0; i < Count; i++)
            _slots[SlotOf(this[i])] = i + 1;
    }

    // Keyed by the process, so senders cannot aim at one slot; numbers do not depend on it.
    private static int Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = new HashCode();
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }
}

/// <summary>Small numbers, appended one at a time and read back from the beginning, in as few bytes as varints take.</summary>
internal sealed class VarintColumn
{
    private const int PageMin = 64;
    private const int PageMax = 64 * 1024;

    private readonly List<(byte[] Page, int Used)> _full = [];
    private byte[] _page = [];
    private int _used;

    public int Count { get; private set; }

    public void Add(int value)
    {
        if (_used + Series.Varint.BytesMax > _page.Length)
            NextPage();
        _used += Series.Varint.Write(_page.AsSpan(_used), (uint)value);
        Count++;
    }

    public void CopyTo(Span<int> into)
    {
        var reader = new Reader(this);
        for (var i = 0; i < Count; i++)
            into[i] = reader.Next();
    }

    private void NextPage()
    {
        if (_used > 0)
            _full.Add((_page, _used));
        _page = new byte[Math.Clamp(_page.Length * 2, PageMin, PageMax)];
        _used = 0;
    }

    /// <summary>Reads a column from its beginning, a number at a time.</summary>
    public struct Reader(VarintColumn column)
    {
        private int _page;
        private int _at;

        /// <summary>The next number. Whoever reads knows how many there are.</summary>
        public int Next()
        {
            while (true)
            {
                var rest = Rest();
                var before = rest.Length;
                if (Series.Varint.TryRead(ref rest, out var value))
                {
                    _at += before - rest.Length;
                    return (int)value;
                }
                if (_page++ == column._full.Count)
                    throw new InvalidOperationException("A column was read beyond its end.");
                _at = 0;
            }
        }

        private readonly ReadOnlySpan<byte> Rest()
        {
            if (_page >= column._full.Count)
                return column._page.AsSpan(_at, column._used - _at);
            var (page, used) = column._full[_page];
            return page.AsSpan(_at, used - _at);
        }
    }
}
