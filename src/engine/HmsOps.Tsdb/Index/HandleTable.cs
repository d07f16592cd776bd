using System.Numerics;
using System.Runtime.InteropServices;
using HmsOps.Tsdb.Pages;

namespace HmsOps.Tsdb.Index;

/// <summary>
/// From a fingerprint of 32 bits to the handles that may be meant; whoever asks compares what they stand for. Linear probing over slots of one word
/// (fingerprint, handle + 1), at most three quarters full.
/// </summary>
/// <remarks>
/// <para>A slot's home is given by the fingerprint's high bits, so a table grows without asking anybody for a hash, and in the order of memory. It grows a few
/// slots with each addition: there is no pause in proportion to the series. Meanwhile an entry lies in the new slots or in the old.</para>
/// <para>One writer. Readers need no lock: a slot is one word that goes from zero to its value once, nothing is ever removed or moved within an
/// array, and the pair of arrays is swapped whole.</para>
/// </remarks>
internal sealed class HandleTable
{
    private const int FirstBits = 8;
    private const int BitsMax = 30;
    private const int MovedEach = 8; // slots of the old array; one would do, 8 are a cache line

    private Arrays _arrays = new(new ulong[1 << FirstBits], null);
    private int _moved;

    /// <summary>Entries.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the slots.</summary>
    public long MemoryBytes => (_arrays.Now.Length + (_arrays.Before?.Length ?? 0)) * (long)sizeof(ulong);

    /// <summary>Walks the handles that were added with a fingerprint.</summary>
    public Probe Find(uint fingerprint) => new(Volatile.Read(ref _arrays), fingerprint);

    /// <summary>The first handle with a fingerprint, −1 when it is not at hand: no answer, but nearly always the one that <see cref="Find"/> leads to.</summary>
    public int Likely(uint fingerprint)
    {
        var slots = _arrays.Now;
        var slot = slots[Home(slots, fingerprint)];
        if ((uint)(slot >> 32) != fingerprint || slot == 0)
            slot = slots[(Home(slots, fingerprint) + 1) & (slots.Length - 1)];
        return (uint)(slot >> 32) == fingerprint ? (int)((uint)slot - 1) : -1;
    }

    /// <summary>Adds an entry that is not there. The writer's alone.</summary>
    public void Add(uint fingerprint, int handle)
    {
        if (_arrays.Before is null && (Count + 1L) * 4 > _arrays.Now.Length * 3L)
            Grow();
        Place(_arrays.Now, ((ulong)fingerprint << 32) | (uint)(handle + 1));
        Count++;
        Move(MovedEach);
    }

    /// <summary>Writes the slots as they are. The writer's alone.</summary>
    public void Save(PageWriter into)
    {
        Move(int.MaxValue);
        into.Write(Count);
        into.Write(BitOperations.Log2((uint)_arrays.Now.Length));
        into.Write(MemoryMarshal.AsBytes(_arrays.Now.AsSpan()));
    }

    /// <summary>Reads what <see cref="Save"/> wrote; <paramref name="isHandle"/> says which handles are possible.</summary>
    public void Load(PageReader from, Func<int, bool> isHandle)
    {
        var count = from.Read<int>();
        var bits = from.ReadCount(BitsMax);
        if (bits < FirstBits || ((long)sizeof(ulong) << bits) > from.BytesMax || count < 0 || count * 4L > 3L << bits)
            throw from.Damaged($"a table of 2^{bits} slots with {count} entries is not one");
        var slots = new ulong[1 << bits];
        from.Read(MemoryMarshal.AsBytes(slots.AsSpan()));
        var found = 0;
        foreach (var slot in slots)
        {
            if (slot == 0)
                continue;
            found++;
            if (!isHandle((int)((uint)slot - 1)))
                throw from.Damaged($"a table points at entry {(uint)slot - 1}, which is not there");
        }
        if (found != count)
            throw from.Damaged($"a table has {found} entries and says {count}");
        Count = count;
        Volatile.Write(ref _arrays, new Arrays(slots, null));
    }

    private void Grow()
    {
        if (_arrays.Now.Length == 1 << BitsMax)
            throw new InvalidOperationException($"The index is full: one of its tables holds {Count} entries and can grow no further. Lower the limit of series.");
        _moved = 0;
        Volatile.Write(ref _arrays, new Arrays(new ulong[_arrays.Now.Length * 2], _arrays.Now));
    }

    private void Move(int slots)
    {
        if (_arrays.Before is not { } before)
            return;
        var end = (int)Math.Min(before.Length, (long)_moved + slots);
        for (; _moved < end; _moved++)
        {
            if (before[_moved] != 0)
                Place(_arrays.Now, before[_moved]);
        }
        if (end == before.Length)
            Volatile.Write(ref _arrays, new Arrays(_arrays.Now, null));
    }

    private static void Place(ulong[] slots, ulong entry)
    {
        var mask = slots.Length - 1;
        var at = Home(slots, (uint)(entry >> 32));
        while (slots[at] != 0)
            at = (at + 1) & mask;
        Volatile.Write(ref slots[at], entry);
    }

    // Where a fingerprint's search begins.
    private static int Home(ulong[] slots, uint fingerprint) => (int)(fingerprint >> (32 - BitOperations.Log2((uint)slots.Length)));

    /// <summary>Swapped whole, so a reader never sees new slots without the old ones they are filled from.</summary>
    internal sealed record Arrays(ulong[] Now, ulong[]? Before);

    /// <summary>A walk over the entries with one fingerprint; one that is being moved may come twice.</summary>
    public ref struct Probe
    {
        private readonly uint _fingerprint;
        private ulong[] _slots;
        private ulong[]? _before;
        private int _at;

        internal Probe(Arrays arrays, uint fingerprint)
        {
            _fingerprint = fingerprint;
            _slots = arrays.Now;
            _before = arrays.Before;
            _at = Home(_slots, fingerprint);
        }

        /// <summary>The handle the walk stands on.</summary>
        public int Handle { readonly get; private set; }

        /// <summary>Goes to the next.</summary>
        public bool MoveNext()
        {
            while (true)
            {
                var slot = Volatile.Read(ref _slots[_at]);
                if (slot == 0)
                {
                    if (_before is null)
                        return false;
                    _slots = _before;
                    _before = null;
                    _at = Home(_slots, _fingerprint);
                    continue;
                }
                _at = (_at + 1) & (_slots.Length - 1);
                if ((uint)(slot >> 32) != _fingerprint)
                    continue;
                Handle = (int)((uint)slot - 1);
                return true;
            }
        }
    }
}
