using System.Numerics;

namespace HmsOps.Tsdb.Blocks;

/// <summary>A set of rows within a range, as a bitmap: a million rows are 125 KB, one metric's usually fit into a cache line or two.</summary>
internal sealed class RowSet(int first, int last)
{
    private readonly ulong[] _bits = new ulong[last < first ? 0 : ((last - first) >> 6) + 1];

    /// <summary>The first row that can be in it.</summary>
    public int First { get; } = first;

    /// <summary>The last row that can be in it.</summary>
    public int Last { get; } = last;

    public bool IsEmpty => !_bits.AsSpan().ContainsAnyExcept(0UL);

    public int Count
    {
        get
        {
            var count = 0;
            foreach (var word in _bits)
                count += BitOperations.PopCount(word);
            return count;
        }
    }

    public bool Contains(int row) => row >= First && row <= Last && (_bits[(row - First) >> 6] & (1UL << ((row - First) & 63))) != 0;

    /// <summary>Adds a row, if it lies in the range.</summary>
    public void Add(int row)
    {
        if (row >= First && row <= Last)
            _bits[(row - First) >> 6] |= 1UL << ((row - First) & 63);
    }

    /// <summary>Adds the rows from one to another, both included, that lie in the range.</summary>
    public void AddRange(int from, int to)
    {
        from = Math.Max(from, First) - First;
        to = Math.Min(to, Last) - First;
        if (from > to)
            return;
        var (low, high) = (from >> 6, to >> 6);
        var (head, tail) = (ulong.MaxValue << (from & 63), ulong.MaxValue >> (63 - (to & 63)));
        if (low == high)
        {
            _bits[low] |= head & tail;
            return;
        }
        _bits[low] |= head;
        _bits.AsSpan(low + 1, high - low - 1).Fill(ulong.MaxValue);
        _bits[high] |= tail;
    }

    public void Remove(int row)
    {
        if (row >= First && row <= Last)
            _bits[(row - First) >> 6] &= ~(1UL << ((row - First) & 63));
    }

    /// <summary>Keeps what a set of the same range holds too.</summary>
    public void And(RowSet other)
    {
        for (var i = 0; i < _bits.Length; i++)
            _bits[i] &= other._bits[i];
    }

    /// <summary>Drops what a set of the same range holds.</summary>
    public void Without(RowSet other)
    {
        for (var i = 0; i < _bits.Length; i++)
            _bits[i] &= ~other._bits[i];
    }

    public void Clear() => _bits.AsSpan().Clear();

    /// <summary>The rows, ascending.</summary>
    public int[] ToArray()
    {
        var rows = new int[Count];
        var at = 0;
        for (var i = 0; i < _bits.Length; i++)
        {
            for (var word = _bits[i]; word != 0; word &= word - 1)
                rows[at++] = First + (i << 6) + BitOperations.TrailingZeroCount(word);
        }
        return rows;
    }
}
